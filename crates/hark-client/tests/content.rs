//! What others send, and what is found in it.

mod support;

use hark_client::model::{AttachmentKind, Content, ConversationId};
use serde_json::json;
use support::{Homeserver, words};

#[tokio::test]
async fn edits_and_redactions_change_the_row_and_the_search() {
    let server = Homeserver::start().await;
    let room = server.with(|world| world.group("Club", &["@alice:x", "@bob:x"]));
    let alice = server.person("alice").await;
    let (first, second) =
        server.with(|w| (w.say(&room, "@bob:x", "the wrod"), w.say(&room, "@bob:x", "secret plan")));
    alice.thread_where(&room, |t| words(t).len() == 2).await;
    server.with(|world| {
        world.event(
            &room,
            "@bob:x",
            "m.room.message",
            json!({"msgtype": "m.text", "body": "* the word",
            "m.new_content": {"msgtype": "m.text", "body": "the word"},
            "m.relates_to": {"rel_type": "m.replace", "event_id": first}}),
        );
        // Someone else may not edit it.
        world.event(
            &room,
            "@alice:x",
            "m.room.message",
            json!({"msgtype": "m.text", "body": "* mine",
            "m.new_content": {"msgtype": "m.text", "body": "mine"},
            "m.relates_to": {"rel_type": "m.replace", "event_id": first}}),
        );
        world.event(&room, "@bob:x", "m.room.redaction", json!({"redacts": second}));
    });
    let thread = alice
        .thread_where(&room, |t| t.iter().any(|m| m.content == Content::Redacted) && words(t) == ["the word"])
        .await;
    assert!(thread.iter().any(|m| m.edited));
    assert_eq!(alice.engine.search("word", 10).await.expect("found").len(), 1);
    assert!(alice.engine.search("wrod", 10).await.expect("found").is_empty());
    assert!(alice.engine.search("secret", 10).await.expect("found").is_empty());
}

#[tokio::test]
async fn search_finds_the_newest_first_by_every_word_and_the_beginning_of_the_last() {
    let server = Homeserver::start().await;
    let room = server.with(|world| {
        let room = world.group("Cooking", &["@alice:x", "@bob:x"]);
        for text in [
            "Crème brûlée recipe",
            "the recipe for bread",
            "creme fraiche",
            "bread and \"butter\" AND NOT jam*",
        ] {
            world.say(&room, "@bob:x", text);
        }
        room
    });
    let alice = server.person("alice").await;
    alice.thread_where(&room, |t| words(t).len() == 4).await;
    let search = async |words: &str| -> Vec<String> {
        let hits = alice.engine.search(words, 10).await.expect("never an error");
        hits.iter().map(|h| h.snippet.replace('\u{2}', "[").replace('\u{3}', "]")).collect()
    };
    assert_eq!(search("creme").await, ["[creme] fraiche", "[Crème] brûlée recipe"]);
    assert_eq!(search("recipe bre").await, ["the [recipe] for [bread]"]);
    assert_eq!(search("butter").await, ["bread and \"[butter]\" AND NOT jam*"]);
    for odd in ["\"", "AND", "a* OR", "(", "NEAR(", "-", "''", "^x", "body:", "\u{0}", "   "] {
        search(odd).await;
    }
}

#[tokio::test]
async fn what_this_version_cannot_show_has_a_fallback_and_lines_about_the_room_do_not_count() {
    let server = Homeserver::start().await;
    let room = server.with(|world| world.group("Mixed", &["@alice:x", "@bob:x"]));
    let alice = server.person("alice").await;
    server.with(|world| {
        world.event(
            &room,
            "@bob:x",
            "m.room.message",
            json!({"msgtype": "m.image", "body": "cat.png",
            "url": "mxc://x/9", "info": {"w": 640, "h": 480, "size": 1234, "mimetype": "image/png"}}),
        );
        world.event(&room, "@bob:x", "m.room.encrypted", json!({"algorithm": "m.megolm.v1.aes-sha2"}));
        world.event(&room, "@bob:x", "m.reaction", json!({"m.relates_to": {"rel_type": "m.annotation"}}));
        world.member(&room, "@carol:x", "@carol:x", json!({"membership": "join"}));
    });
    let thread = alice
        .thread_where(&room, |t| {
            t.iter().any(|m| matches!(&m.content, Content::System { .. }) && m.sender == "@carol:x")
        })
        .await;
    assert!(thread.iter().any(|m| matches!(
        &m.content,
        Content::Attachment {
            attachment: AttachmentKind::Image,
            width: Some(640),
            height: Some(480),
            size: Some(1234),
            ..
        }
    )));
    assert!(thread.iter().any(|m| matches!(&m.content, Content::Unsupported { .. })));
    let row = alice.engine.conversation(&ConversationId(room)).await.expect("read").expect("there");
    assert_eq!(row.unread, 2);
    assert!(matches!(row.last.expect("one").content, Content::Unsupported { .. }));
}

#[tokio::test]
async fn two_rooms_of_one_person_are_one_conversation_and_the_oldest_is_written_to() {
    let server = Homeserver::start().await;
    let rooms = server.with(|world| {
        let rooms: Vec<String> = (0..2)
            .map(|n| {
                let room = world.make_room("@bob:x", &["@alice:x"], true);
                world.member(&room, "@alice:x", "@alice:x", json!({"membership": "join"}));
                world.say(&room, "@bob:x", &format!("room {n}"));
                room
            })
            .collect();
        world.say(&rooms[0], "@bob:x", "room 0 again");
        world.set_account_data("@alice:x", "m.direct", json!({"@bob:x": [rooms[1], rooms[0]]}));
        rooms
    });
    let alice = server.person("alice").await;
    let thread = alice.thread_where("@bob:x", |t| words(t).len() == 3).await;
    assert_eq!(words(&thread), ["room 0", "room 1", "room 0 again"]);
    let row = &alice.engine.conversations("").await.expect("read")[..];
    assert_eq!(row.len(), 1);
    assert_eq!((row[0].name.as_str(), row[0].room_id.as_ref()), ("Bob", Some(&rooms[0])));
    let sent = alice.engine.send_text(&rooms[1], "hi").await.expect("queued");
    assert_eq!(alice.engine.wait_settled(sent.key).await.expect("sent").room_id, rooms[0]);
}

#[tokio::test]
async fn drafts_survive_a_restart() {
    let server = Homeserver::start().await;
    let room = server.with(|world| world.group("Notes", &["@alice:x"]));
    let mut alice = server.person("alice").await;
    let id = ConversationId(room);
    alice.engine.set_draft(&id, "half a thou").await.expect("kept");
    alice.restart().await;
    let row = alice.engine.conversation(&id).await.expect("read").expect("there");
    assert_eq!(row.draft.as_deref(), Some("half a thou"));
    alice.engine.set_draft(&id, "").await.expect("kept");
    assert_eq!(alice.engine.conversation(&id).await.expect("read").expect("there").draft, None);
}

#[tokio::test]
async fn people_are_found_here_and_on_the_server() {
    let server = Homeserver::start().await;
    server.with(|world| world.group("Club", &["@alice:x", "@carlos:x"]));
    let alice = server.person("alice").await;
    alice.until(|e| async move { e.conversations("").await.expect("read").into_iter().next() }).await;
    let found = alice.engine.search_people("car").await.expect("found");
    let ids: Vec<&str> = found.iter().map(|person| person.user_id.as_str()).collect();
    assert_eq!(ids, ["@carlos:x", "@carol:x"]);
}

#[tokio::test]
async fn signing_out_leaves_nothing_and_another_may_sign_in() {
    let server = Homeserver::start().await;
    let room = server.with(|world| {
        let room = world.group("Club", &["@alice:x", "@bob:x"]);
        world.say(&room, "@bob:x", "findable");
        room
    });
    let alice = server.person("alice").await;
    alice.thread_where(&room, |t| words(t) == ["findable"]).await;
    alice.engine.sign_out().await.expect("signed out");
    assert_eq!(alice.engine.account(), None);
    assert!(alice.engine.conversations("").await.expect("read").is_empty());
    assert!(alice.engine.search("findable", 5).await.expect("found").is_empty());
    alice
        .engine
        .sign_in(&server.url, "bob", "secret", hark_client::SignInMode::Login)
        .await
        .expect("signed in");
    alice.thread_where(&room, |t| words(t) == ["findable"] && t.iter().any(|m| m.mine)).await;
}

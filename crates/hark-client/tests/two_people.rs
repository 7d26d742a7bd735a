//! Two engines on one server: words, voice, receipts, typing, rooms.

mod support;

use hark_client::model::{Content, ConversationId, Membership, MessageState};
use hark_client::{Change, VoiceClip};
use serde_json::json;
use support::{Homeserver, Person, change, words};

async fn contacts(server: &Homeserver) -> (Person, Person) {
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let hello = alice.engine.send_text(&bob.id(), "hello").await.expect("queued");
    alice.engine.wait_settled(hello.key).await.expect("sent");
    bob.until(|engine| async move {
        let found = engine.conversation(&ConversationId("@alice:x".to_owned())).await.expect("read");
        found.filter(|c| c.membership == Membership::Invited)
    })
    .await;
    bob.engine.accept(&ConversationId(alice.id())).await.expect("accepted");
    bob.thread_where("@alice:x", |thread| words(thread) == ["hello"]).await;
    (alice, bob)
}

#[tokio::test]
async fn twenty_sends_in_both_directions_use_one_room_that_both_wrote_down() {
    let server = Homeserver::start().await;
    let (alice, bob) = contacts(&server).await;
    for n in 0..10 {
        alice.engine.send_text("@bob:x", &format!("a{n}")).await.expect("queued");
        bob.engine.send_text("@alice:x", &format!("b{n}")).await.expect("queued");
    }
    let settled = |thread: &[hark_client::model::Message]| {
        words(thread).len() == 21 && thread.iter().all(|m| !matches!(m.state, MessageState::Sending { .. }))
    };
    let seen_by_alice = alice.thread_where("@bob:x", settled).await;
    let seen_by_bob = bob.thread_where("@alice:x", settled).await;
    assert_eq!(words(&seen_by_alice), words(&seen_by_bob), "the order is the server's");
    assert!(seen_by_alice.is_sorted_by(|a, b| a.order < b.order));
    let rooms = server.with(|world| world.rooms());
    assert_eq!(rooms.len(), 1);
    for (me, other) in [("@alice:x", "@bob:x"), ("@bob:x", "@alice:x")] {
        let direct =
            server.with(|world| world.account_data[&(me.to_owned(), "m.direct".to_owned())].1.clone());
        assert_eq!(direct, json!({other: [rooms[0]]}));
    }
}

#[tokio::test]
async fn a_hit_costs_one_call_and_a_miss_makes_one_room() {
    let server = Homeserver::start().await;
    let (alice, _bob) = contacts(&server).await;
    assert_eq!(server.calls(&["POST", "createRoom"]), 1);
    assert_eq!(server.calls(&["m.direct", "alice"]), 2, "read, merge, write");
    server.forget_calls();
    let again = alice.engine.send_text("@bob:x", "again").await.expect("queued");
    alice.engine.wait_settled(again.key).await.expect("sent");
    let calls = server.with(|world| world.calls.clone());
    let own: Vec<&String> = calls.iter().filter(|c| c.contains("alice") && !c.contains("/sync")).collect();
    assert_eq!(own.len(), 1, "{calls:?}");
    assert!(own[0].contains("/send/m.room.message/"), "{own:?}");
}

#[tokio::test]
async fn a_message_keeps_its_key_from_sending_to_read() {
    let server = Homeserver::start().await;
    let (alice, bob) = contacts(&server).await;
    let mut changes = alice.engine.changes();
    let sent = alice.engine.send_text("@bob:x", "read me").await.expect("queued");
    assert!(matches!(sent.state, MessageState::Sending { .. }));
    let thread = bob.thread_where("@alice:x", |thread| words(thread).contains(&"read me")).await;
    let unread = bob.engine.conversation(&ConversationId(alice.id())).await.expect("read").expect("there");
    assert_eq!(unread.unread, 2);
    bob.engine.mark_read(&unread.id, thread.last().expect("one").key).await.expect("noted");
    let read = change(&mut changes, |change| match change {
        Change::Message { message, .. } if message.key == sent.key && message.state == MessageState::Read => {
            Some(message.clone())
        }
        _ => None,
    })
    .await;
    assert_eq!(read.txn_id, sent.txn_id);
    let conversation = bob.engine.conversation(&unread.id).await.expect("read").expect("there");
    assert_eq!(conversation.unread, 0);
    assert_eq!(words(&alice.thread("@bob:x").await), ["hello", "read me"]);
}

#[tokio::test]
async fn a_voice_message_arrives_with_its_length_and_bars() {
    let server = Homeserver::start().await;
    let (alice, bob) = contacts(&server).await;
    let clip = VoiceClip { ogg: b"OggS pretend".to_vec(), duration_ms: 1_234, waveform: vec![0, 500, 1024] };
    let sent = alice.engine.send_voice("@bob:x", clip.clone()).await.expect("queued");
    alice.engine.wait_settled(sent.key).await.expect("sent");
    let thread =
        bob.thread_where("@alice:x", |t| t.iter().any(|m| matches!(m.content, Content::Voice { .. }))).await;
    let message = thread.last().expect("one");
    let Content::Voice { source, duration_ms, waveform, played } = &message.content else {
        panic!("{message:?}")
    };
    assert_eq!((*duration_ms, waveform, *played), (1_234, &clip.waveform, false));
    assert_eq!(bob.engine.media(source, hark_client::MediaKind::Voice).await.expect("fetched"), clip.ogg);
    assert_eq!(bob.engine.media(source, hark_client::MediaKind::Voice).await.expect("cached"), clip.ogg);
    assert_eq!(server.calls(&["media/download", "bob"]), 1);
    assert_eq!(alice.engine.media(source, hark_client::MediaKind::Voice).await.expect("own"), clip.ogg);
    assert_eq!(server.calls(&["media/download", "alice"]), 0);
    bob.engine.mark_played(message.key).await.expect("noted");
    let heard = bob.engine.message(message.key).await.expect("read").expect("there");
    assert!(matches!(heard.content, Content::Voice { played: true, .. }));
}

#[tokio::test]
async fn a_recording_handed_over_twice_is_one_message_also_after_it_was_sent() {
    let server = Homeserver::start().await;
    let (alice, bob) = contacts(&server).await;
    let clip = VoiceClip { ogg: b"OggS pretend".to_vec(), duration_ms: 1_234, waveform: vec![0, 500, 1024] };
    let to = ConversationId(bob.id());
    let first = alice.engine.send_voice_as(&to, clip.clone(), "hark-once").await.expect("queued");
    let again = alice.engine.send_voice_as(&to, clip.clone(), "hark-once").await.expect("known");
    assert_eq!(again.key, first.key);
    let sent = alice.engine.wait_settled(first.key).await.expect("sent");
    let late = alice.engine.send_voice_as(&to, clip, "hark-once").await.expect("known");
    assert_eq!((late.key, late.event_id), (first.key, sent.event_id));
    let known = alice.engine.message_of_transaction("hark-once").await.expect("read");
    assert_eq!(known.map(|message| message.key), Some(first.key));
    assert_eq!(alice.engine.message_of_transaction("hark-other").await.expect("read"), None);
    let after = alice.engine.send_text("@bob:x", "after").await.expect("queued");
    alice.engine.wait_settled(after.key).await.expect("sent");
    let thread = bob.thread_where("@alice:x", |thread| words(thread).contains(&"after")).await;
    let voices = thread.iter().filter(|message| matches!(message.content, Content::Voice { .. }));
    assert_eq!(voices.count(), 1);
}

/// Alice has said three things; Bob has their keys.
async fn three_voices(alice: &Person, bob: &Person) -> (Vec<i64>, Vec<i64>) {
    let mut sent = Vec::new();
    for _ in 0..3 {
        let clip = VoiceClip { ogg: b"OggS pretend".to_vec(), duration_ms: 1_000, waveform: Vec::new() };
        let message = alice.engine.send_voice("@bob:x", clip).await.expect("queued");
        alice.engine.wait_settled(message.key).await.expect("sent");
        sent.push(message.key);
    }
    let voice = |message: &&hark_client::model::Message| matches!(message.content, Content::Voice { .. });
    let thread = bob.thread_where("@alice:x", |thread| thread.iter().filter(voice).count() == 3).await;
    (sent, thread.iter().filter(voice).map(|message| message.key).collect())
}

async fn becomes(person: &Person, key: i64, state: MessageState) {
    person
        .until(|engine| {
            let state = state.clone();
            async move { engine.message(key).await.expect("read").filter(|message| message.state == state) }
        })
        .await;
}

#[tokio::test]
async fn a_voice_message_that_was_heard_is_told_though_the_line_was_down_and_hark_restarted() {
    let server = Homeserver::start().await;
    server.with(|world| world.takes_played = true);
    let (alice, mut bob) = contacts(&server).await;
    let (sent, keys) = three_voices(&alice, &bob).await;
    server.fault("app.hark.played", support::Fault::Html(502));
    bob.engine.mark_played(keys[1]).await.expect("noted");
    let tried = async {
        while server.calls(&["receipt/app.hark.played"]) == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), tried).await.expect("it is tried");
    bob.restart().await;
    becomes(&alice, sent[1], MessageState::Played).await;
    bob.engine.mark_read(&ConversationId(alice.id()), keys[2]).await.expect("noted");
    becomes(&alice, sent[2], MessageState::Read).await;
    becomes(&alice, sent[0], MessageState::Read).await;
    becomes(&alice, sent[1], MessageState::Played).await;
}

#[tokio::test]
async fn a_server_that_knows_no_played_receipts_gets_none() {
    let server = Homeserver::start().await;
    let (alice, bob) = contacts(&server).await;
    let (sent, keys) = three_voices(&alice, &bob).await;
    let id = ConversationId(alice.id());
    bob.engine.mark_played(keys[0]).await.expect("noted");
    // Receipts go out together; the second round begins after all of the first.
    for (key, seen) in [(keys[1], sent[1]), (keys[2], sent[2])] {
        bob.engine.mark_read(&id, key).await.expect("noted");
        becomes(&alice, seen, MessageState::Read).await;
    }
    assert_eq!(server.calls(&["app.hark.played"]), 0);
}

#[tokio::test]
async fn muting_a_room_elsewhere_shows_in_the_inbox_and_ends_its_alerts() {
    let server = Homeserver::start().await;
    let (alice, bob) = contacts(&server).await;
    let room = server.with(|world| world.rooms()).remove(0);
    let mut changes = bob.engine.changes();
    let rule =
        |actions| json!({"global": {"room": [{"rule_id": room, "actions": actions, "enabled": true}]}});
    server.with(|world| world.set_account_data("@bob:x", "m.push_rules", rule(json!([]))));
    let muted = |muted| {
        move |change: &Change| match change {
            Change::Conversation(line) if line.muted == muted => Some(()),
            _ => None,
        }
    };
    change(&mut changes, muted(true)).await;
    let silent = alice.engine.send_text("@bob:x", "in silence").await.expect("queued");
    // On the server before the next, so that it reaches him before the next and while the room is muted.
    alice.engine.wait_settled(silent.key).await.expect("sent");
    let content = json!({"msgtype": "m.text", "body": "to bob", "m.mentions": {"user_ids": ["@bob:x"]}});
    server.with(|world| world.event(&room, "@alice:x", "m.room.message", content));
    let alert = |change: &Change| match change {
        Change::Alert(message) => Some(message.content.clone()),
        _ => None,
    };
    assert_eq!(
        change(&mut changes, alert).await,
        Content::Text { body: "to bob".to_owned() },
        "it names him"
    );
    server.with(|world| world.set_account_data("@bob:x", "m.push_rules", rule(json!(["notify"]))));
    change(&mut changes, muted(false)).await;
    alice.engine.send_text("@bob:x", "aloud").await.expect("queued");
    assert_eq!(change(&mut changes, alert).await, Content::Text { body: "aloud".to_owned() });
}

#[tokio::test]
async fn typing_is_seen_and_ends() {
    let server = Homeserver::start().await;
    let (alice, bob) = contacts(&server).await;
    let id = ConversationId("@bob:x".to_owned());
    bob.engine.set_typing(&ConversationId(alice.id()), true).await.expect("told");
    alice
        .until(|engine| {
            let id = id.clone();
            async move { engine.conversation(&id).await.expect("read").filter(|c| c.typing == ["Bob"]) }
        })
        .await;
    bob.engine.set_typing(&ConversationId(alice.id()), false).await.expect("told");
    alice
        .until(|engine| {
            let id = id.clone();
            async move { engine.conversation(&id).await.expect("read").filter(|c| c.typing.is_empty()) }
        })
        .await;
    assert_eq!(server.calls(&["/typing/", "bob"]), 2);
}

#[tokio::test]
async fn both_make_a_room_at_once_and_end_in_one_conversation_with_every_message() {
    let server = Homeserver::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let (a, b) =
        tokio::join!(alice.engine.send_text("@bob:x", "from a"), bob.engine.send_text("@alice:x", "from b"));
    let (a, b) = (a.expect("queued"), b.expect("queued"));
    alice.engine.wait_settled(a.key).await.expect("sent");
    bob.engine.wait_settled(b.key).await.expect("sent");
    let both = |thread: &[hark_client::model::Message]| words(thread).len() == 2;
    alice.thread_where("@bob:x", both).await;
    bob.thread_where("@alice:x", both).await;
    let room = |person: &Person, with: &'static str| {
        let engine = person.engine.clone();
        async move {
            let id = ConversationId(with.to_owned());
            engine.conversation(&id).await.expect("read").expect("there").room_id
        }
    };
    assert_eq!(room(&alice, "@bob:x").await, room(&bob, "@alice:x").await, "the same primary");
    assert_eq!(alice.engine.conversations("").await.expect("read").len(), 1);
    assert_eq!(bob.engine.conversations("").await.expect("read").len(), 1);
}

#[tokio::test]
async fn a_strangers_invitation_is_a_request_and_declining_removes_it() {
    let server = Homeserver::start().await;
    let bob = server.person("bob").await;
    let mut changes = bob.engine.changes();
    server.with(|world| world.make_room("@eve:x", &["@bob:x"], true));
    let conversation = change(&mut changes, |change| match change {
        Change::Invite { conversation, sender, .. } if sender == "@eve:x" => Some(conversation.clone()),
        _ => None,
    })
    .await;
    let row = bob.engine.conversation(&conversation).await.expect("read").expect("there");
    assert_eq!((row.membership, row.id.0.as_str()), (Membership::Invited, "@eve:x"));
    bob.engine.leave(&conversation).await.expect("declined");
    assert!(bob.engine.conversations("").await.expect("read").is_empty());
}

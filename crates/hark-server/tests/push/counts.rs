//! Unread counts, of rooms and of threads.

use serde_json::{Value, json};

use crate::support::{House, Person, token, unique};

/// A filter that asks for the counts of threads.
const BY_THREAD: &str = r#"{"room":{"timeline":{"unread_thread_notifications":true}}}"#;

async fn send(person: &Person, room: &str, kind: &str, content: Value) -> String {
    let sent = person.put(&format!("rooms/{room}/send/{kind}/{}", unique()), content).await;
    sent.ok()["event_id"].as_str().unwrap().to_owned()
}

/// A text that relates to another event, and mentions people.
async fn relating(
    person: &Person,
    room: &str,
    (rel_type, target): (&str, &str),
    mentioned: &[&str],
) -> String {
    let content = json!({
        "msgtype": "m.text", "body": "x", "m.relates_to": { "rel_type": rel_type, "event_id": target },
        "m.mentions": { "user_ids": mentioned },
    });
    send(person, room, "m.room.message", content).await
}

async fn read(person: &Person, room: &str, event: &str, body: Value) {
    person.post(&format!("rooms/{room}/receipt/m.read/{event}"), body).await.ok();
}

fn pair(counts: &Value) -> (i64, i64) {
    (counts["notification_count"].as_i64().unwrap(), counts["highlight_count"].as_i64().unwrap())
}

/// Notifications and highlights of a room in one answer of /sync, and of one thread if it is told apart.
fn told(sync: &Value, room: &str, root: &str) -> ((i64, i64), Option<(i64, i64)>) {
    let shown = &sync["rooms"]["join"][room];
    let threads = &shown["unread_thread_notifications"];
    let thread = threads.get(root).map(pair);
    assert_eq!(threads.is_object(), thread.is_some(), "threads without counts are left out: {threads}");
    (pair(&shown["unread_notifications"]), thread)
}

async fn merged(person: &Person, room: &str) -> (i64, i64) {
    pair(&person.sync("").await["rooms"]["join"][room]["unread_notifications"])
}

struct Pair {
    house: House,
    ann: Person,
    bob: Person,
    room: String,
}

/// Two people in a room where nothing is unread.
async fn pair_in_room() -> Pair {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = ann.create_room(json!({ "preset": "public_chat" })).await;
    ann.say(&room, "before bob came").await;
    bob.join(&room).await.ok();
    Pair { house, ann, bob, room }
}

/// Messages in a thread and beside it count apart for those who ask for it; a receipt for a thread reads that thread alone, one for
/// the main timeline that alone, and one for neither both, up to its event (spec: "Threaded read receipts", "Unread thread
/// notifications"; MSC3771, MSC3773). Every receipt is answered with the counts.
#[tokio::test]
async fn receipts_read_the_timeline_they_name() {
    let Pair { house: _house, ann, bob, room } = pair_in_room().await;
    let start = bob.sync("").await;
    let root = ann.say(&room, "root").await;
    let thread = ("m.thread", root.as_str());
    let first = relating(&ann, &room, thread, &[]).await;
    relating(&ann, &room, thread, &[&bob.id]).await;
    let content = json!({ "msgtype": "m.text", "body": "x", "m.mentions": { "user_ids": [bob.id] } });
    let beside = send(&ann, &room, "m.room.message", content).await;
    relating(&ann, &room, thread, &[]).await;
    let reference = relating(&ann, &room, ("m.reference", &root), &[]).await;
    let key = json!({ "rel_type": "m.annotation", "event_id": reference, "key": "test" });
    let reaction = send(&ann, &room, "m.reaction", json!({ "m.relates_to": key })).await;

    let since = token(&start).to_owned();
    let check = async |main: (i64, i64), thread: Option<(i64, i64)>| {
        let apart = bob.sync(&format!("timeout=0&since={since}&filter={BY_THREAD}")).await;
        assert_eq!(told(&apart, &room, &root), (main, thread));
        let together = bob.sync(&format!("timeout=0&since={since}")).await;
        let (thread_notifications, thread_highlights) = thread.unwrap_or_default();
        let sum = (main.0 + thread_notifications, main.1 + thread_highlights);
        assert_eq!(told(&together, &room, &root), (sum, None));
    };
    check((3, 1), Some((3, 1))).await;
    read(&bob, &room, &root, json!({ "thread_id": "main" })).await;
    check((2, 1), Some((3, 1))).await;
    let before = bob.sync("").await;
    read(&bob, &room, &first, json!({ "thread_id": root })).await;
    check((2, 1), Some((2, 1))).await;
    let after = bob.sync(&format!("timeout=0&since={}&filter={BY_THREAD}", token(&before))).await;
    assert_eq!(
        told(&after, &room, &root),
        ((2, 1), Some((2, 1))),
        "a receipt for a thread brings all counts"
    );
    read(&bob, &room, &beside, json!({})).await;
    check((1, 0), Some((1, 0))).await;
    read(&bob, &room, &reaction, json!({ "thread_id": root })).await;
    check((1, 0), None).await;
    bob.say(&room, "all read").await;
    check((0, 0), None).await;
}

/// Who writes into a thread has read that thread, and who writes beside it has read what is beside it.
#[tokio::test]
async fn one_has_read_the_timeline_one_writes_into() {
    let Pair { house: _house, ann, bob, room } = pair_in_room().await;
    let root = ann.say(&room, "root").await;
    relating(&ann, &room, ("m.thread", &root), &[]).await;
    let apart = async || told(&bob.sync(&format!("filter={BY_THREAD}")).await, &room, &root);
    assert_eq!(apart().await, ((1, 0), Some((1, 0))));
    relating(&bob, &room, ("m.thread", &root), &[]).await;
    assert_eq!(apart().await, ((1, 0), None));
    let reply = relating(&ann, &room, ("m.thread", &root), &[]).await;
    bob.say(&room, "beside").await;
    assert_eq!(apart().await, ((0, 0), Some((1, 0))));
    let key = json!({ "rel_type": "m.annotation", "event_id": reply, "key": "👍" });
    send(&bob, &room, "m.reaction", json!({ "m.relates_to": key })).await;
    assert_eq!(apart().await, ((0, 0), None), "a reaction is said in the thread of its message");
}

/// The name of the filter's flag and of the counts before MSC3773 was accepted.
#[tokio::test]
async fn counts_of_threads_are_told_under_the_name_they_are_asked_by() {
    let Pair { house: _house, ann, bob, room } = pair_in_room().await;
    let root = ann.say(&room, "root").await;
    relating(&ann, &room, ("m.thread", &root), &[]).await;
    let name = "org.matrix.msc3773.unread_thread_notifications";
    let filter = json!({ "room": { "timeline": { name: true } } });
    let id = bob.post(&format!("user/{}/filter", bob.id), filter.clone()).await.ok();
    for filter in [filter.to_string(), id["filter_id"].as_str().unwrap().to_owned()] {
        let shown = bob.sync(&format!("filter={filter}")).await["rooms"]["join"][&room].clone();
        assert_eq!(pair(&shown["unread_notifications"]), (1, 0));
        assert_eq!(pair(&shown[name][&root]), (1, 0));
        assert!(shown.get("unread_thread_notifications").is_none());
    }
    let odd = r#"{"room":{"timeline":{"unread_thread_notifications":"true"}}}"#;
    assert_eq!(bob.get(&format!("sync?filter={odd}")).await.refusal(), (400, "M_BAD_JSON"));
}

/// The default rules in their order: notices are silent even where they mention somebody; an edit or a reaction is silent for
/// everybody but those it mentions (spec: "Default rules").
#[tokio::test]
async fn mentions_count_in_edits_and_reactions_but_not_in_notices() {
    let Pair { house, ann, bob, room } = pair_in_room().await;
    let cid = house.person("cid").await;
    cid.join(&room).await.ok();
    let text = ann.say(&room, "text").await;
    read(&bob, &room, &text, json!({})).await;
    read(&cid, &room, &text, json!({})).await;
    let mentions = json!({ "user_ids": [bob.id] });

    let notice = json!({ "msgtype": "m.notice", "body": "x", "m.mentions": mentions });
    send(&ann, &room, "m.room.message", notice).await;
    let room_notice = json!({ "msgtype": "m.notice", "body": "x", "m.mentions": { "room": true } });
    send(&ann, &room, "m.room.message", room_notice).await;
    assert_eq!(merged(&bob, &room).await, (0, 0));
    relating(&ann, &room, ("m.replace", &text), &[&bob.id]).await;
    assert_eq!((merged(&bob, &room).await, merged(&cid, &room).await), ((1, 1), (0, 0)));
    let reaction = json!({
        "m.relates_to": { "rel_type": "m.annotation", "event_id": text, "key": "!" }, "m.mentions": mentions,
    });
    send(&ann, &room, "m.reaction", reaction).await;
    assert_eq!((merged(&bob, &room).await, merged(&cid, &room).await), ((2, 2), (0, 0)));
    relating(&ann, &room, ("m.replace", &text), &[]).await;
    assert_eq!((merged(&bob, &room).await, merged(&cid, &room).await), ((2, 2), (0, 0)));
    // Nobody may call the whole room who has not the power to.
    let call = json!({ "msgtype": "m.text", "body": "x", "m.mentions": { "room": true } });
    send(&cid, &room, "m.room.message", call.clone()).await;
    assert_eq!(merged(&bob, &room).await, (3, 2));
    send(&ann, &room, "m.room.message", call).await;
    assert_eq!((merged(&bob, &room).await, merged(&cid, &room).await), ((4, 3), (1, 1)));
}

/// What was removed unread waits no more, and clients that were told of it are told so.
#[tokio::test]
async fn a_redacted_message_does_not_count() {
    let Pair { house: _house, ann, bob, room } = pair_in_room().await;
    let root = ann.say(&room, "root").await;
    let reply = relating(&ann, &room, ("m.thread", &root), &[&bob.id]).await;
    let plain = ann.say(&room, "plain").await;
    let hidden = r#"{"room":{"timeline":{"types":["m.room.name"],"unread_thread_notifications":true}}}"#;
    let seen = bob.sync(&format!("filter={hidden}")).await;
    assert_eq!(told(&seen, &room, &root), ((2, 0), Some((1, 1))));
    ann.redact(&room, &reply).await.ok();
    ann.redact(&room, &plain).await.ok();
    let since = token(&seen);
    let then = bob.sync(&format!("timeout=0&since={since}&filter={hidden}")).await;
    assert_eq!(told(&then, &room, &root), ((1, 0), None));
    assert_eq!(then["rooms"]["join"][&room]["timeline"]["events"], json!([]));
    // Redacted once more it is taken off once.
    ann.redact(&room, &plain).await.ok();
    assert_eq!(merged(&bob, &room).await, (1, 0));
}

/// Nobody is told that somebody they ignore said something; when they stop ignoring them, it counts again.
#[tokio::test]
async fn messages_of_ignored_people_do_not_count() {
    let Pair { house, ann, bob, room } = pair_in_room().await;
    let cid = house.person("cid").await;
    cid.join(&room).await.ok();
    let root = ann.say(&room, "root").await;
    cid.say(&room, "nonsense").await;
    relating(&cid, &room, ("m.thread", &root), &[&bob.id]).await;
    assert_eq!(merged(&bob, &room).await, (3, 1));
    let ignore = async |users: Value| {
        let path = format!("user/{}/account_data/m.ignored_user_list", bob.id);
        bob.put(&path, json!({ "ignored_users": users })).await.ok();
    };
    let before = bob.sync("").await;
    ignore(json!({ (cid.id.as_str()): {} })).await;
    let then = bob.sync_since(&before).await;
    assert_eq!(told(&then, &room, &root), ((1, 0), None), "a change of the list brings counts");
    cid.say(&room, "more").await;
    let quiet = bob.sync_since(&then).await;
    assert!(quiet["rooms"]["join"].get(&room).is_none(), "{quiet}");
    ignore(json!({})).await;
    assert_eq!(merged(&bob, &room).await, (4, 1));
}

/// A client that filters messages away shows their number all the same.
#[tokio::test]
async fn a_message_that_a_filter_drops_brings_its_count() {
    let Pair { house: _house, ann, bob, room } = pair_in_room().await;
    let filter = r#"{"room":{"timeline":{"types":["m.room.name"]},"ephemeral":{"types":[]}}}"#;
    let start = bob.sync(&format!("filter={filter}")).await;
    ann.say(&room, "dropped").await;
    let next = bob.sync(&format!("timeout=30000&since={}&filter={filter}", token(&start))).await;
    let shown = &next["rooms"]["join"][&room];
    assert_eq!(
        (shown["timeline"]["events"].clone(), pair(&shown["unread_notifications"])),
        (json!([]), (1, 0))
    );
    // What does not change the counts does not bring the room.
    send(&ann, &room, "org.example.odd", json!({})).await;
    let quiet = bob.sync(&format!("timeout=0&since={}&filter={filter}", token(&next))).await;
    assert!(quiet["rooms"]["join"].get(&room).is_none(), "{quiet}");
    bob.say(&room, "read").await;
    let read = bob.sync(&format!("timeout=0&since={}&filter={filter}", token(&quiet))).await;
    assert_eq!(pair(&read["rooms"]["join"][&room]["unread_notifications"]), (0, 0));
}

/// Of a room one comes back to, only what was said since waits.
#[tokio::test]
async fn whoever_comes_back_starts_with_nothing_unread() {
    let Pair { house: _house, ann, bob, room } = pair_in_room().await;
    let root = ann.say(&room, "root").await;
    bob.leave(&room).await.ok();
    ann.say(&room, "missed").await;
    relating(&ann, &room, ("m.thread", &root), &[]).await;
    bob.join(&room).await.ok();
    assert_eq!(merged(&bob, &room).await, (0, 0));
    relating(&ann, &room, ("m.thread", &root), &[]).await;
    let apart = bob.sync(&format!("filter={BY_THREAD}")).await;
    assert_eq!(told(&apart, &room, &root), ((0, 0), Some((1, 0))));
}

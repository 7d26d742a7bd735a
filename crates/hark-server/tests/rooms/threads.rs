//! Threads: their list, and what their roots say of them.

use serde_json::{Value, json};

use crate::support::{House, Person, unique};

async fn reply(person: &Person, room: &str, root: &str, body: &str) -> String {
    let relation = json!({ "rel_type": "m.thread", "event_id": root });
    let content = json!({ "msgtype": "m.text", "body": body, "m.relates_to": relation });
    let sent = person.put(&format!("rooms/{room}/send/m.room.message/{}", unique()), content).await;
    sent.ok()["event_id"].as_str().unwrap().to_owned()
}

async fn threads(person: &Person, room: &str, query: &str) -> Value {
    person.get(&format!("../v1/rooms/{room}/threads{query}")).await.ok()
}

/// Root and newest message of each thread.
fn heads(list: &Value) -> Vec<(&str, &str)> {
    let chunk = list["chunk"].as_array().unwrap().iter();
    chunk
        .map(|root| {
            let latest = &root["unsigned"]["m.relations"]["m.thread"]["latest_event"]["event_id"];
            (root["event_id"].as_str().unwrap(), latest.as_str().unwrap())
        })
        .collect()
}

/// `GET …/threads`: the thread with the newest message first, whichever began first.
#[tokio::test]
async fn the_thread_with_the_newest_message_comes_first() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let room = ann.create_room(json!({})).await;
    assert_eq!(threads(&ann, &room, "").await, json!({ "chunk": [] }));
    let (one, two) = (ann.say(&room, "one").await, ann.say(&room, "two").await);
    let first = reply(&ann, &room, &one, "1").await;
    let second = reply(&ann, &room, &two, "2").await;
    assert_eq!(heads(&threads(&ann, &room, "").await), [(&*two, &*second), (&*one, &*first)]);
    let third = reply(&ann, &room, &one, "3").await;
    assert_eq!(heads(&threads(&ann, &room, "").await), [(&*one, &*third), (&*two, &*second)]);
    let old = ann.get(&format!("../unstable/org.matrix.msc3856/rooms/{room}/threads")).await.ok();
    assert_eq!(heads(&old).len(), 2);
}

#[tokio::test]
async fn threads_come_in_pages_each_thread_once() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let room = ann.create_room(json!({})).await;
    let mut roots = Vec::new();
    for n in 0..5 {
        roots.push(ann.say(&room, &n.to_string()).await);
    }
    for _ in 0..3 {
        for root in &roots {
            reply(&ann, &room, root, "x").await;
        }
    }
    let (mut seen, mut query) = (Vec::new(), "?limit=2".to_owned());
    loop {
        let page = threads(&ann, &room, &query).await;
        seen.extend(heads(&page).into_iter().map(|(root, _)| root.to_owned()));
        let Some(next) = page["next_batch"].as_str() else { break };
        query = format!("?limit=2&from={next}");
    }
    roots.reverse();
    assert_eq!(seen, roots);
}

/// `current_user_participated` and `include=participated`: by the root or by a message.
#[tokio::test]
async fn participation_is_by_the_root_or_by_a_message() {
    let house = House::open().await;
    let (ann, bob, cat) = (house.person("ann").await, house.person("bob").await, house.person("cat").await);
    let room = ann.create_room(json!({ "preset": "public_chat" })).await;
    bob.join(&room).await.ok();
    cat.join(&room).await.ok();
    let root = ann.say(&room, "root").await;
    reply(&bob, &room, &root, "1").await;
    reply(&bob, &room, &root, "2").await;
    for (person, took_part) in [(&ann, true), (&bob, true), (&cat, false)] {
        let all = threads(person, &room, "").await;
        let thread = &all["chunk"][0]["unsigned"]["m.relations"]["m.thread"];
        assert_eq!(thread["current_user_participated"], took_part);
        assert_eq!(thread["count"], 2);
        let mine = threads(person, &room, "?include=participated").await;
        assert_eq!(heads(&mine).len(), usize::from(took_part));
    }
    let refused = ann.get(&format!("../v1/rooms/{room}/threads?include=some")).await;
    assert_eq!(refused.refusal(), (400, "M_INVALID_PARAM"));
}

/// The newest message of a thread carries its own edit; those of ignored people count for nothing.
#[tokio::test]
async fn a_root_shows_its_newest_message_as_it_reads_now() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = ann.create_room(json!({ "preset": "public_chat" })).await;
    bob.join(&room).await.ok();
    let root = ann.say(&room, "root").await;
    let mine = reply(&ann, &room, &root, "mine").await;
    let change = json!({ "msgtype": "m.text", "body": "* better", "m.new_content": { "msgtype": "m.text", "body": "better" },
        "m.relates_to": { "rel_type": "m.replace", "event_id": mine } });
    ann.put(&format!("rooms/{room}/send/m.room.message/e"), change).await.ok();
    let theirs = reply(&bob, &room, &root, "theirs").await;
    let thread = |list: Value| list["chunk"][0]["unsigned"]["m.relations"]["m.thread"].clone();
    assert_eq!(thread(threads(&ann, &room, "").await)["latest_event"]["event_id"], theirs.as_str());
    let ignored = json!({ "ignored_users": { bob.id.as_str(): {} } });
    ann.put(&format!("user/{}/account_data/m.ignored_user_list", ann.id), ignored).await.ok();
    let shown = thread(threads(&ann, &room, "").await);
    assert_eq!((&shown["count"], &shown["latest_event"]["event_id"]), (&json!(1), &json!(mine)));
    let edit = &shown["latest_event"]["unsigned"]["m.relations"]["m.replace"];
    assert_eq!(edit["content"]["m.new_content"]["body"], "better");
}

#[tokio::test]
async fn a_thread_cannot_start_at_an_event_that_itself_relates() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let room = ann.create_room(json!({})).await;
    let root = ann.say(&room, "root").await;
    let inside = reply(&ann, &room, &root, "x").await;
    let content = json!({ "body": "y", "m.relates_to": { "rel_type": "m.thread", "event_id": inside } });
    let refused = ann.put(&format!("rooms/{room}/send/m.room.message/y"), content).await;
    assert_eq!(refused.refusal(), (400, "M_UNKNOWN"));
}

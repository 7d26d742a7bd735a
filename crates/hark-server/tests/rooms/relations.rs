//! What relates to an event: listed, and bundled into it.

use serde_json::{Value, json};

use crate::support::{Answer, House, Person, token, unique};

/// Sends an event and returns its id.
async fn send(person: &Person, room: &str, kind: &str, content: Value) -> String {
    try_send(person, room, kind, content).await.ok()["event_id"].as_str().unwrap().to_owned()
}

async fn try_send(person: &Person, room: &str, kind: &str, content: Value) -> Answer {
    person.put(&format!("rooms/{room}/send/{kind}/{}", unique()), content).await
}

fn related(rel_type: &str, parent: &str, body: &str) -> Value {
    json!({ "msgtype": "m.text", "body": body, "m.relates_to": { "rel_type": rel_type, "event_id": parent } })
}

fn edit(parent: &str, body: &str) -> Value {
    let mut content = related("m.replace", parent, &format!("* {body}"));
    content["m.new_content"] = json!({ "msgtype": "m.text", "body": body });
    content
}

fn ids(events: &Value) -> Vec<&str> {
    events.as_array().unwrap().iter().map(|event| event["event_id"].as_str().unwrap()).collect()
}

async fn list(person: &Person, room: &str, path: &str) -> Value {
    person.get(&format!("../v1/rooms/{room}/relations/{path}")).await.ok()
}

async fn bundle(person: &Person, room: &str, event: &str) -> Value {
    let read = person.get(&format!("rooms/{room}/event/{event}")).await.ok();
    read["unsigned"]["m.relations"].clone()
}

/// `GET …/relations`: all, of one relation type, of one relation type and one event type.
#[tokio::test]
async fn relations_are_listed_by_relation_type_and_event_type() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let room = ann.create_room(json!({})).await;
    let root = ann.say(&room, "root").await;
    let reply = send(&ann, &room, "m.room.message", related("m.thread", &root, "reply")).await;
    let dummy = send(&ann, &room, "m.dummy", related("m.thread", &root, "x")).await;
    let edited = send(&ann, &room, "m.room.message", edit(&root, "edited")).await;
    assert_eq!(ids(&list(&ann, &room, &root).await["chunk"]), [&*edited, &*dummy, &*reply]);
    assert_eq!(ids(&list(&ann, &room, &format!("{root}/m.thread")).await["chunk"]), [&*dummy, &*reply]);
    let typed = list(&ann, &room, &format!("{root}/m.thread/m.room.message")).await;
    assert_eq!(ids(&typed["chunk"]), [&*reply]);
    assert_eq!(typed["chunk"][0]["room_id"], room.as_str());
    assert_eq!(typed.get("next_batch"), None);
    let old = ann.get(&format!("../unstable/rooms/{room}/relations/{root}/m.thread")).await.ok();
    assert_eq!(ids(&old["chunk"]), [&*dummy, &*reply]);
    let unknown = ann.get(&format!("../v1/rooms/{room}/relations/$nothing")).await;
    assert_eq!(unknown.refusal(), (404, "M_NOT_FOUND"));
}

/// Pages of relations in both directions; the last one has no `next_batch`; a /sync token is a place to start from.
#[tokio::test]
async fn relations_come_in_pages_and_from_a_sync_token() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let room = ann.create_room(json!({})).await;
    let root = ann.say(&room, "root").await;
    let (mut all, mut synced) = (Vec::new(), None);
    for n in 0..10 {
        if n == 5 {
            synced = Some(ann.sync("").await);
        }
        all.push(send(&ann, &room, "m.room.message", related("m.thread", &root, &n.to_string())).await);
    }
    for (dir, expected) in [("b", all.iter().rev().collect::<Vec<_>>()), ("f", all.iter().collect())] {
        let mut query = format!("{root}?dir={dir}&limit=3");
        let mut seen: Vec<String> = Vec::new();
        loop {
            let page = list(&ann, &room, &query).await;
            seen.extend(ids(&page["chunk"]).into_iter().map(ToOwned::to_owned));
            let Some(next) = page["next_batch"].as_str() else { break };
            query = format!("{root}?dir={dir}&limit=3&from={next}");
        }
        assert_eq!(seen.iter().collect::<Vec<_>>(), expected, "{dir}");
    }
    let synced = synced.unwrap();
    let from = token(&synced);
    let later = list(&ann, &room, &format!("{root}?dir=f&from={from}&limit=3")).await;
    assert_eq!(ids(&later["chunk"]), all[5..8]);
    let earlier = list(&ann, &room, &format!("{root}?to={from}&limit=100")).await;
    assert_eq!(ids(&earlier["chunk"]).len(), 5);
    let refused = ann.get(&format!("../v1/rooms/{room}/relations/{root}?from=nonsense")).await;
    assert_eq!(refused.refusal(), (400, "M_INVALID_PARAM"));
}

/// `recurse`: three steps deep and not four, filters applied to what was found.
#[tokio::test]
async fn a_recursive_listing_goes_three_steps_deep() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let room = ann.create_room(json!({})).await;
    let root = ann.say(&room, "root").await;
    let mut chain = vec![root.clone()];
    for n in 0..4 {
        let parent = chain[n].clone();
        chain.push(send(&ann, &room, "m.room.message", related("m.reference", &parent, "x")).await);
    }
    let deep = list(&ann, &room, &format!("{root}?recurse=true&dir=f")).await;
    assert_eq!(ids(&deep["chunk"]), chain[1..4]);
    assert_eq!(deep["recursion_depth"], 3);
    let flat = list(&ann, &room, &root).await;
    assert_eq!((ids(&flat["chunk"]), flat.get("recursion_depth")), (vec![&*chain[1]], None));
}

/// The bundle of an event is the same wherever the event is given out.
#[tokio::test]
async fn the_newest_edit_is_bundled_everywhere() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let room = ann.create_room(json!({})).await;
    let root = ann.say(&room, "one").await;
    send(&ann, &room, "m.room.message", edit(&root, "two")).await;
    let newest = send(&ann, &room, "m.room.message", edit(&root, "three")).await;
    send(&ann, &room, "m.room.message", related("m.replace", &root, "without new content")).await;
    send(&ann, &room, "m.other", edit(&root, "another type")).await;
    let shown = bundle(&ann, &room, &root).await;
    assert_eq!(shown["m.replace"]["event_id"], newest.as_str());
    assert_eq!(shown["m.replace"]["content"]["m.new_content"]["body"], "three");
    assert_eq!(shown["m.replace"]["room_id"], room.as_str());

    let find = |events: &Value| {
        let event = events.as_array().unwrap().iter().find(|event| event["event_id"] == root.as_str());
        event.unwrap()["unsigned"]["m.relations"]["m.replace"]["event_id"].clone()
    };
    let sync = ann.sync("").await;
    assert_eq!(find(&sync["rooms"]["join"][&room]["timeline"]["events"]), newest.as_str());
    let messages = ann.get(&format!("rooms/{room}/messages?dir=b")).await.ok();
    assert_eq!(find(&messages["chunk"]), newest.as_str());
    let context = ann.get(&format!("rooms/{room}/context/{root}")).await.ok();
    assert_eq!(find(&json!([context["event"]])), newest.as_str());
    let body = json!({ "search_categories": { "room_events": { "search_term": "one" } } });
    let found = ann.post("search", body).await.ok();
    assert_eq!(
        find(&json!([found["search_categories"]["room_events"]["results"][0]["result"]])),
        newest.as_str()
    );

    let edits = bundle(&ann, &room, &newest).await;
    assert_eq!(edits, Value::Null, "an edit of an edit counts for nothing");
}

/// "Validity of replacement events": another sender's edit, an edit of an edit, an edit of state.
#[tokio::test]
async fn edits_that_are_not_valid_are_not_bundled() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = ann.create_room(json!({ "preset": "public_chat" })).await;
    bob.join(&room).await.ok();
    let root = ann.say(&room, "one").await;
    send(&bob, &room, "m.room.message", edit(&root, "not mine")).await;
    assert_eq!(bundle(&ann, &room, &root).await, Value::Null);
    let first = send(&ann, &room, "m.room.message", edit(&root, "two")).await;
    send(&ann, &room, "m.room.message", edit(&first, "three")).await;
    assert_eq!(bundle(&ann, &room, &first).await, Value::Null);
    let topic = ann.set_state(&room, "m.room.topic", json!({ "topic": "x" })).await.ok();
    let topic = topic["event_id"].as_str().unwrap();
    send(&ann, &room, "m.room.topic", edit(topic, "y")).await;
    assert_eq!(bundle(&ann, &room, topic).await, Value::Null);
    let secret = json!({ "algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "AA" });
    let hidden = send(&ann, &room, "m.room.encrypted", secret.clone()).await;
    let mut changed = secret;
    changed["m.relates_to"] = json!({ "rel_type": "m.replace", "event_id": hidden });
    let changed = send(&ann, &room, "m.room.encrypted", changed).await;
    assert_eq!(bundle(&ann, &room, &hidden).await["m.replace"]["event_id"], changed.as_str());
}

#[tokio::test]
async fn references_are_bundled_as_ids_and_reactions_not_at_all() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = ann.create_room(json!({ "preset": "public_chat" })).await;
    bob.join(&room).await.ok();
    let root = ann.say(&room, "root").await;
    let mut reaction = related("m.annotation", &root, "x");
    reaction["m.relates_to"]["key"] = json!("👍");
    send(&ann, &room, "m.reaction", reaction).await;
    assert_eq!(bundle(&ann, &room, &root).await, Value::Null);
    let mine = send(&ann, &room, "m.room.message", related("m.reference", &root, "a")).await;
    let theirs = send(&bob, &room, "m.room.message", related("m.reference", &root, "b")).await;
    let expected = json!({ "m.reference": { "chunk": [{ "event_id": mine }, { "event_id": theirs }] } });
    assert_eq!(bundle(&ann, &room, &root).await, expected);
    let ignored = json!({ "ignored_users": { bob.id.as_str(): {} } });
    ann.put(&format!("user/{}/account_data/m.ignored_user_list", ann.id), ignored).await.ok();
    let expected = json!({ "m.reference": { "chunk": [{ "event_id": mine }] } });
    assert_eq!(bundle(&ann, &room, &root).await, expected);
    let listed = list(&ann, &room, &format!("{root}/m.reference")).await;
    assert_eq!(ids(&listed["chunk"]), [&*mine]);
}

/// Whoever has left is told nothing of what was sent afterwards, not even as a count; strangers are told nothing at all.
#[tokio::test]
async fn what_may_not_be_seen_is_neither_listed_nor_bundled() {
    let house = House::open().await;
    let (ann, bob, eve) = (house.person("ann").await, house.person("bob").await, house.person("eve").await);
    let room = ann.create_room(json!({ "preset": "public_chat" })).await;
    bob.join(&room).await.ok();
    let root = ann.say(&room, "root").await;
    let early = send(&ann, &room, "m.room.message", related("m.thread", &root, "early")).await;
    bob.leave(&room).await.ok();
    send(&ann, &room, "m.room.message", related("m.thread", &root, "late")).await;
    send(&ann, &room, "m.room.message", edit(&root, "late edit")).await;
    let shown = bundle(&bob, &room, &root).await;
    assert_eq!(shown["m.thread"]["count"], 1);
    assert_eq!(shown["m.thread"]["latest_event"]["event_id"], early.as_str());
    assert_eq!(shown.get("m.replace"), None);
    assert_eq!(ids(&list(&bob, &room, &root).await["chunk"]), [&*early]);
    for path in [format!("relations/{root}"), "threads".into(), "timestamp_to_event?ts=0&dir=f".into()] {
        let refused = eve.get(&format!("../v1/rooms/{room}/{path}")).await;
        let none = eve.get(&format!("../v1/rooms/!nothing:hark.test/{path}")).await;
        assert_eq!((refused.refusal(), &refused), ((403, "M_FORBIDDEN"), &none), "{path}");
    }
}

/// An event in another room cannot be related to, whatever the content says.
#[tokio::test]
async fn relations_do_not_reach_into_other_rooms() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let (room, other) = (ann.create_room(json!({})).await, ann.create_room(json!({})).await);
    let root = ann.say(&room, "root").await;
    send(&ann, &other, "m.room.message", related("m.thread", &root, "x")).await;
    send(&ann, &other, "m.room.message", edit(&root, "x")).await;
    assert_eq!(bundle(&ann, &room, &root).await, Value::Null);
    assert_eq!(list(&ann, &room, &root).await["chunk"], json!([]));
}

#[tokio::test]
async fn odd_relations_are_stored_untouched() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let room = ann.create_room(json!({})).await;
    let root = ann.say(&room, "root").await;
    for odd in [
        json!(7),
        json!([]),
        json!({}),
        json!({ "rel_type": 1, "event_id": {} }),
        json!({ "rel_type": "m.thread" }),
        json!({ "rel_type": "org.odd", "event_id": root, "more": [1] }),
        json!({ "rel_type": "m.thread", "event_id": "no id" }),
        json!({ "rel_type": "m.annotation", "event_id": root }),
    ] {
        let sent = send(&ann, &room, "m.x", json!({ "m.relates_to": odd })).await;
        let read = ann.get(&format!("rooms/{room}/event/{sent}")).await.ok();
        assert_eq!(read["content"], json!({ "m.relates_to": odd }));
    }
}

/// MSC3874: /messages by how an event relates; and by what relates to it.
#[tokio::test]
async fn messages_can_be_filtered_by_relation() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = ann.create_room(json!({ "preset": "public_chat" })).await;
    bob.join(&room).await.ok();
    let root = ann.say(&room, "root").await;
    let alone = ann.say(&room, "alone").await;
    let thread = send(&ann, &room, "m.room.message", related("m.thread", &root, "t")).await;
    let reference = send(&bob, &room, "m.room.message", related("m.reference", &alone, "r")).await;
    let page = |filter: Value| {
        let (ann, room) = (ann.clone(), room.clone());
        async move {
            let mut filter = filter;
            filter["types"] = json!(["m.room.message"]);
            let filter = crate::sending::urlencoding(&filter.to_string());
            let page = ann.get(&format!("rooms/{room}/messages?dir=f&limit=100&filter={filter}")).await.ok();
            ids(&page["chunk"]).into_iter().map(ToOwned::to_owned).collect::<Vec<_>>()
        }
    };
    assert_eq!(page(json!({ "org.matrix.msc3874.rel_types": ["m.thread"] })).await, [&*thread]);
    assert_eq!(page(json!({ "rel_types": ["m.thread", "m.reference"] })).await, [&*thread, &*reference]);
    let not = json!({ "org.matrix.msc3874.not_rel_types": ["m.thread"] });
    assert_eq!(page(not).await, [&*root, &*alone, &*reference]);
    assert_eq!(page(json!({ "related_by_rel_types": ["m.thread"] })).await, [&*root]);
    assert_eq!(page(json!({ "related_by_senders": [bob.id] })).await, [&*alone]);
}

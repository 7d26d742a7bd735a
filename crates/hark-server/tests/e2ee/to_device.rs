//! Messages from device to device: SyTest 46direct and Complement `TestToDeviceMessages`, and their limits.

use serde_json::{Value, json};

use crate::support::{House, Person, token, unique};

async fn send(from: &Person, messages: Value) -> crate::support::Answer {
    from.put(&format!("sendToDevice/org.example.note/{}", unique()), json!({ "messages": messages })).await
}

/// The numbers in the messages of a sync.
fn numbers(sync: &Value) -> Vec<i64> {
    let events = sync["to_device"]["events"].as_array().unwrap();
    events.iter().map(|event| event["content"]["n"].as_i64().unwrap()).collect()
}

/// A star stands for every device of a user, the sender's own among them; who does not exist is passed over.
#[tokio::test]
async fn a_star_reaches_every_device() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let phone = house.another_device("alice").await;
    let bob = house.person("bob").await;
    let messages = json!({
        &alice.id: { "*": { "n": 1 } }, &bob.id: { &bob.device: { "n": 2 }, "NONE": { "n": 3 } },
        "@nobody:hark.test": { "*": { "n": 4 } }, "@far:elsewhere.org": { "*": { "n": 5 } },
    });
    assert_eq!(send(&alice, messages).await.ok(), json!({}));
    for (person, expected) in [(&alice, 1), (&phone, 1), (&bob, 2)] {
        let sync = person.sync("timeout=0").await;
        let events =
            json!([{ "sender": alice.id, "type": "org.example.note", "content": { "n": expected } }]);
        assert_eq!(sync["to_device"]["events"], events);
        assert_eq!(numbers(&person.sync_since(&sync).await), Vec::<i64>::new());
    }
}

/// SyTest "Can send a to-device message … is only delivered once": the same request again is the same message, and the same id under
/// another type is another one.
#[tokio::test]
async fn a_repeated_request_is_one_message() {
    let house = House::open().await;
    let (alice, bob) = (house.person("alice").await, house.person("bob").await);
    for (kind, n) in [("a", 1), ("a", 2), ("b", 3)] {
        let body = json!({ "messages": { &bob.id: { "*": { "n": n } } } });
        alice.put(&format!("sendToDevice/{kind}/same"), body).await.ok();
    }
    assert_eq!(numbers(&bob.sync("timeout=0").await), [1, 3]);
}

/// More than a hundred come in parts, in the order they were sent; a client asks again until there are none, and loses none if it
/// asks twice for the same part.
#[tokio::test]
async fn many_messages_come_in_parts_and_in_order() {
    let house = House::open().await;
    let (alice, bob) = (house.person("alice").await, house.person("bob").await);
    let first = bob.sync("timeout=0").await;
    for n in 0..250 {
        send(&alice, json!({ &bob.id: { &bob.device: { "n": n } } })).await.ok();
    }
    let mut all = Vec::new();
    let mut since = first;
    for expected in [100, 100, 50, 0] {
        let part = bob.sync_since(&since).await;
        assert_eq!(numbers(&bob.sync_since(&since).await), numbers(&part), "until its token returns");
        assert_eq!(numbers(&part).len(), expected);
        all.extend(numbers(&part));
        since = part;
    }
    assert_eq!(all, (0..250).collect::<Vec<_>>());
}

#[tokio::test]
async fn messages_over_a_limit_are_refused_whole() {
    let house = House::open().await;
    let (alice, bob) = (house.person("alice").await, house.person("bob").await);
    let large = json!({ "n": 1, "text": "x".repeat(65_536) });
    let body = json!({ &alice.id: { "*": { "n": 1 } }, &bob.id: { "*": large } });
    assert_eq!(send(&alice, body).await.refusal(), (413, "M_TOO_LARGE"));
    for content in [json!(null), json!("text"), json!([])] {
        let body = json!({ &alice.id: { "*": { "n": 1 } }, &bob.id: { "*": content } });
        assert_eq!(send(&alice, body).await.refusal(), (400, "M_BAD_JSON"));
    }
    assert_eq!(send(&alice, json!({ "bob": { "*": {} } })).await.refusal(), (400, "M_BAD_JSON"));
    assert_eq!(numbers(&alice.sync("timeout=0").await), Vec::<i64>::new());
}

/// What waits for a device goes with it: who signs in under its id later gets nothing of it.
#[tokio::test]
async fn messages_go_with_their_device() {
    let house = House::open().await;
    let (alice, bob) = (house.person("alice").await, house.person("bob").await);
    send(&alice, json!({ &bob.id: { "*": { "n": 1 } } })).await.ok();
    bob.post("logout", json!({})).await.ok();
    let again = house.same_device(&bob).await;
    let sync = again.sync("timeout=0").await;
    assert_eq!(numbers(&sync), Vec::<i64>::new());
    let query = format!("timeout=60000&since={}", token(&sync));
    let (poll, sent) =
        tokio::join!(again.sync(&query), send(&alice, json!({ &bob.id: { "*": { "n": 2 } } })));
    sent.ok();
    assert_eq!(numbers(&poll), [2], "a message ends a long poll");
}

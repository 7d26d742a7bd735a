//! Messages from device to device (TestToDeviceMessages; SyTest: 46direct).

use serde_json::{Value, json};

use crate::support::{House, Person, unique};

async fn send(from: &Person, txn: &str, to: &[(&Person, &str)], n: i64) {
    let mut messages = json!({});
    for (who, device) in to {
        messages[&who.id][device] = json!({ "n": n });
    }
    from.put(&format!("sendToDevice/org.x/{txn}"), json!({ "messages": messages })).await.ok();
}

fn numbers(sync: &Value) -> Vec<i64> {
    let events = sync["to_device"]["events"].as_array().unwrap();
    events.iter().map(|event| event["content"]["n"].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn a_message_reaches_the_devices_it_names_and_no_other() {
    let house = House::open().await;
    let (ann, bob, cem) = (house.person("ann").await, house.person("bob").await, house.person("cem").await);
    let other = house.another_device("bob").await;
    let (bob_at, other_at, cem_at) = (bob.sync("").await, other.sync("").await, cem.sync("").await);
    send(&ann, &unique(), &[(&bob, &bob.device), (&cem, &cem.device)], 1).await;
    let expected = json!([{ "type": "org.x", "sender": ann.id, "content": { "n": 1 } }]);
    assert_eq!(bob.sync_since(&bob_at).await["to_device"]["events"], expected);
    assert_eq!(cem.sync_since(&cem_at).await["to_device"]["events"], expected);
    assert_eq!(numbers(&other.sync_since(&other_at).await), Vec::<i64>::new());
}

/// "Can recv device messages until they are acknowledged": by a first sync too, which acknowledges nothing.
#[tokio::test]
async fn a_message_comes_until_its_token_returns() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    send(&ann, &unique(), &[(&ann, &ann.device)], 1).await;
    assert_eq!(numbers(&ann.sync("").await), [1]);
    let given = ann.sync("").await;
    assert_eq!(numbers(&given), [1]);
    send(&ann, &unique(), &[(&ann, &ann.device)], 2).await;
    assert_eq!(numbers(&ann.sync_since(&given).await), [2]);
    assert_eq!(numbers(&ann.sync("").await), [2], "the first is deleted");
}

/// "Device messages with the same txn_id are deduplicated".
#[tokio::test]
async fn a_message_sent_again_comes_once() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    let start = ann.sync("").await;
    let txn = unique();
    send(&ann, &txn, &[(&ann, &ann.device)], 1).await;
    send(&ann, &txn, &[(&ann, &ann.device)], 1).await;
    let first = ann.sync_since(&start).await;
    assert_eq!(numbers(&first), [1]);
    send(&ann, &txn, &[(&ann, &ann.device)], 1).await;
    send(&ann, &unique(), &[(&ann, &ann.device)], 2).await;
    assert_eq!(numbers(&ann.sync_since(&first).await), [2], "not even after it was acknowledged");
}

/// "Can send messages with a wildcard device id", "… to two devices".
#[tokio::test]
async fn a_star_is_every_device_there_is_now() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let other = house.another_device("bob").await;
    let (bob_at, other_at) = (bob.sync("").await, other.sync("").await);
    send(&ann, &unique(), &[(&bob, "*")], 1).await;
    let later = house.another_device("bob").await;
    assert_eq!(numbers(&bob.sync_since(&bob_at).await), [1]);
    assert_eq!(numbers(&other.sync_since(&other_at).await), [1]);
    assert_eq!(numbers(&later.sync("").await), Vec::<i64>::new());
}

/// What waits for a device goes with it: whoever signs in anew under the same name does not get it.
#[tokio::test]
async fn messages_go_with_their_device() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    send(&ann, &unique(), &[(&bob, &bob.device)], 1).await;
    bob.post("logout", json!({})).await.ok();
    let again = house.same_device(&bob).await;
    assert_eq!(numbers(&again.sync("").await), Vec::<i64>::new());
}

/// Many come in batches, each told again until its token returns.
#[tokio::test]
async fn to_device_messages_come_in_order_until_their_token_returns() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let mut at = bob.sync("").await;
    for n in 0..130 {
        send(&ann, &unique(), &[(&bob, &bob.device)], n).await;
    }
    let first = bob.sync_since(&at).await;
    assert_eq!(numbers(&first), (0..100).collect::<Vec<_>>());
    assert_eq!(numbers(&bob.sync_since(&at).await), numbers(&first), "an answer that was lost comes again");
    at = bob.sync_since(&first).await;
    assert_eq!(numbers(&at), (100..130).collect::<Vec<_>>());
    assert_eq!(numbers(&bob.sync_since(&at).await), Vec::<i64>::new());
}

use serde_json::{Value, json};

use crate::support::{House, Person, token};

async fn told(person: &Person, since: &Value) -> Vec<Value> {
    let next = person.sync(&format!("timeout=0&since={}", token(since))).await;
    next["account_data"]["events"].as_array().cloned().unwrap_or_default()
}

/// MSC3391: what is deleted, by DELETE or by putting nothing in its place, is told to those who knew it, is unset from then on, and
/// a client that comes new never hears of it.
#[tokio::test]
async fn what_is_deleted_is_told_once_and_then_was_never_there() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let path = format!("user/{}/account_data/org.example", alice.id);
    for by_delete in [true, false] {
        alice.put(&path, json!({ "x": 1 })).await.ok();
        let since = alice.sync("timeout=0").await;
        if by_delete {
            alice.delete(&path).await.ok();
        } else {
            alice.put(&path, json!({})).await.ok();
        }
        assert_eq!(told(&alice, &since).await, [json!({ "type": "org.example", "content": {} })]);
        assert_eq!(alice.get(&path).await.refusal(), (404, "M_NOT_FOUND"));
        let other = house.another_device("alice").await;
        assert!(!other.sync("timeout=0").await.to_string().contains("org.example"));
    }
    let since = alice.sync("timeout=0").await;
    alice.delete(&path).await.ok();
    assert!(told(&alice, &since).await.is_empty(), "what is not there cannot be deleted");
}

/// A user keeps so much and no more, and of each type so much.
#[tokio::test]
async fn account_data_has_bounds() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let put = async |kind: &str, bytes: usize| {
        alice.put(&format!("user/{}/account_data/{kind}", alice.id), json!({ "x": "x".repeat(bytes) })).await
    };
    put("org.fits", 65_000).await.ok();
    assert_eq!(put("org.large", 66_000).await.refusal(), (413, "M_TOO_LARGE"));
    assert_eq!(put(&"t".repeat(256), 1).await.refusal(), (400, "M_INVALID_PARAM"));
    for kind in ["m.push_rules", "m.fully_read"] {
        assert_eq!(put(kind, 1).await.refusal(), (405, "M_BAD_JSON"), "{kind}");
    }
    let full = loop_until_full(&alice).await;
    assert!((100..160).contains(&full), "{full} times 65,000 bytes were taken");
    put("org.fits", 10).await.ok();
}

/// Fills the account with types of 65,000 bytes; answers how many were taken.
async fn loop_until_full(person: &Person) -> usize {
    for number in 0..400 {
        let path = format!("user/{}/account_data/org.n{number}", person.id);
        let answer = person.put(&path, json!({ "x": "x".repeat(65_000) })).await;
        if answer.status != 200 {
            assert_eq!(answer.refusal(), (413, "M_TOO_LARGE"));
            return number;
        }
    }
    400
}

/// Nobody reads or writes what another keeps.
#[tokio::test]
async fn account_data_is_its_owners() {
    let house = House::open().await;
    let (alice, bob) = (house.person("alice").await, house.person("bob").await);
    let path = format!("user/{}/account_data/org.example", alice.id);
    alice.put(&path, json!({ "x": 1 })).await.ok();
    assert_eq!(bob.get(&path).await.refusal(), (403, "M_FORBIDDEN"));
    assert_eq!(bob.put(&path, json!({})).await.refusal(), (403, "M_FORBIDDEN"));
    assert_eq!(bob.delete(&path).await.refusal(), (403, "M_FORBIDDEN"));
    assert_eq!(alice.get(&path).await.ok(), json!({ "x": 1 }));
}

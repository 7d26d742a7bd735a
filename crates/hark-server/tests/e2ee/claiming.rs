//! Taking the one-time keys of others.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    crypto::{Device, claim},
    support::{House, Person, token},
};

/// Complement "Can claim one time key using POST" and SyTest 03: a key is given away once, and who has none is not in the answer.
#[tokio::test]
async fn a_one_time_key_is_given_away_once() {
    let house = House::open().await;
    let alice = Device::published(house.person("alice").await).await;
    let bob = house.person("bob").await;
    let keys = alice.one_time_keys(["A"]);
    alice.upload(json!({ "one_time_keys": keys })).await;
    let (name, key) = claim(&bob, &alice.person).await.unwrap();
    assert_eq!((name.as_str(), &key), ("signed_curve25519:A", &keys["signed_curve25519:A"]));
    let wanted = json!({ "one_time_keys": {
        &alice.person.id: { &alice.person.device: "signed_curve25519", "NONE": "signed_curve25519" },
        &bob.id: { &bob.device: "signed_curve25519" },
        "@far:elsewhere.org": { "X": "signed_curve25519" },
    } });
    let answer = bob.post("keys/claim", wanted).await.ok();
    assert_eq!(answer["one_time_keys"], json!({}));
    assert!(answer["failures"].get("elsewhere.org").is_some());
}

/// Complement `TestKeyClaimOrdering` (MSC4225): the key that was uploaded first is given first, whatever its name.
#[tokio::test]
async fn the_oldest_key_is_given_first() {
    let house = House::open().await;
    let alice = Device::published(house.person("alice").await).await;
    for id in ["C", "A", "B"] {
        alice.upload(json!({ "one_time_keys": alice.one_time_keys([id]) })).await;
    }
    let mut given = Vec::new();
    while let Some((name, _)) = claim(&alice.person, &alice.person).await {
        given.push(name);
    }
    assert_eq!(given, ["signed_curve25519:C", "signed_curve25519:A", "signed_curve25519:B"]);
}

/// A client whose upload was answered, but not heard, sends it again: what was given away in between is not given away twice.
#[tokio::test]
async fn a_claimed_key_that_is_sent_again_is_not_given_again() {
    let house = House::open().await;
    let alice = Device::published(house.person("alice").await).await;
    let upload = json!({ "one_time_keys": alice.one_time_keys(["A", "B"]) });
    alice.upload(upload.clone()).await;
    assert_eq!(claim(&alice.person, &alice.person).await.unwrap().0, "signed_curve25519:A");
    assert_eq!(alice.upload(upload).await["signed_curve25519"], 1);
    assert_eq!(claim(&alice.person, &alice.person).await.unwrap().0, "signed_curve25519:B");
    assert_eq!(claim(&alice.person, &alice.person).await, None);
    alice.upload(json!({ "one_time_keys": alice.one_time_keys(["A"]) })).await;
    assert_eq!(
        claim(&alice.person, &alice.person).await.unwrap().0,
        "signed_curve25519:A",
        "this is another key"
    );
}

/// Fifty claimers at once, and forty keys: every key goes to one of them, and the rest get the fallback key.
#[tokio::test]
async fn no_two_claims_share_a_one_time_key() {
    let house = House::open().await;
    let alice = Device::published(house.person("alice").await).await;
    let bob = house.person("bob").await;
    let fallback = alice.one_time_keys(["F"]);
    alice.upload(json!({ "one_time_keys": alice.one_time_keys(0..40), "fallback_keys": fallback })).await;
    let claims = (0..50).map(|_| {
        let (bob, alice) = (bob.clone(), alice.person.clone());
        tokio::spawn(async move { claim(&bob, &alice).await.unwrap() })
    });
    let mut given = BTreeSet::new();
    let mut fallbacks = 0;
    for claim in claims.collect::<Vec<_>>() {
        let (name, key) = claim.await.unwrap();
        if name == "signed_curve25519:F" {
            assert_eq!(key, fallback["signed_curve25519:F"]);
            fallbacks += 1;
        } else {
            assert!(given.insert(name), "a key was given twice");
        }
    }
    assert_eq!((given.len(), fallbacks), (40, 10));
}

fn left(sync: &Value) -> (i64, &Value) {
    let count = sync["device_one_time_keys_count"]["signed_curve25519"].as_i64().unwrap();
    (count, &sync["device_unused_fallback_key_types"])
}

/// What is left is in every answer, none of it as an explicit zero (section "Extensions to /sync" of the key modules).
#[tokio::test]
async fn every_sync_says_what_is_left() {
    let house = House::open().await;
    let alice = Device::published(house.person("alice").await).await;
    assert_eq!(left(&alice.person.sync("timeout=0").await), (0, &json!([])));
    let keys =
        json!({ "one_time_keys": alice.one_time_keys(["A"]), "fallback_keys": alice.one_time_keys(["F"]) });
    alice.upload(keys.clone()).await;
    let sync = alice.person.sync("timeout=0").await;
    assert_eq!(left(&sync), (1, &json!(["signed_curve25519"])));
    claim(&alice.person, &alice.person).await.unwrap();
    assert_eq!(left(&alice.person.sync_since(&sync).await), (0, &json!(["signed_curve25519"])));
    claim(&alice.person, &alice.person).await.unwrap();
    let sync = alice.person.sync_since(&sync).await;
    assert_eq!(left(&sync), (0, &json!([])));
    // The same fallback key again is as used as it was; another one is not.
    alice.upload(json!({ "fallback_keys": keys["fallback_keys"] })).await;
    assert_eq!(left(&alice.person.sync_since(&sync).await), (0, &json!([])));
    alice.upload(json!({ "fallback_keys": alice.one_time_keys(["G"]) })).await;
    assert_eq!(left(&alice.person.sync_since(&sync).await), (0, &json!(["signed_curve25519"])));
    let (name, _) = claim(&alice.person, &alice.person).await.unwrap();
    assert_eq!(name, "signed_curve25519:G");
}

/// A client must hear that it has fewer keys though nothing else happens.
#[tokio::test]
async fn a_claim_ends_the_owners_long_poll() {
    let house = House::open().await;
    let alice = Device::published(house.person("alice").await).await;
    let bob = house.person("bob").await;
    let keys =
        json!({ "one_time_keys": alice.one_time_keys(["A"]), "fallback_keys": alice.one_time_keys(["F"]) });
    alice.upload(keys).await;
    let mut sync = alice.person.sync("timeout=0").await;
    for expected in [(0, json!(["signed_curve25519"])), (0, json!([]))] {
        sync = after_a_claim(&alice.person, &bob, &sync).await;
        assert_eq!(left(&sync), (expected.0, &expected.1));
    }
    // The fallback key was used before: nothing is new for its owner.
    claim(&bob, &alice.person).await.unwrap();
    let sync = alice.person.sync(&format!("timeout=0&since={}", token(&sync))).await;
    assert_eq!(left(&sync), (0, &json!([])));
}

/// What a long poll of `owner` answers when `claimer` takes a key.
async fn after_a_claim(owner: &Person, claimer: &Person, since: &Value) -> Value {
    let query = format!("timeout=60000&since={}", token(since));
    let (poll, claimed) = tokio::join!(owner.sync(&query), claim(claimer, owner));
    claimed.unwrap();
    poll
}

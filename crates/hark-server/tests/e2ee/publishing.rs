//! Publishing the keys of a device, and asking for them.

use serde_json::{Value, json};

use crate::{
    crypto::{Device, SigningKey, query},
    support::House,
};

/// Complement `TestUploadKey`, SyTest "Can upload device keys" and "Can query … device keys using POST": what was published is
/// what others get, with an `unsigned` that has the device's name once it has one.
#[tokio::test]
async fn what_a_device_publishes_is_what_others_get() {
    let house = House::open().await;
    let alice = Device::of(house.person("alice").await);
    let bob = house.person("bob").await;
    let counts = alice
        .upload(json!({ "device_keys": alice.keys(), "one_time_keys": alice.one_time_keys(["A", "B"]) }))
        .await;
    assert_eq!(counts, json!({ "signed_curve25519": 2 }));
    let mut expected = alice.keys();
    expected["unsigned"] = json!({});
    let answer = query(&bob, &alice.person.id).await;
    assert_eq!(answer["device_keys"][&alice.person.id][&alice.person.device], expected);
    assert_eq!(answer["failures"], json!({}));

    let device = alice.person.device.clone();
    alice.person.put(&format!("devices/{device}"), json!({ "display_name": "laptop" })).await.ok();
    expected["unsigned"] = json!({ "device_display_name": "laptop" });
    for asked in [json!([]), json!([device]), json!([device, "NONE"])] {
        let body = json!({ "device_keys": { &alice.person.id: asked } });
        let answer = bob.post("keys/query", body).await.ok();
        assert_eq!(answer["device_keys"], json!({ &alice.person.id: { &device: expected } }));
    }
    let body = json!({ "device_keys": { &alice.person.id: ["NONE"] } });
    assert_eq!(bob.post("keys/query", body).await.ok()["device_keys"], json!({ &alice.person.id: {} }));
}

/// SyTest "query for user with no keys returns empty key dict"; users who do not exist look the same, and a user of a server that
/// cannot be asked is a failure.
#[tokio::test]
async fn users_without_keys_have_an_empty_entry() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let bob = house.person("bob").await;
    let body = json!({ "device_keys": { &bob.id: [], "@nobody:hark.test": [], "@far:elsewhere.org": [] } });
    let answer = alice.post("keys/query", body).await.ok();
    assert_eq!(answer["device_keys"], json!({ &bob.id: {}, "@nobody:hark.test": {} }));
    assert_eq!(answer["failures"].as_object().unwrap().keys().collect::<Vec<_>>(), ["elsewhere.org"]);
}

/// SyTest's second form of the question, where the list of devices is an object, is none.
#[tokio::test]
async fn questions_of_another_shape_are_refused() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    for body in [
        json!({ "device_keys": { &alice.id: {} } }),
        json!({ "device_keys": { "alice": [] } }),
        json!({ "device_keys": [] }),
        json!({ "device_keys": { &alice.id: [1] } }),
    ] {
        assert_eq!(alice.post("keys/query", body.clone()).await.refusal(), (400, "M_BAD_JSON"), "{body}");
    }
    assert_eq!(alice.post("keys/query", json!({})).await.refusal(), (400, "M_MISSING_PARAM"));
}

/// Complement "Rejects invalid device keys" and "Should reject keys claiming to belong to a different user", and what else could
/// reach other clients: every member has its type, the keys are the device's own and signed by it.
#[tokio::test]
async fn device_keys_that_are_not_whole_are_refused() {
    let house = House::open().await;
    let alice = Device::of(house.person("alice").await);
    let bob = Device::of(house.person("bob").await);
    let (user, device) = (&alice.person.id, &alice.person.device);
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut keys = alice.unsigned_keys();
        change(&mut keys);
        alice.key.sign(user, keys)
    };
    let other = SigningKey::of_device(device);
    let cases = [
        (Value::Null, "M_BAD_JSON"),
        (json!("text"), "M_BAD_JSON"),
        (json!({ "user_id": user, "device_id": device }), "M_BAD_JSON"),
        (alice.unsigned_keys(), "M_BAD_JSON"),
        (bob.keys(), "M_INVALID_PARAM"),
        (changed(&|keys| keys["device_id"] = "OTHER".into()), "M_INVALID_PARAM"),
        (changed(&|keys| keys["algorithms"] = json!([1])), "M_BAD_JSON"),
        (changed(&|keys| keys["keys"]["x"] = json!({})), "M_BAD_JSON"),
        (changed(&|keys| keys["keys"] = json!({})), "M_BAD_JSON"),
        (changed(&|keys| keys["keys"][&format!("curve25519:{device}")] = "short".into()), "M_BAD_JSON"),
        (other.sign(user, alice.unsigned_keys()), "M_INVALID_SIGNATURE"),
        (bob.key.sign(user, alice.unsigned_keys()), "M_INVALID_SIGNATURE"),
    ];
    for (keys, errcode) in cases {
        let answer = alice.person.post("keys/upload", json!({ "device_keys": keys.clone() })).await;
        assert_eq!(answer.refusal(), (400, errcode), "{keys}");
    }
    let large = changed(&|keys| keys["padding"] = "x".repeat(20_000).into());
    let answer = alice.person.post("keys/upload", json!({ "device_keys": large })).await;
    assert_eq!(answer.refusal(), (413, "M_TOO_LARGE"));
    assert_eq!(query(&bob.person, user).await["device_keys"], json!({ user: {} }), "nothing of it is kept");
}

#[tokio::test]
async fn one_time_keys_of_another_shape_are_refused() {
    let house = House::open().await;
    let alice = Device::of(house.person("alice").await);
    let signatures = json!({ &alice.person.id: { alice.key.id(): "sig" } });
    for (name, key) in [
        ("signed_curve25519", json!("text")),
        (":A", json!("text")),
        ("alg:", json!("text")),
        ("alg:A", json!(1)),
        ("alg:A", json!(null)),
        ("alg:A", json!({ "key": "text" })),
        ("alg:A", json!({ "key": 1, "signatures": signatures })),
        ("alg:A", json!({ "key": "text", "signatures": { "bob": {} } })),
        ("alg:A", json!({ "key": "text", "signatures": signatures, "fallback": "yes" })),
    ] {
        for member in ["one_time_keys", "fallback_keys"] {
            let answer = alice.person.post("keys/upload", json!({ member: { name: key } })).await;
            assert_eq!(answer.refusal(), (400, "M_BAD_JSON"), "{name} {key}");
        }
    }
    let many = alice.one_time_keys(0..1001);
    let answer = alice.person.post("keys/upload", json!({ "one_time_keys": many })).await;
    assert_eq!(answer.refusal(), (413, "M_TOO_LARGE"));
    assert_eq!(alice.upload(json!({})).await, json!({ "signed_curve25519": 0 }));
    let plain = json!({ "one_time_keys": { "my_algorithm:1": "text" }, "device_keys": alice.keys() });
    assert_eq!(alice.upload(plain).await, json!({ "my_algorithm": 1, "signed_curve25519": 0 }));
}

/// Complement `TestUploadKeyIdempotency` and `TestUploadKeyIdempotencyOverlap`: the same key again is the same key.
#[tokio::test]
async fn the_same_one_time_key_again_is_one_key() {
    let house = House::open().await;
    let alice = Device::published(house.person("alice").await).await;
    let keys = alice.one_time_keys(["A", "B", "C", "D"]);
    let some = |names: &[&str]| -> Value {
        names
            .iter()
            .map(|name| format!("signed_curve25519:{name}"))
            .map(|n| (n.clone(), keys[&n].clone()))
            .collect()
    };
    for _ in 0..2 {
        let counts = alice.upload(json!({ "one_time_keys": some(&["A", "B", "C"]) })).await;
        assert_eq!(counts["signed_curve25519"], 3);
    }
    assert_eq!(
        alice.upload(json!({ "one_time_keys": some(&["B", "C", "D"]) })).await["signed_curve25519"],
        4
    );
}

/// A client whose keys and the server's do not fit together any more is told so, in words that clients read.
#[tokio::test]
async fn another_one_time_key_of_a_known_name_is_refused() {
    let house = House::open().await;
    let alice = Device::published(house.person("alice").await).await;
    alice.upload(json!({ "one_time_keys": alice.one_time_keys(["A"]) })).await;
    let answer =
        alice.person.post("keys/upload", json!({ "one_time_keys": alice.one_time_keys(["B", "A"]) })).await;
    assert_eq!(answer.refusal(), (400, "M_UNKNOWN"));
    let told = answer.body["error"].as_str().unwrap();
    assert!(
        told.starts_with("One time key signed_curve25519:A already exists. Old key: {\"key\":"),
        "{told}"
    );
    assert!(told.contains("; new key: {\"key\":"), "{told}");
    assert_eq!(
        alice.upload(json!({})).await["signed_curve25519"],
        1,
        "and nothing else of the request is kept"
    );
}

/// A device that lost its data and signs in again under its old name: what was published before leads nowhere.
#[tokio::test]
async fn another_identity_of_a_device_begins_anew() {
    let house = House::open().await;
    let alice = Device::published(house.person("alice").await).await;
    let keys = json!({ "one_time_keys": alice.one_time_keys(["A", "B"]), "fallback_keys": alice.one_time_keys(["F"]) });
    assert_eq!(alice.upload(keys).await["signed_curve25519"], 2);
    let reborn = Device::of(alice.person.clone());
    let body = json!({ "device_keys": reborn.keys(), "one_time_keys": reborn.one_time_keys(["A"]) });
    assert_eq!(reborn.upload(body).await["signed_curve25519"], 1);
    let sync = alice.person.sync("timeout=0").await;
    assert_eq!(sync["device_unused_fallback_key_types"], json!([]));
    let answer = query(&alice.person, &alice.person.id).await;
    let shown = &answer["device_keys"][&alice.person.id][&alice.person.device];
    assert_eq!(shown["keys"], reborn.keys()["keys"]);
}

/// The keys of a device go with it.
#[tokio::test]
async fn a_device_that_signs_out_has_no_keys() {
    let house = House::open().await;
    let alice = Device::published(house.person("alice").await).await;
    alice.upload(json!({ "one_time_keys": alice.one_time_keys(["A"]) })).await;
    let other = house.another_device("alice").await;
    alice.person.post("logout", json!({})).await.ok();
    assert_eq!(query(&other, &other.id).await["device_keys"], json!({ &other.id: {} }));
    assert_eq!(crate::crypto::claim(&other, &alice.person).await, None);
    let again = house.same_device(&alice.person).await;
    let sync = again.sync("timeout=0").await;
    assert_eq!(sync["device_one_time_keys_count"], json!({ "signed_curve25519": 0 }));
}

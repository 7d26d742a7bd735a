//! Cross-signing keys and signatures: SyTest 08-cross-signing on one server, and what the key modules of the specification say of
//! who may change and see what.

use serde_json::{Value, json};

use crate::{
    crypto::{Device, SigningKey, query},
    support::{Answer, House, Person, token},
};

/// The private cross-signing keys of a user.
struct Identity {
    user: String,
    master: SigningKey,
    self_signing: SigningKey,
    user_signing: SigningKey,
}

impl Identity {
    fn of(person: &Person) -> Self {
        Self {
            user: person.id.clone(),
            master: SigningKey::cross_signing(),
            self_signing: SigningKey::cross_signing(),
            user_signing: SigningKey::cross_signing(),
        }
    }

    /// A new identity, published.
    async fn published(person: &Person) -> Self {
        let identity = Self::of(person);
        person.post("keys/device_signing/upload", identity.upload()).await.ok();
        identity
    }

    fn key(&self, key: &SigningKey, usage: &str) -> Value {
        json!({ "user_id": self.user, "usage": [usage], "keys": { key.id(): key.public() } })
    }

    fn master(&self) -> Value {
        self.key(&self.master, "master")
    }

    fn self_signing(&self) -> Value {
        self.master.sign(&self.user, self.key(&self.self_signing, "self_signing"))
    }

    fn user_signing(&self) -> Value {
        self.master.sign(&self.user, self.key(&self.user_signing, "user_signing"))
    }

    fn upload(&self) -> Value {
        json!({
            "master_key": self.master(), "self_signing_key": self.self_signing(), "user_signing_key": self.user_signing(),
        })
    }
}

/// `body` with the password of `person`.
fn confirmed(person: &Person, mut body: Value) -> Value {
    let identifier = json!({ "type": "m.id.user", "user": person.id });
    body["auth"] =
        json!({ "type": "m.login.password", "identifier": identifier, "password": "correct horse" });
    body
}

async fn set(person: &Person, body: Value) -> Answer {
    person.post("keys/device_signing/upload", body).await
}

async fn sign(person: &Person, user: &str, target: &str, object: Value) -> Value {
    person.post("keys/signatures/upload", json!({ user: { target: object } })).await.ok()["failures"].clone()
}

fn changed(sync: &Value) -> Vec<&str> {
    sync["device_lists"]["changed"].as_array().unwrap().iter().map(|user| user.as_str().unwrap()).collect()
}

/// SyTest "Can upload self-signing keys"; the key that signs others' is shown to its owner alone.
#[tokio::test]
async fn others_see_all_keys_but_the_one_that_says_whom_a_user_trusts() {
    let house = House::open().await;
    let (alice, bob) = (house.person("alice").await, house.person("bob").await);
    let keys = Identity::published(&alice).await;
    for (asking, user_signing) in [(&alice, json!({ &alice.id: keys.user_signing() })), (&bob, json!({}))] {
        let answer = query(asking, &alice.id).await;
        assert_eq!(answer["master_keys"], json!({ &alice.id: keys.master() }));
        assert_eq!(answer["self_signing_keys"], json!({ &alice.id: keys.self_signing() }));
        assert_eq!(answer["user_signing_keys"], user_signing);
    }
    assert_eq!(query(&alice, &bob.id).await["master_keys"], json!({}));
}

/// SyTest "Fails to replace cross-signing keys with no auth": the first keys need no password (MSC3967), what is there already
/// needs none, whatever else is sent with it; anything else does.
#[tokio::test]
async fn only_a_change_of_keys_needs_the_password() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let keys = Identity::of(&alice);
    set(&alice, json!({ "master_key": keys.master() })).await.ok();
    set(&alice, json!({ "master_key": keys.master() })).await.ok();
    set(&alice, json!({ "master_key": keys.master(), "auth": { "type": "nonsense" } })).await.ok();
    let asked = set(&alice, keys.upload()).await;
    assert_eq!(asked.status, 401, "further keys are a change");
    assert_eq!(asked.body["flows"], json!([{ "stages": ["m.login.password"] }]));
    let mut body = confirmed(&alice, keys.upload());
    body["auth"]["session"] = asked.body["session"].clone();
    set(&alice, body).await.ok();
    set(&alice, keys.upload()).await.ok();

    let other = Identity::of(&alice);
    let mut wrong = confirmed(&alice, other.upload());
    wrong["auth"]["password"] = "wrong".into();
    assert_eq!(set(&alice, wrong).await.refusal(), (401, "M_FORBIDDEN"));
    assert_eq!(set(&alice, other.upload()).await.status, 401);
    assert_eq!(set(&alice, json!({})).await.status, 401, "clients ask so what would be needed");
    assert_eq!(query(&alice, &alice.id).await["master_keys"][&alice.id], keys.master());
    set(&alice, confirmed(&alice, other.upload())).await.ok();
    assert_eq!(query(&alice, &alice.id).await["master_keys"][&alice.id], other.master());
}

/// SyTest "Fails to upload self-signing key without master key", and keys that are not what they say.
#[tokio::test]
async fn keys_that_are_not_whole_are_refused() {
    let house = House::open().await;
    let (alice, bob) = (house.person("alice").await, house.person("bob").await);
    let (keys, other) = (Identity::of(&alice), Identity::of(&alice));
    let unsigned = keys.key(&keys.self_signing, "self_signing");
    let with = |name: &str, value: Value| {
        let mut key = keys.master();
        key[name] = value;
        json!({ "master_key": key })
    };
    let cases = [
        (json!({}), "M_MISSING_PARAM"),
        (json!({ "self_signing_key": keys.self_signing() }), "M_MISSING_PARAM"),
        (json!({ "user_signing_key": keys.user_signing() }), "M_MISSING_PARAM"),
        (json!({ "master_key": keys.master(), "self_signing_key": unsigned }), "M_INVALID_SIGNATURE"),
        (
            json!({ "master_key": keys.master(), "user_signing_key": other.user_signing() }),
            "M_INVALID_SIGNATURE",
        ),
        (json!({ "master_key": keys.self_signing() }), "M_BAD_JSON"),
        (json!({ "master_key": Identity::of(&bob).master() }), "M_INVALID_PARAM"),
        (json!({ "master_key": "text" }), "M_BAD_JSON"),
        (with("keys", json!({})), "M_BAD_JSON"),
        (with("keys", json!({ "ed25519:x": keys.master.public() })), "M_BAD_JSON"),
        (with("keys", json!({ "ed25519:short": "short" })), "M_BAD_JSON"),
        (
            with(
                "keys",
                json!({ keys.master.id(): keys.master.public(), other.master.id(): other.master.public() }),
            ),
            "M_BAD_JSON",
        ),
        (with("usage", json!("master")), "M_BAD_JSON"),
        (with("signatures", json!({ &alice.id: "text" })), "M_BAD_JSON"),
    ];
    for (body, errcode) in cases {
        assert_eq!(set(&alice, body.clone()).await.refusal(), (400, errcode), "{body}");
    }
    assert_eq!(query(&alice, &alice.id).await["master_keys"], json!({}), "nothing of it is kept");
}

/// SyTest "Changing master key notifies local users": new keys and signatures of devices are news for all in the room, and shown.
#[tokio::test]
async fn signatures_of_devices_are_told_to_all() {
    let house = House::open().await;
    let alice = Device::of(house.person("alice").await);
    let bob = house.person("bob").await;
    let (user, device) = (&alice.person.id, &alice.person.device);
    let room = alice.person.create_room(json!({ "preset": "public_chat" })).await;
    bob.join(&room).await.ok();
    let mut seen = [alice.person.sync("timeout=0").await, bob.sync("timeout=0").await];
    let keys = Identity::published(&alice.person).await;
    for step in ["cross-signing keys", "device keys", "a signature", "the same signature"] {
        match step {
            "cross-signing keys" => {}
            "device keys" => drop(alice.upload(json!({ "device_keys": alice.keys() })).await),
            _ => {
                let signed = keys.self_signing.sign(user, alice.unsigned_keys());
                assert_eq!(sign(&alice.person, user, device, signed).await, json!({}));
            }
        }
        for (person, since) in [&alice.person, &bob].into_iter().zip(&mut seen) {
            *since = person.sync_since(since).await;
            let expected = if step == "the same signature" { vec![] } else { vec![user.as_str()] };
            assert_eq!(changed(since), expected, "{step}");
        }
    }
    let both = keys.self_signing.sign(user, alice.keys());
    for asking in [&alice.person, &bob] {
        let answer = query(asking, user).await;
        assert_eq!(answer["device_keys"][user][device]["signatures"], both["signatures"]);
    }
    // A new identity: what the former one has signed is shown no more.
    let other = Identity::of(&alice.person);
    set(&alice.person, confirmed(&alice.person, json!({ "master_key": other.master() }))).await.ok();
    let answer = query(&bob, user).await;
    assert_eq!(answer["device_keys"][user][device]["signatures"], alice.keys()["signatures"]);
    assert_eq!(answer["self_signing_keys"], json!({}), "the former master key signed it");
}

/// SyTest "Changing user-signing key notifies local users": whom a user has verified is told to them alone, not even to the
/// verified.
#[tokio::test]
async fn signatures_of_others_are_told_to_their_maker_alone() {
    let house = House::open().await;
    let (alice, bob) = (house.person("alice").await, house.person("bob").await);
    let room = alice.create_room(json!({ "preset": "public_chat" })).await;
    bob.join(&room).await.ok();
    let keys = Identity::of(&alice);
    let first = json!({ "master_key": keys.master(), "self_signing_key": keys.self_signing() });
    set(&alice, first).await.ok();
    let bobs = Identity::published(&bob).await;
    let (mut at_alice, mut at_bob) = (alice.sync("timeout=0").await, bob.sync("timeout=0").await);
    let more = json!({ "user_signing_key": keys.user_signing() });
    set(&alice, confirmed(&alice, more)).await.ok();
    at_alice = alice.sync_since(&at_alice).await;
    at_bob = bob.sync_since(&at_bob).await;
    assert_eq!((changed(&at_alice), changed(&at_bob)), (vec![alice.id.as_str()], vec![]));

    let signed = keys.user_signing.sign(&alice.id, bobs.master());
    assert_eq!(sign(&alice, &bob.id, &bobs.master.public(), signed.clone()).await, json!({}));
    at_alice = alice.sync_since(&at_alice).await;
    at_bob = bob.sync_since(&at_bob).await;
    assert_eq!((changed(&at_alice), changed(&at_bob)), (vec![bob.id.as_str()], vec![]));
    let carol = house.person("carol").await;
    for (asking, expected) in [(&alice, &signed), (&bob, &bobs.master()), (&carol, &bobs.master())] {
        assert_eq!(query(asking, &bob.id).await["master_keys"][&bob.id], *expected);
    }
    // Another user-signing key: what the former one has signed is gone.
    let other = SigningKey::cross_signing();
    let other = keys.master.sign(&alice.id, keys.key(&other, "user_signing"));
    set(&alice, confirmed(&alice, json!({ "user_signing_key": other }))).await.ok();
    assert_eq!(query(&alice, &bob.id).await["master_keys"][&bob.id], bobs.master());
}

/// A device signs the user's master key, with the upload or after it; that goes with the device.
#[tokio::test]
async fn a_master_key_is_signed_by_devices() {
    let house = House::open().await;
    let alice = Device::published(house.person("alice").await).await;
    let second = Device::published(house.another_device("alice").await).await;
    let user = &alice.person.id;
    let keys = Identity::of(&alice.person);
    let mut upload = keys.upload();
    upload["master_key"] = alice.key.sign(user, keys.master());
    upload["master_key"]["signatures"][user]["ed25519:NONE"] = "unknown".into();
    set(&alice.person, upload).await.ok();
    let shown = query(&second.person, user).await["master_keys"][user].clone();
    assert_eq!(shown, alice.key.sign(user, keys.master()));
    let signed = second.key.sign(user, keys.master());
    assert_eq!(sign(&second.person, user, &keys.master.public(), signed).await, json!({}));
    let both = second.key.sign(user, alice.key.sign(user, keys.master()));
    assert_eq!(query(&second.person, user).await["master_keys"][user], both);
    alice.person.post("logout", json!({})).await.ok();
    let left = second.key.sign(user, keys.master());
    assert_eq!(query(&second.person, user).await["master_keys"][user], left);
}

/// Keys of a device may come with the signature of the self-signing key, as those of dehydrated devices do.
#[tokio::test]
async fn a_device_may_come_signed() {
    let house = House::open().await;
    let alice = Device::of(house.person("alice").await);
    let user = &alice.person.id;
    let keys = Identity::published(&alice.person).await;
    let signed = keys.self_signing.sign(user, alice.keys());
    let mut upload = signed.clone();
    upload["signatures"][user]["ed25519:NONE"] = "unknown".into();
    upload["signatures"]["@bob:hark.test"] = json!({ "ed25519:B": "foreign" });
    alice.upload(json!({ "device_keys": upload })).await;
    let shown = query(&alice.person, user).await["device_keys"][user][&alice.person.device].clone();
    assert_eq!(shown["signatures"], signed["signatures"], "and no signature that nobody can check");
}

/// Each signature is judged for itself, and none is taken unverified.
#[tokio::test]
async fn signatures_that_are_wrong_are_named() {
    let house = House::open().await;
    let alice = Device::published(house.person("alice").await).await;
    let bob = Device::published(house.person("bob").await).await;
    let (user, device) = (&alice.person.id, &alice.person.device);
    let (keys, bobs) = (Identity::published(&alice.person).await, Identity::published(&bob.person).await);
    let mut forged = keys.self_signing.sign(user, alice.unsigned_keys());
    forged["signatures"][user][keys.self_signing.id()] =
        alice.keys()["signatures"][user][alice.key.id()].clone();
    let mut altered = alice.unsigned_keys();
    altered["algorithms"] = json!([]);
    let altered = keys.self_signing.sign(user, altered);
    let master = keys.master.public();
    let bobs_master = bobs.master.public();
    for (whose, target, object, errcode) in [
        (user, device.as_str(), forged, "M_INVALID_SIGNATURE"),
        (user, device, altered, "M_INVALID_SIGNATURE"),
        (user, device, alice.keys(), "M_INVALID_SIGNATURE"),
        (user, device, keys.master.sign(user, alice.unsigned_keys()), "M_INVALID_SIGNATURE"),
        (user, device, json!("text"), "M_BAD_JSON"),
        (user, "NONE", keys.self_signing.sign(user, alice.unsigned_keys()), "M_NOT_FOUND"),
        (user, &master, keys.self_signing.sign(user, keys.master()), "M_INVALID_SIGNATURE"),
        (user, &master, keys.master(), "M_INVALID_SIGNATURE"),
        (&bob.person.id, &bobs_master, keys.self_signing.sign(user, bobs.master()), "M_INVALID_SIGNATURE"),
        (
            &bob.person.id,
            &bobs_master,
            bobs.self_signing.sign(&bob.person.id, bobs.master()),
            "M_INVALID_SIGNATURE",
        ),
        (
            &bob.person.id,
            &bob.person.device,
            keys.user_signing.sign(user, bob.unsigned_keys()),
            "M_NOT_FOUND",
        ),
    ] {
        let failures = sign(&alice.person, whose, target, object.clone()).await;
        assert_eq!(failures[whose][target]["errcode"], errcode, "{object}: {failures}");
    }
    // What is right beside what is wrong is taken.
    let right = keys.self_signing.sign(user, alice.unsigned_keys());
    let body = json!({ user: { device: right, "NONE": right } });
    let failures = alice.person.post("keys/signatures/upload", body).await.ok()["failures"].clone();
    assert_eq!(failures.as_object().unwrap().keys().collect::<Vec<_>>(), [user]);
    assert_eq!(failures[user].as_object().unwrap().keys().collect::<Vec<_>>(), ["NONE"]);
    let shown = query(&bob.person, user).await["device_keys"][user][device]["signatures"].clone();
    assert_eq!(shown, keys.self_signing.sign(user, alice.keys())["signatures"]);
}

/// A new signature wakes those who must hear of it.
#[tokio::test]
async fn a_signature_ends_long_polls() {
    let house = House::open().await;
    let (alice, bob) = (house.person("alice").await, house.person("bob").await);
    let (keys, bobs) = (Identity::published(&alice).await, Identity::published(&bob).await);
    let since = alice.sync("timeout=0").await;
    let signed = keys.user_signing.sign(&alice.id, bobs.master());
    let query = format!("timeout=60000&since={}", token(&since));
    let master = bobs.master.public();
    let (poll, failures) = tokio::join!(alice.sync(&query), sign(&alice, &bob.id, &master, signed));
    assert_eq!((changed(&poll), failures), (vec![bob.id.as_str()], json!({})));
}

/// Whoever closes their account leaves no keys behind, and no copies of the keys of their rooms.
#[tokio::test]
async fn a_closed_account_has_no_keys() {
    let house = House::open().await;
    let (alice, bob) = (house.person("alice").await, house.person("bob").await);
    let room = bob.create_room(json!({ "preset": "public_chat" })).await;
    alice.join(&room).await.ok();
    Device::published(alice.clone()).await;
    Identity::published(&alice).await;
    let backup = json!({ "algorithm": "org.example.backup", "auth_data": {} });
    alice.post("room_keys/version", backup).await.ok();
    let before = query(&bob, &alice.id).await;
    assert!(before["master_keys"][&alice.id].is_object() && before["device_keys"][&alice.id].is_object());

    alice.post("account/deactivate", confirmed(&alice, json!({}))).await.ok();
    let after = query(&bob, &alice.id).await;
    assert_eq!(after["master_keys"].get(&alice.id), None, "{after}");
    assert_eq!(after["self_signing_keys"].get(&alice.id), None, "{after}");
    assert!(after["device_keys"][&alice.id].as_object().is_none_or(serde_json::Map::is_empty), "{after}");
}

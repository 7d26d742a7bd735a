//! Dehydrated devices (MSC3814).

use serde_json::{Value, json};

use crate::{
    crypto::{Device, claim, query},
    support::{Answer, House, Person, unique},
};

/// A device of `owner` that never signs in.
fn sleeper(owner: &Person, id: &str) -> Device {
    let mut person = owner.clone();
    id.clone_into(&mut person.device);
    Device::of(person)
}

fn body(device: &Device) -> Value {
    json!({
        "device_id": device.person.device, "device_data": { "algorithm": "org.example", "pickle": "opaque" },
        "initial_device_display_name": "sleeper", "device_keys": device.keys(),
        "one_time_keys": device.one_time_keys(["A"]), "fallback_keys": device.one_time_keys(["F"]),
    })
}

async fn call(person: &Person, method: &str, rest: &str, body: Option<Value>) -> Answer {
    let path = format!("../unstable/org.matrix.msc3814.v1/dehydrated_device{rest}");
    person.call(method, &path, body).await
}

async fn send(from: &Person, to: &str, device: &str, n: i64) {
    let body = json!({ "messages": { to: { device: { "n": n } } } });
    from.put(&format!("sendToDevice/org.example.note/{}", unique()), body).await.ok();
}

fn numbers(answer: &Value) -> Vec<i64> {
    let events = answer["events"].as_array().unwrap();
    events.iter().map(|event| event["content"]["n"].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn a_dehydrated_device_is_written_to_like_any_other() {
    let house = House::open().await;
    let (alice, bob) = (house.person("alice").await, house.person("bob").await);
    assert_eq!(call(&alice, "GET", "", None).await.refusal(), (404, "M_NOT_FOUND"));
    let device = sleeper(&alice, "SLEEPER");
    let since = alice.sync("timeout=0").await;
    assert_eq!(call(&alice, "PUT", "", Some(body(&device))).await.ok(), json!({ "device_id": "SLEEPER" }));
    let told = alice.sync_since(&since).await;
    assert_eq!(told["device_lists"]["changed"], json!([alice.id]));
    let there = json!({ "device_id": "SLEEPER", "device_data": body(&device)["device_data"] });
    assert_eq!(call(&alice, "GET", "", None).await.ok(), there);

    let shown = query(&bob, &alice.id).await["device_keys"][&alice.id]["SLEEPER"].clone();
    assert_eq!(shown["keys"], device.keys()["keys"]);
    assert_eq!(shown["unsigned"], json!({ "device_display_name": "sleeper" }));
    assert_eq!(claim(&bob, &device.person).await.unwrap().0, "signed_curve25519:A");
    assert_eq!(claim(&bob, &device.person).await.unwrap().0, "signed_curve25519:F");
    let devices = alice.get("devices").await.ok();
    assert_eq!(devices["devices"].as_array().unwrap().len(), 1, "it is none that one could sign out");

    for n in 0..101 {
        send(&bob, &alice.id, if n % 2 == 0 { "SLEEPER" } else { "*" }, n).await;
    }
    let first = call(&alice, "POST", "/SLEEPER/events", Some(json!({}))).await.ok();
    assert_eq!(numbers(&first), (0..100).collect::<Vec<_>>());
    let next = json!({ "next_batch": first["next_batch"] });
    let second = call(&alice, "POST", "/SLEEPER/events", Some(next)).await.ok();
    assert_eq!(numbers(&second), [100]);
    let next = json!({ "next_batch": second["next_batch"] });
    let last = call(&alice, "POST", "/SLEEPER/events", Some(next)).await.ok();
    assert_eq!((numbers(&last), &last["next_batch"]), (vec![], &second["next_batch"]));
    let again = call(&alice, "POST", "/SLEEPER/events", Some(json!({}))).await.ok();
    assert_eq!(again, first, "whoever was interrupted can begin again");

    assert_eq!(call(&alice, "POST", "/OTHER/events", Some(json!({}))).await.refusal(), (403, "M_FORBIDDEN"));
    assert_eq!(call(&bob, "POST", "/SLEEPER/events", Some(json!({}))).await.refusal(), (404, "M_NOT_FOUND"));
}

/// There is one at most, and nothing is left of the one before.
#[tokio::test]
async fn a_dehydrated_device_is_replaced_and_deleted_with_all_that_is_its() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let (first, second) = (sleeper(&alice, "FIRST"), sleeper(&alice, "SECOND"));
    call(&alice, "PUT", "", Some(body(&first))).await.ok();
    send(&alice, &alice.id, "FIRST", 1).await;
    alice.post("logout/all", json!({})).await.ok();
    let alice = house.another_device("alice").await;
    let events = call(&alice, "POST", "/FIRST/events", Some(json!({}))).await.ok();
    assert_eq!(numbers(&events), [1], "it outlives those who sign out");
    call(&alice, "PUT", "", Some(body(&second))).await.ok();
    let shown = query(&alice, &alice.id).await["device_keys"][&alice.id].clone();
    assert_eq!(shown.as_object().unwrap().keys().collect::<Vec<_>>(), ["SECOND"]);
    assert_eq!(claim(&alice, &first.person).await, None);
    assert_eq!(call(&alice, "DELETE", "", None).await.ok(), json!({ "device_id": "SECOND" }));
    assert_eq!(call(&alice, "DELETE", "", None).await.refusal(), (404, "M_NOT_FOUND"));
    assert_eq!(query(&alice, &alice.id).await["device_keys"], json!({ &alice.id: {} }));
}

#[tokio::test]
async fn dehydrated_devices_that_are_not_whole_are_refused() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let device = sleeper(&alice, "SLEEPER");
    let without = |name: &str| {
        let mut body = body(&device);
        body.as_object_mut().unwrap().remove(name);
        body
    };
    let with = |name: &str, value: Value| {
        let mut body = body(&device);
        body[name] = value;
        body
    };
    for (body, refusal) in [
        (without("device_id"), (400, "M_MISSING_PARAM")),
        (without("device_data"), (400, "M_MISSING_PARAM")),
        (without("device_keys"), (400, "M_MISSING_PARAM")),
        (with("device_data", json!("text")), (400, "M_BAD_JSON")),
        (with("device_data", json!({ "a": "x".repeat(66_000) })), (413, "M_TOO_LARGE")),
        (with("device_id", json!("OTHER")), (400, "M_INVALID_PARAM")),
        (body(&sleeper(&alice, &alice.device)), (400, "M_INVALID_PARAM")),
    ] {
        assert_eq!(call(&alice, "PUT", "", Some(body)).await.refusal(), refusal);
    }
    assert_eq!(call(&alice, "GET", "", None).await.refusal(), (404, "M_NOT_FOUND"));
}

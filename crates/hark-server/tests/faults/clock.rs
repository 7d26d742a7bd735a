//! The clock of the machine is set while the server runs. Order, waiting and limits do not follow it (SERVER: the log is the clock).

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    machine::Machine,
    program::Limits,
    support::{Person, bodies, token},
};

const HOUR: i64 = 3600;

/// No time of an event or a person lies in the future of what is told about it.
fn assert_sane(value: &Value) {
    match value {
        Value::Object(members) => {
            for name in ["age", "last_active_ago"] {
                assert!(members.get(name).is_none_or(|ago| ago.as_i64() >= Some(0)), "{value}");
            }
            members.values().for_each(assert_sane);
        }
        Value::Array(items) => items.iter().for_each(assert_sane),
        _ => {}
    }
}

/// Waits in a long poll while somebody speaks.
async fn hears(listener: &Person, at: &Value, room: &str, speaker: &Person, text: &str) -> Value {
    let (waiting, its_room, mut at) = (listener.clone(), room.to_owned(), at.clone());
    let heard = tokio::spawn(async move {
        loop {
            at = waiting.sync(&format!("timeout=60000&since={}", token(&at))).await;
            assert_sane(&at);
            // Somebody's presence ends a wait as well.
            let told = &at["rooms"]["join"][&its_room];
            if told.is_object() {
                return (bodies(&told["timeline"]["events"]).concat(), at);
            }
        }
    });
    speaker.say(room, text).await;
    let (said, heard) = tokio::time::timeout(Duration::from_secs(30), heard).await.expect("woken").unwrap();
    assert_eq!(said, text);
    heard
}

async fn goes_on_after(change: i64) {
    let machine = Machine::new();
    let server = machine.serve(Limits::Off);
    let (ann, bob) =
        (Person::registered(&server.url, "ann").await, Person::registered(&server.url, "bob").await);
    let room = ann.create_room(json!({ "preset": "public_chat" })).await;
    bob.join(&room).await.ok();
    let start = bob.sync("").await;
    let mut at = hears(&bob, &start, &room, &ann, "before").await;
    let old = ann.put(&format!("rooms/{room}/send/m.x/t1"), json!({})).await.ok();
    let (waiting, query) = (bob.clone(), format!("timeout=2000&since={}", token(&bob.sync_since(&at).await)));
    let waiting = tokio::spawn(async move { waiting.sync(&query).await });
    machine.set_clock(change);

    let quiet =
        tokio::time::timeout(Duration::from_secs(30), waiting).await.expect("its time is over").unwrap();
    assert_eq!(quiet["rooms"]["join"], json!({}));
    at = bob.sync_since(&at).await;
    at = hears(&bob, &at, &room, &ann, "after").await;
    at = hears(&bob, &at, &room, &ann, "long after").await;
    let expected = ["before", "after", "long after"];
    for (dir, expected) in [("f", expected.to_vec()), ("b", expected.into_iter().rev().collect())] {
        let page = ann.get(&format!("rooms/{room}/messages?dir={dir}&limit=100")).await.ok();
        assert_eq!(bodies(&page["chunk"]), expected, "the order is that of the log");
        assert_sane(&page);
    }
    assert_eq!(bodies(&bob.sync_since(&start).await["rooms"]["join"][&room]["timeline"]["events"]), expected);
    assert_sane(&ann.sync("").await);
    assert_eq!(
        ann.put(&format!("rooms/{room}/send/m.x/t1"), json!({})).await.ok(),
        old,
        "a retry is still one"
    );

    // Whoever types stops after their time, and not an hour later.
    ann.put(&format!("rooms/{room}/typing/{}", ann.id), json!({ "typing": true, "timeout": 1000 }))
        .await
        .ok();
    let typing = |sync: &Value| {
        let told = &sync["rooms"]["join"][&room]["ephemeral"]["events"];
        told.as_array().and_then(|events| events.iter().find(|event| event["type"] == "m.typing").cloned())
    };
    let mut seen = None;
    while seen.as_ref() != Some(&json!([])) {
        let poll = bob.sync(&format!("timeout=30000&since={}", token(&at))).await;
        seen = typing(&poll).map(|event| event["content"]["user_ids"].clone()).or(seen);
        assert_ne!(token(&poll), token(&at), "nothing was told for half a minute");
        at = poll;
    }

    // The signed-in stay so, and the signing key is still valid.
    ann.get("account/whoami").await.ok();
    server.kill();
    let server = machine.serve(Limits::Off);
    let (ann, bob) = (ann.at(&server.url), bob.at(&server.url));
    hears(&bob, &at, &room, &ann, "after a restart").await;
}

#[tokio::test]
async fn a_clock_set_back_an_hour_changes_no_order_and_no_waiting() {
    goes_on_after(-HOUR).await;
}

#[tokio::test]
async fn a_clock_set_forward_a_week_changes_no_order_and_no_waiting() {
    goes_on_after(7 * 24 * HOUR).await;
}

/// Limits are those of time that passed, whatever the clock says.
#[tokio::test]
async fn a_limit_is_not_lengthened_by_the_clock() {
    let machine = Machine::new();
    let server = machine.serve(Limits::On);
    let ann = Person::registered(&server.url, "ann").await;
    let refused = loop {
        let answer = ann.get("account/whoami").await;
        if answer.status != 200 {
            break answer;
        }
    };
    assert_eq!(refused.refusal(), (429, "M_LIMIT_EXCEEDED"));
    machine.set_clock(-HOUR);
    let again = ann.get("account/whoami").await;
    assert!(again.status == 200 || again.body["retry_after_ms"].as_u64().unwrap() <= 1_000, "{again:?}");
    tokio::time::sleep(Duration::from_secs(1)).await;
    ann.get("account/whoami").await.ok();
}

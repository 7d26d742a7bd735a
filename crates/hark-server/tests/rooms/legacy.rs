//! What clients asked before there was /sync.

use serde_json::{Value, json};

use crate::support::{House, bodies};

/// `GET …/rooms/{roomId}/initialSync` and `GET …/initialSync`: state, messages in the order they were sent, and tokens to go on with.
#[tokio::test]
async fn everything_can_be_had_at_once() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = ann.create_room(json!({ "name": "Kitchen", "visibility": "public" })).await;
    for text in ["one", "two", "three"] {
        ann.say(&room, text).await;
    }
    let at = format!("rooms/{room}/initialSync?limit=2");
    let shown = ann.get(&at).await.ok();
    assert_eq!(
        (&shown["room_id"], &shown["membership"], &shown["visibility"]),
        (&json!(room), &json!("join"), &json!("public"))
    );
    assert_eq!(bodies(&shown["messages"]["chunk"]), ["two", "three"]);
    assert!(shown["state"].as_array().unwrap().iter().any(|event| event["content"]["name"] == "Kitchen"));
    let start = shown["messages"]["start"].as_str().unwrap();
    let earlier = ann.get(&format!("rooms/{room}/messages?dir=b&limit=1&from={start}")).await.ok();
    assert_eq!(bodies(&earlier["chunk"]), ["one"]);
    assert_eq!(bob.get(&at).await.refusal(), (403, "M_FORBIDDEN"));
    assert_eq!(bob.get("rooms/!nowhere:hark.test/initialSync").await, bob.get(&at).await);
    assert_eq!(house.get(&at).await.refusal(), (401, "M_MISSING_TOKEN"));

    let private = ann.create_room(json!({ "invite": [bob.id] })).await;
    let all = bob.get("initialSync").await.ok();
    assert_eq!(all["rooms"], json!([{ "room_id": private, "membership": "invite", "inviter": ann.id }]));
    let hers = ann.get("initialSync?limit=1").await.ok();
    let rooms: Vec<&Value> = hers["rooms"].as_array().unwrap().iter().map(|room| &room["room_id"]).collect();
    assert_eq!(rooms, [&json!(room), &json!(private)]);
    assert_eq!(bodies(&hers["rooms"][0]["messages"]["chunk"]), ["three"]);
    let since = ann.sync_since(&json!({ "next_batch": hers["end"] })).await;
    assert_eq!(since["rooms"]["join"], json!({}), "the token goes on in /sync");
}

/// Receipts are in both answers, each with its room; private ones are their owner's, and those who left get none.
#[tokio::test]
async fn receipts_come_with_everything_else() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = ann.create_room(json!({ "preset": "public_chat" })).await;
    bob.join(&room).await.ok();
    let (one, two) = (ann.say(&room, "one").await, ann.say(&room, "two").await);
    for (kind, event) in [("m.read", &one), ("m.read.private", &two)] {
        bob.post(&format!("rooms/{room}/receipt/{kind}/{event}"), json!({})).await.ok();
    }
    let mut shown = ann.get("initialSync").await.ok()["receipts"].clone();
    let public = shown[0]["content"][&one]["m.read"][&bob.id].take();
    assert!(public["ts"].is_number());
    let stripped = json!({ &one: { "m.read": { &bob.id: null } } });
    assert_eq!(shown, json!([{ "type": "m.receipt", "room_id": room, "content": stripped }]));
    let own = bob.get(&format!("rooms/{room}/initialSync")).await.ok()["receipts"].clone();
    assert!(own[0]["content"][&two]["m.read.private"][&bob.id]["ts"].is_number(), "{own}");
    bob.leave(&room).await.ok();
    assert_eq!(bob.get(&format!("rooms/{room}/initialSync")).await.ok()["receipts"], json!([]));
    assert_eq!(bob.get("initialSync?archived=true").await.ok()["receipts"], json!([]));
}

/// SyTest: "initialSync sees my presence status"; of others, those one shares a room with, and in a room those who are in it.
#[tokio::test]
async fn who_is_there_comes_with_everything_else() {
    let house = House::open().await;
    let (ann, bob, cem) = (house.person("ann").await, house.person("bob").await, house.person("cem").await);
    let (room, other) = (
        ann.create_room(json!({ "preset": "public_chat" })).await,
        ann.create_room(json!({ "preset": "public_chat" })).await,
    );
    bob.join(&room).await.ok();
    cem.join(&other).await.ok();
    for who in [&bob, &cem] {
        who.put(&format!("presence/{}/status", who.id), json!({ "presence": "online" })).await.ok();
    }
    let around = |answer: Value| {
        let events = answer["presence"].as_array().unwrap().clone();
        for event in &events {
            assert_eq!(
                (&event["type"], &event["sender"]),
                (&json!("m.presence"), &event["content"]["user_id"])
            );
            assert!(event["content"]["last_active_ago"].is_number());
        }
        let mut users: Vec<_> =
            events.iter().map(|event| event["sender"].as_str().unwrap().to_owned()).collect();
        users.sort();
        users
    };
    assert_eq!(around(ann.get("initialSync").await.ok()), [&*ann.id, &*bob.id, &*cem.id]);
    assert_eq!(around(bob.get("initialSync").await.ok()), [&*bob.id]);
    assert_eq!(around(ann.get(&format!("rooms/{room}/initialSync")).await.ok()), [&*ann.id, &*bob.id]);
    bob.leave(&room).await.ok();
    assert_eq!(around(bob.get(&format!("rooms/{room}/initialSync")).await.ok()), Vec::<String>::new());
}

/// Rooms one was banned from are among those that were left.
#[tokio::test]
async fn a_room_one_was_banned_from_is_listed_if_asked_for() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = ann.create_room(json!({ "preset": "public_chat" })).await;
    bob.join(&room).await.ok();
    ann.post(&format!("rooms/{room}/ban"), json!({ "user_id": bob.id })).await.ok();
    assert_eq!(bob.get("initialSync").await.ok()["rooms"], json!([]));
    let listed = bob.get("initialSync?archived=true").await.ok()["rooms"][0].clone();
    assert_eq!((&listed["room_id"], &listed["membership"]), (&json!(room), &json!("ban")));
    bob.post(&format!("rooms/{room}/forget"), json!({})).await.ok();
    assert_eq!(bob.get("initialSync?archived=true").await.ok()["rooms"], json!([]));
}

#[tokio::test]
async fn who_left_gets_the_room_as_it_was_then() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = ann.create_room(json!({ "name": "before", "preset": "public_chat" })).await;
    bob.join(&room).await.ok();
    ann.say(&room, "seen").await;
    bob.leave(&room).await.ok();
    ann.set_state(&room, "m.room.name", json!({ "name": "after" })).await.ok();
    ann.say(&room, "unseen").await;
    let shown = bob.get(&format!("rooms/{room}/initialSync")).await.ok();
    assert_eq!(shown["membership"], "leave");
    assert_eq!(bodies(&shown["messages"]["chunk"]), ["seen"]);
    let text = shown.to_string();
    assert!(text.contains("before") && !text.contains("after"), "{text}");
    assert_eq!(bob.get("initialSync").await.ok()["rooms"], json!([]));
    assert_eq!(bob.get("initialSync?archived=true").await.ok()["rooms"][0]["room_id"], json!(room));
}

/// `GET …/events`: answers with what happened, waits for it if nothing has, and goes on from its end.
#[tokio::test]
async fn the_stream_gives_each_event_once_and_waits() {
    let house = House::open().await;
    let (ann, bob) = (house.person("ann").await, house.person("bob").await);
    let room = ann.create_room(json!({ "preset": "public_chat" })).await;
    bob.join(&room).await.ok();
    let began = bob.get("initialSync").await.ok();
    let mut from = began["end"].as_str().unwrap().to_owned();
    let nothing = bob.get(&format!("events?from={from}&timeout=0")).await.ok();
    assert_eq!((&nothing["chunk"], &nothing["start"]), (&json!([]), &json!(from)));
    let waiting = tokio::spawn({
        let (bob, from) = (bob.clone(), from.clone());
        async move { bob.get(&format!("events?from={from}&timeout=60000")).await.ok() }
    });
    ann.say(&room, "awaited").await;
    let first = waiting.await.unwrap();
    assert_eq!(bodies(&first["chunk"]), ["awaited"]);
    assert_eq!(first["chunk"][0]["room_id"], json!(room));
    for index in 0..103 {
        ann.say(&room, &format!("m{index}")).await;
    }
    from = first["end"].as_str().unwrap().to_owned();
    let mut all = Vec::new();
    while all.len() < 103 {
        let page = bob.get(&format!("events?from={from}&timeout=0")).await.ok();
        assert_ne!(page["chunk"], json!([]), "{all:?}");
        all.extend(bodies(&page["chunk"]).into_iter().map(ToOwned::to_owned));
        from = page["end"].as_str().unwrap().to_owned();
    }
    assert_eq!(all, (0..103).map(|index| format!("m{index}")).collect::<Vec<_>>());
    assert_eq!(bob.get("events?from=nonsense").await.refusal(), (400, "M_INVALID_PARAM"));
    let eve = house.person("eve").await;
    assert_eq!(eve.get(&format!("events?room_id={room}&timeout=0")).await.refusal(), (403, "M_FORBIDDEN"));
    assert_eq!(eve.get(&format!("events?from={from}&timeout=0")).await.ok()["chunk"], json!([]));
}

#[tokio::test]
async fn the_stream_of_one_room_leaves_the_others_out() {
    let house = House::open().await;
    let (ann, eve) = (house.person("ann").await, house.person("eve").await);
    let state = json!([{ "type": "m.room.history_visibility", "content": { "history_visibility": "world_readable" } }]);
    let open = ann.create_room(json!({ "initial_state": state })).await;
    let other = ann.create_room(json!({})).await;
    let from = ann.get("initialSync").await.ok()["end"].as_str().unwrap().to_owned();
    ann.say(&other, "elsewhere").await;
    ann.say(&open, "here").await;
    for person in [&ann, &eve] {
        let page = person.get(&format!("events?from={from}&room_id={open}&timeout=0")).await.ok();
        assert_eq!(bodies(&page["chunk"]), ["here"]);
    }
}

/// This server knows no e-mail addresses and no telephone numbers.
#[tokio::test]
async fn addresses_of_other_kinds_are_not_kept() {
    let house = House::open().await;
    let ann = house.person("ann").await;
    assert_eq!(ann.get("account/3pid").await.ok(), json!({ "threepids": [] }));
    for path in [
        "account/3pid",
        "account/3pid/add",
        "account/3pid/bind",
        "account/3pid/delete",
        "account/3pid/unbind",
        "account/3pid/email/requestToken",
        "account/3pid/msisdn/requestToken",
        "account/password/email/requestToken",
        "register/email/requestToken",
    ] {
        assert_eq!(ann.post(path, json!({})).await.refusal(), (403, "M_THREEPID_DENIED"), "{path}");
    }
}

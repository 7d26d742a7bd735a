//! What a gateway is sent (spec: Push Gateway API, `POST /_matrix/push/v1/notify`).

use serde_json::{Map, Value, json};

use crate::{
    gate::Visible,
    push::{Listening, Told},
    rooms::RoomError,
    store::{Pusher, StoreError, to_json_error},
};

/// A format with nothing in it that a gateway could read.
const EVENT_ID_ONLY: &str = "event_id_only";

/// An event, and how much waits with it.
pub(super) fn of_event(
    room: &Listening<'_>,
    told: &Told<'_>,
    pusher: &Pusher,
    badge: i64,
) -> Result<String, RoomError> {
    let event = told.visible.event();
    let tweaks = tweaks(told);
    let mut notification = json!({
        "event_id": event.event_id,
        "room_id": room.head.room_id,
        "prio": priority(&event.kind, &tweaks),
        "counts": { "unread": badge },
    });
    let mut device = device(pusher)?;
    if device["data"]["format"] != EVENT_ID_ONLY {
        device["tweaks"] = tweaks;
        describe(&mut notification, room, &told.visible)?;
    }
    notification["devices"] = json!([device]);
    Ok(json!({ "notification": notification }).to_string())
}

/// How much waits, and no event.
pub(super) fn of_number(pusher: &Pusher, badge: i64) -> Result<String, StoreError> {
    let notification = json!({ "counts": { "unread": badge }, "devices": [device(pusher)?] });
    Ok(json!({ "notification": notification }).to_string())
}

/// What the event says, for gateways that may know it.
fn describe(notification: &mut Value, room: &Listening<'_>, visible: &Visible) -> Result<(), StoreError> {
    let event = visible.event();
    // Gateways of before the specification look for it here.
    notification["id"] = event.event_id.as_str().into();
    notification["type"] = event.kind.as_str().into();
    notification["sender"] = event.sender.as_str().into();
    notification["content"] = serde_json::from_str(visible.content()).map_err(to_json_error("event"))?;
    notification["user_is_target"] = event.is_member_of(room.viewer.user()).into();
    for (name, kind, key, member) in [
        ("sender_display_name", "m.room.member", event.sender.as_str(), "displayname"),
        ("room_name", "m.room.name", "", "name"),
        ("room_alias", "m.room.canonical_alias", "", "alias"),
    ] {
        let Some(state) = room.state(kind, key)? else { continue };
        let content: Value = serde_json::from_str(state.content()).map_err(to_json_error("event"))?;
        if let Some(text) = content.get(member).and_then(Value::as_str).filter(|text| !text.is_empty()) {
            notification[name] = text.into();
        }
    }
    Ok(())
}

/// The device that is woken. Everything the client gave along goes with it, but for the url.
fn device(pusher: &Pusher) -> Result<Value, StoreError> {
    let data: Value = serde_json::from_str(&pusher.data).map_err(to_json_error("pusher"))?;
    Ok(json!({
        "app_id": pusher.key.app_id,
        "pushkey": pusher.key.pushkey,
        "pushkey_ts": pusher.set_ms / 1_000,
        "data": data,
    }))
}

fn tweaks(told: &Told<'_>) -> Value {
    let mut tweaks = Map::new();
    for action in told.outcome.actions {
        if let ruma::push::Action::SetTweak(tweak) = action {
            let value = tweak.value().and_then(|value| serde_json::from_str(value.get()).ok());
            tweaks.insert(tweak.set_tweak().to_owned(), value.unwrap_or(Value::Bool(true)));
        }
    }
    Value::Object(tweaks)
}

/// A device is woken at once for what sounds or mentions, or may do so when it was decrypted.
fn priority(kind: &str, tweaks: &Value) -> &'static str {
    let loud = tweaks.get("sound").is_some() || tweaks.get("highlight") == Some(&Value::Bool(true));
    if loud || kind == "m.room.encrypted" { "high" } else { "low" }
}

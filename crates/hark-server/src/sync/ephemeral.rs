//! Receipts and typing, as events of a room.

use std::collections::BTreeMap;

use ruma::{OwnedEventId, OwnedUserId, RoomId};

use crate::{
    json::{self, Object},
    store::Receipt,
};

/// The `m.receipt` event of some receipts. A threaded and an unthreaded receipt of one user on one event: the unthreaded one
/// counts (MSC4102). `room` stands inside the event where it does not stand around it.
pub(crate) fn receipts(room: Option<&RoomId>, receipts: Vec<Receipt>) -> Option<String> {
    let mut by_event: BTreeMap<OwnedEventId, BTreeMap<String, BTreeMap<OwnedUserId, Receipt>>> =
        BTreeMap::new();
    for receipt in receipts {
        let of_kind =
            by_event.entry(receipt.event_id.clone()).or_default().entry(receipt.kind.clone()).or_default();
        let keeps = of_kind.get(&receipt.user).is_some_and(|kept| kept.thread.is_none());
        if !keeps {
            of_kind.insert(receipt.user.clone(), receipt);
        }
    }
    if by_event.is_empty() {
        return None;
    }
    let mut out = String::new();
    let mut event = Object::new(&mut out);
    let mut content = event.object("content");
    for (event_id, by_kind) in by_event {
        let mut of_event = content.object(event_id.as_str());
        for (kind, by_user) in by_kind {
            let mut of_kind = of_event.object(&kind);
            for (user, receipt) in by_user {
                let mut of_user = of_kind.object(user.as_str());
                if let Some(thread) = &receipt.thread {
                    of_user.text("thread_id", thread);
                }
                of_user.number("ts", receipt.ts);
            }
        }
    }
    drop(content);
    if let Some(room) = room {
        event.text("room_id", room.as_str());
    }
    event.text("type", "m.receipt");
    drop(event);
    Some(out)
}

/// The `m.typing` event of a list.
pub(super) fn typing(users: &[OwnedUserId]) -> String {
    let mut out = String::new();
    let mut event = Object::new(&mut out);
    event.object("content").array("user_ids", users.iter().map(|user| json::text(user.as_str())));
    event.text("type", "m.typing");
    drop(event);
    out
}

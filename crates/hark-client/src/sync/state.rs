//! State events: name, picture, encryption, members. They say how the room is now; history must not pass through here.

use serde_json::Value;

use crate::event::{Event, text};
use crate::store::{Member, Result, Tx};

/// Takes over one state event.
pub(super) fn apply(room_id: &str, event: &Event, tx: &mut Tx<'_>) -> Result<()> {
    if event.state_key.is_none() {
        return Ok(());
    }
    match event.kind.as_str() {
        "m.room.create" => create(room_id, event, tx),
        "m.room.name" => tx.set_room_name(room_id, said(event, "name")),
        "m.room.canonical_alias" => tx.set_alias(room_id, said(event, "alias")),
        "m.room.avatar" => tx.set_room_avatar(room_id, said(event, "url")),
        "m.room.encryption" => tx.set_encrypted(room_id),
        "m.room.member" => member(room_id, event, tx),
        _ => Ok(()),
    }
}

fn said<'a>(event: &'a Event, field: &str) -> Option<&'a str> {
    event.text(field).filter(|value| !value.trim().is_empty())
}

fn create(room_id: &str, event: &Event, tx: &mut Tx<'_>) -> Result<()> {
    // Stripped state of an invitation has no time.
    if event.ts > 0 {
        tx.set_created(room_id, event.ts)?;
    }
    if event.text("type") == Some("m.space") { tx.hide_room(room_id) } else { Ok(()) }
}

fn member(room_id: &str, event: &Event, tx: &mut Tx<'_>) -> Result<()> {
    let Some(user_id) = event.state_key.as_deref() else { return Ok(()) };
    let membership = event.text("membership").unwrap_or("leave");
    if event.content.get("is_direct") == Some(&Value::Bool(true)) {
        if user_id == tx.me && event.sender != tx.me {
            tx.set_direct_hint(room_id, &event.sender)?;
        } else if event.sender == tx.me && user_id != tx.me {
            tx.set_direct_hint(room_id, user_id)?;
        }
    }
    let before = tx.member(room_id, user_id)?;
    let mut now = read(event, membership);
    if matches!(membership, "leave" | "ban") && now.name.is_empty() {
        // Who has left keeps the name their messages were written under.
        (now.name, now.avatar) = before.map(|member| (member.name, member.avatar)).unwrap_or_default();
    }
    tx.set_member(room_id, user_id, &now)
}

/// What a member event says of a person.
pub(super) fn read(event: &Event, membership: &str) -> Member {
    Member {
        membership: membership.to_owned(),
        name: text(&event.content, "displayname").unwrap_or_default().chars().take(256).collect(),
        avatar: text(&event.content, "avatar_url").filter(|url| url.starts_with("mxc://")).map(str::to_owned),
    }
}

//! What a member takes along from a room to its successor: tags, whether it is a direct chat, and push rules (spec: "Room
//! Upgrades"). It happens when they join the successor, so nobody's settings name a room they never chose.

use ruma::{
    OwnedRoomId, RoomId, UserId,
    events::StateEventType,
    push::{NewConditionalPushRule, NewPushRule, NewSimplePushRule, PushCondition, RuleKind, Ruleset},
};
use serde_json::{Map, Value, value::to_raw_value};

use super::{RoomError, power};
use crate::{
    push::edit::{self, Place},
    store::{AuthEvent, Membership, Position, RoomHead, RoomNid, StoreError, Tx, to_json_error},
};

/// Takes along what `user` had set up for the room that `room` follows, if they were in it.
pub(super) fn over(tx: &mut Tx<'_>, room: RoomNid, user: &UserId) -> Result<(), RoomError> {
    let Some(head) = tx.head(room)? else { return Ok(()) };
    let Some(create) = power::current(tx, &head, StateEventType::RoomCreate)? else { return Ok(()) };
    let Some(before) = predecessor(create.content.get()) else { return Ok(()) };
    let Some(nid) = tx.room_nid(&before)? else { return Ok(()) };
    let was_there = tx.membership_history(user, nid)?.iter().any(Membership::is_joined);
    if !was_there || !is_genuine(tx, nid, &head, &create, user)? {
        return Ok(());
    }
    tags(tx, user, &before, &head.room_id)?;
    direct(tx, user, &before, &head.room_id)?;
    push_rules(tx, user, &before, &head.room_id)
}

/// The room that the content of a create event says it follows.
pub(crate) fn predecessor(create: &str) -> Option<OwnedRoomId> {
    let content: Value = serde_json::from_str(create).ok()?;
    RoomId::parse(content.get("predecessor")?.get("room_id")?.as_str()?).ok()
}

/// Anybody can claim to follow a room. It is so if that room says the same, or for whoever made the claim.
fn is_genuine(
    tx: &Tx<'_>,
    before: RoomNid,
    head: &RoomHead,
    create: &AuthEvent,
    user: &UserId,
) -> Result<bool, StoreError> {
    let successor =
        tx.state_text(before, "m.room.tombstone", "replacement_room", Position::FOREVER.before())?;
    Ok(create.sender == user || successor.as_deref() == Some(head.room_id.as_str()))
}

fn tags(tx: &mut Tx<'_>, user: &UserId, from: &RoomId, to: &RoomId) -> Result<(), RoomError> {
    let Some(tags) = tx.account_data(user, Some(from), "m.tag")? else { return Ok(()) };
    if tx.account_data(user, Some(to), "m.tag")?.is_none() {
        tx.set_account_data(user, Some(to), "m.tag", &tags)?;
    }
    Ok(())
}

fn direct(tx: &mut Tx<'_>, user: &UserId, from: &RoomId, to: &RoomId) -> Result<(), RoomError> {
    let Some(stored) = tx.account_data(user, None, "m.direct")? else { return Ok(()) };
    // Clients may write anything there: what is no list of rooms stays as it is.
    let Ok(mut direct) = serde_json::from_str::<Map<String, Value>>(stored.get()) else { return Ok(()) };
    let (from, to) = (Value::from(from.as_str()), Value::from(to.as_str()));
    for rooms in direct.values_mut().filter_map(Value::as_array_mut) {
        if rooms.contains(&from) && !rooms.contains(&to) {
            rooms.push(to.clone());
        }
    }
    let direct = to_raw_value(&direct).map_err(to_json_error("m.direct"))?;
    Ok(tx.set_account_data(user, None, "m.direct", &direct)?)
}

fn push_rules(tx: &mut Tx<'_>, user: &UserId, from: &RoomId, to: &RoomId) -> Result<(), RoomError> {
    let mut rules = tx.push_rules(user)?;
    let copies = copies(&rules, from, to);
    let mut changed = false;
    for (kind, rule, enabled) in copies {
        let id = rule.rule_id().to_owned();
        if rules.get(kind.clone(), &id).is_none() && edit::set(&mut rules, rule, &Place::default()).is_ok() {
            // It was inserted a line above.
            let _found = rules.set_enabled(kind, &id, enabled);
            changed = true;
        }
    }
    if changed {
        tx.set_push_rules(user, rules)?;
    }
    Ok(())
}

/// The rules about `from`, saying the same of `to`: its room rule, and those a client names after it and limits to it (muting).
fn copies(rules: &Ruleset, from: &RoomId, to: &RoomId) -> Vec<(RuleKind, NewPushRule, bool)> {
    let of_room = rules.room.iter().filter(|rule| rule.rule_id == from).map(|rule| {
        let copy = NewSimplePushRule::new(to.to_owned(), rule.actions.clone());
        (RuleKind::Room, NewPushRule::Room(copy), rule.enabled)
    });
    let limited = |kind: RuleKind, make: fn(NewConditionalPushRule) -> NewPushRule| {
        let rules = if kind == RuleKind::Override { &rules.override_ } else { &rules.underride };
        rules.iter().filter(|rule| rule.rule_id.contains(from.as_str())).map(move |rule| {
            let conditions = rule.conditions.iter().cloned().map(|condition| about(condition, from, to));
            let id = rule.rule_id.replace(from.as_str(), to.as_str());
            let copy = NewConditionalPushRule::new(id, conditions.collect(), rule.actions.clone());
            (kind.clone(), make(copy), rule.enabled)
        })
    };
    of_room
        .chain(limited(RuleKind::Override, NewPushRule::Override))
        .chain(limited(RuleKind::Underride, NewPushRule::Underride))
        .collect()
}

fn about(condition: PushCondition, from: &RoomId, to: &RoomId) -> PushCondition {
    match condition {
        PushCondition::EventMatch(mut limit) if limit.key == "room_id" && limit.pattern == from.as_str() => {
            limit.pattern = to.to_string();
            PushCondition::EventMatch(limit)
        }
        other => other,
    }
}

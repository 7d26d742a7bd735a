//! What the default push rules make of an event (spec: "Default rules"), without looking at any one member.
//!
//! Written by hand, because it is asked for every event that is sent; a property test holds it against the rules themselves.

use ruma::{CanonicalJsonValue, OwnedUserId, UserId};

use super::{Draft, RoomError, power::power_levels};
use crate::store::{Counted, Position, RoomHead, RoomNid, Tx};

/// Whom the default rules tell of an event. Its author is never told.
pub(super) struct Notice {
    /// Everybody in the room.
    pub(super) all: bool,
    /// And it stands out for everybody.
    highlight: bool,
    /// Members for whom it stands out because it mentions them.
    mentioned: Vec<OwnedUserId>,
}

/// What the rules make of an event for those it does not mention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Nothing,
    Notify,
    Highlight,
}

/// Whom the default rules tell of `draft`, the next event after `head`.
pub(super) fn by_default(tx: &Tx<'_>, head: &RoomHead, draft: &Draft) -> Result<Notice, RoomError> {
    let verdict = verdict(draft, || {
        Ok::<_, RoomError>(power_levels(tx, head)?.user_can_trigger_room_notification(&draft.sender))
    })?;
    let mut mentioned = Vec::new();
    if verdict != Verdict::Highlight {
        for user in mentions(draft) {
            let Ok(user) = <&UserId>::try_from(user) else { continue };
            let joined = tx.membership(user, head.nid)?.is_some_and(|member| member.is_joined());
            if joined && user != draft.sender {
                mentioned.push(user.to_owned());
            }
        }
    }
    Ok(Notice { all: verdict != Verdict::Nothing, highlight: verdict == Verdict::Highlight, mentioned })
}

impl Notice {
    /// Writes a row for each member the event mentions, or one for the whole room.
    pub(super) fn write(
        &self,
        tx: &mut Tx<'_>,
        room: RoomNid,
        counted: &Counted,
        pos: Position,
    ) -> Result<(), RoomError> {
        if self.highlight {
            tx.insert_highlight(room, None, counted.thread, pos, false)?;
        }
        for user in &self.mentioned {
            tx.insert_highlight(room, Some(user), counted.thread, pos, !counted.notifies)?;
        }
        Ok(())
    }
}

/// The users an event mentions, as far as `.m.rule.is_user_mention` comes to look at it.
fn mentions(draft: &Draft) -> impl Iterator<Item = &str> {
    let users = member(draft, "m.mentions", "user_ids").and_then(CanonicalJsonValue::as_array);
    let users = users.filter(|_| !is_never_told(draft));
    users.unwrap_or_default().iter().filter_map(CanonicalJsonValue::as_str)
}

/// Goes through the default rules in their order. `may_call_all`: may the sender notify the whole room?
fn verdict<E>(draft: &Draft, may_call_all: impl FnOnce() -> Result<bool, E>) -> Result<Verdict, E> {
    if is_never_told(draft) {
        return Ok(Verdict::Nothing);
    }
    let calls_all = member(draft, "m.mentions", "room") == Some(&CanonicalJsonValue::Bool(true));
    let is_state_of_room = draft.state_key.as_deref() == Some("");
    if calls_all && may_call_all()? || is(&draft.kind, "m.room.tombstone") && is_state_of_room {
        return Ok(Verdict::Highlight);
    }
    let rel_type = member(draft, "m.relates_to", "rel_type").and_then(CanonicalJsonValue::as_str);
    if is(&draft.kind, "m.reaction") || rel_type == Some("m.replace") {
        return Ok(Verdict::Nothing);
    }
    let told = ["m.room.message", "m.room.encrypted", "m.call.invite"];
    Ok(if told.iter().any(|kind| is(&draft.kind, kind)) { Verdict::Notify } else { Verdict::Nothing })
}

/// `.m.rule.suppress_notices` and `.m.rule.member_event`, which come before all mentions. An invitation notifies whom it is for,
/// but not in a room they are in.
fn is_never_told(draft: &Draft) -> bool {
    draft.content.text("msgtype").is_some_and(|msgtype| is(msgtype, "m.notice"))
        || is(&draft.kind, "m.room.member")
}

/// As the condition `event_match` compares.
fn is(text: &str, pattern: &str) -> bool {
    text.eq_ignore_ascii_case(pattern)
}

fn member<'a>(draft: &'a Draft, outer: &str, inner: &str) -> Option<&'a CanonicalJsonValue> {
    draft.content.object().get(outer)?.as_object()?.get(inner)
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use proptest::prelude::*;
    use ruma::{
        MilliSecondsSinceUnixEpoch, owned_room_id, owned_user_id,
        power_levels::NotificationPowerLevels,
        push::{Action, PushConditionPowerLevelsCtx, PushConditionRoomCtx, Ruleset},
        room_version_rules::AuthorizationRules,
        serde::Raw,
        user_id,
    };
    use serde_json::{Value, json};

    use super::*;
    use crate::rooms::Content;

    fn event() -> impl Strategy<Value = (Draft, bool)> {
        let kind = prop::sample::select(vec![
            "m.room.message",
            "M.Room.Message",
            "m.room.encrypted",
            "m.reaction",
            "m.room.member",
            "m.room.tombstone",
            "m.room.topic",
            "m.room.server_acl",
            "m.call.invite",
            "org.example.odd",
        ]);
        let state_key = prop::option::of(prop::sample::select(vec!["", "@bob:x", "odd"]));
        let msgtype =
            prop::sample::select(vec![json!("m.text"), json!("m.notice"), json!("M.NOTICE"), json!(7)]);
        let users = prop::sample::select(vec![
            json!(null),
            json!([]),
            json!(["@bob:x"]),
            json!(["@BOB:x", "@cid:x"]),
            json!([1, "@bob:x"]),
            json!("@bob:x"),
        ]);
        let all = prop::sample::select(vec![json!(null), json!(true), json!(false), json!("true")]);
        let rel_type = prop::sample::select(vec![
            json!(null),
            json!("m.replace"),
            json!("m.thread"),
            json!("M.REPLACE"),
        ]);
        (kind, state_key, msgtype, users, all, rel_type, any::<bool>()).prop_map(
            |(kind, state_key, msgtype, users, all, rel_type, may)| {
                let content = json!({
                    "msgtype": msgtype, "membership": "invite", "m.mentions": { "user_ids": users, "room": all },
                    "m.relates_to": { "rel_type": rel_type },
                });
                let draft = Draft {
                    room_id: Some(owned_room_id!("!r:x")),
                    kind: kind.to_owned(),
                    sender: owned_user_id!("@ann:x"),
                    state_key: state_key.map(ToOwned::to_owned),
                    content: Content::of(content).unwrap(),
                    redacts: None,
                    ts: MilliSecondsSinceUnixEpoch(ruma::uint!(1)),
                };
                (draft, may)
            },
        )
    }

    fn judged_by_rules(draft: &Draft, may_call_all: bool, members: u32) -> Verdict {
        let mut json = json!({
            "type": draft.kind, "sender": draft.sender, "event_id": "$e", "origin_server_ts": 1,
            "content": serde_json::from_str::<Value>(draft.content.json()).unwrap(),
        });
        if let Some(state_key) = &draft.state_key {
            json["state_key"] = json!(state_key);
        }
        let raw = Raw::<Value>::from_json_string(json.to_string()).unwrap();
        let bob = user_id!("@bob:x");
        let mut room = PushConditionRoomCtx::new(
            owned_room_id!("!r:x"),
            members.into(),
            bob.to_owned(),
            "Bob".to_owned(),
        );
        let mut notifications = NotificationPowerLevels::new();
        notifications.room = ruma::int!(50);
        let level = if may_call_all { 50 } else { 49 };
        room.power_levels = Some(PushConditionPowerLevelsCtx::new(
            [(draft.sender.clone(), level.into())].into(),
            ruma::int!(0),
            notifications,
            ruma::room_version_rules::RoomPowerLevelsRules::new(&AuthorizationRules::V11, []),
        ));
        let rules = Ruleset::server_default(bob);
        let actions = rules.get_actions(&raw, &room).now_or_never().expect("ruma waits for nothing");
        match (actions.iter().any(Action::should_notify), actions.iter().any(Action::is_highlight)) {
            (false, _) => Verdict::Nothing,
            (true, false) => Verdict::Notify,
            (true, true) => Verdict::Highlight,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn the_verdict_is_that_of_the_default_rules((draft, may) in event(), members in 2_u32..4) {
            let invites_bob = draft.kind == "m.room.member" && draft.state_key.as_deref() == Some("@bob:x");
            // Who is invited is not in the room yet: nothing is counted there.
            prop_assume!(!invites_bob);
            let ours = if mentions(&draft).any(|user| user == "@bob:x") {
                Verdict::Highlight
            } else {
                verdict(&draft, || Ok::<_, std::convert::Infallible>(may)).unwrap()
            };
            prop_assert_eq!(ours, judged_by_rules(&draft, may, members), "{:?}", draft);
        }
    }
}

//! The evaluator agrees with ruma's, which is slower and asynchronous, on rules and events of every kind.

use futures_util::FutureExt as _;
use proptest::prelude::*;
use ruma::{
    Int, OwnedUserId, UInt, UserId, event_id,
    power_levels::{NotificationPowerLevels, NotificationPowerLevelsKey},
    push::{AnyPushRuleRef, PushConditionPowerLevelsCtx, PushConditionRoomCtx, Ruleset},
    room_id,
    room_version_rules::{AuthorizationRules, RoomPowerLevelsRules},
    serde::Raw,
    user_id,
};
use serde_json::{Value, json};

use super::{CompiledRules, Subject, rules::Surroundings};

/// A room that is the same in both worlds.
#[derive(Clone, Debug)]
struct Room {
    joined: u32,
    display_name: String,
    senders_level: i32,
    needed_level: i32,
}

impl Surroundings for Room {
    type Error = std::convert::Infallible;

    fn joined(&self) -> i64 {
        self.joined.into()
    }

    fn may_notify(&self, _: &UserId, key: &NotificationPowerLevelsKey) -> Result<bool, Self::Error> {
        Ok(*key == NotificationPowerLevelsKey::Room && self.senders_level >= self.needed_level)
    }

    fn display_name(&self) -> Result<Option<String>, Self::Error> {
        Ok(Some(self.display_name.clone()))
    }
}

fn me() -> &'static UserId {
    user_id!("@me:hark.test")
}

fn senders() -> impl Strategy<Value = OwnedUserId> {
    prop_oneof![
        1 => Just(me().to_owned()),
        6 => Just(user_id!("@you:hark.test").to_owned()),
        3 => Just(user_id!("@other:hark.test").to_owned()),
    ]
}

/// Few words, so that patterns fit often, of letters that behave alike in any order.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("a"),
        Just("b"),
        Just("ab"),
        Just("B"),
        Just(" "),
        Just("-"),
        Just("_"),
        Just("é"),
        Just("É"),
        Just("1"),
        Just("me"),
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

/// No two wildcards beside each other: ruma takes the second of them literally in the body of a message.
fn pattern() -> impl Strategy<Value = String> {
    let letter =
        prop_oneof![Just("a"), Just("b"), Just("A"), Just(" "), Just("-"), Just("_"), Just("é"), Just("me")];
    let wildcard = prop_oneof![3 => Just(""), 1 => Just("*"), 1 => Just("?")];
    let pairs = prop::collection::vec((wildcard.clone(), letter), 0..5);
    (pairs, wildcard).prop_map(|(pairs, last)| {
        pairs.into_iter().flat_map(|(wildcard, letter)| [wildcard, letter]).collect::<String>() + last
    })
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-2_i64..3).prop_map(Value::from),
        text().prop_map(Value::from),
        Just(json!("m.replace")),
        Just(json!("@me:hark.test")),
    ]
}

fn key() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        Just("content.body"),
        Just("content.msgtype"),
        Just(r"content.m\.mentions.user_ids"),
        Just(r"content.m\.mentions.room"),
        Just(r"content.m\.relates_to.rel_type"),
        Just(r"content.odd\\name\.x"),
        Just("content.odd"),
        Just("content.list"),
        Just("content"),
        Just("content.list.0"),
        Just("type"),
        Just("type.x"),
        Just("sender"),
        Just("state_key"),
        Just("room_id"),
        Just("no.such"),
    ]
}

fn condition() -> impl Strategy<Value = Value> {
    let is = (prop_oneof![Just(""), Just("=="), Just("<"), Just(">"), Just("<="), Just(">=")], 0..4)
        .prop_map(|(sign, count)| format!("{sign}{count}"));
    prop_oneof![
        4 => (key(), pattern()).prop_map(|(key, pattern)| json!({ "kind": "event_match", "key": key, "pattern": pattern })),
        2 => (key(), scalar()).prop_map(|(key, value)| json!({ "kind": "event_property_is", "key": key, "value": value })),
        2 => (key(), scalar())
            .prop_map(|(key, value)| json!({ "kind": "event_property_contains", "key": key, "value": value })),
        1 => is.prop_map(|is| json!({ "kind": "room_member_count", "is": is })),
        1 => Just(json!({ "kind": "contains_display_name" })),
        1 => prop_oneof![Just("room"), Just("org.other")]
            .prop_map(|key| json!({ "kind": "sender_notification_permission", "key": key })),
        1 => Just(json!({ "kind": "org.example.unknown", "key": "type" })),
    ]
}

fn actions() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!([])),
        Just(json!(["dont_notify"])),
        Just(json!(["notify"])),
        Just(json!(["notify", { "set_tweak": "highlight" }, { "set_tweak": "sound", "value": "default" }])),
        Just(json!(["notify", { "set_tweak": "highlight", "value": false }])),
        Just(json!([{ "set_tweak": "highlight" }])),
    ]
}

fn rule_of(members: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    (members, actions(), prop::bool::weighted(0.8)).prop_map(|(mut rule, actions, enabled)| {
        rule["actions"] = actions;
        rule["enabled"] = enabled.into();
        rule["default"] = false.into();
        rule
    })
}

/// Each kind's rules, with ids that say where they stood.
fn rule_set() -> impl Strategy<Value = Ruleset> {
    let conditional = || {
        rule_of(
            prop::collection::vec(condition(), 0..3)
                .prop_map(|conditions| json!({ "conditions": conditions })),
        )
    };
    let conditional = move || prop::collection::vec(conditional(), 0..4);
    let content =
        prop::collection::vec(rule_of(pattern().prop_map(|pattern| json!({ "pattern": pattern }))), 0..3);
    let rooms = prop::collection::vec(
        rule_of(
            prop_oneof![Just("!r:hark.test"), Just("!s:hark.test")].prop_map(|id| json!({ "rule_id": id })),
        ),
        0..2,
    );
    let from = prop::collection::vec(rule_of(senders().prop_map(|id| json!({ "rule_id": id }))), 0..2);
    (conditional(), content, rooms, from, conditional()).prop_map(|(first, content, rooms, from, last)| {
        let named = |rules: Vec<Value>| -> Vec<Value> {
            let named = |(at, mut rule): (usize, Value)| {
                if rule.get("rule_id").is_none() {
                    rule["rule_id"] = format!("rule{at}").into();
                }
                rule
            };
            rules.into_iter().enumerate().map(named).collect()
        };
        let rules = json!({
            "override": named(first), "content": named(content), "room": rooms, "sender": from, "underride": named(last),
        });
        serde_json::from_value(rules).unwrap()
    })
}

fn event() -> impl Strategy<Value = Subject> {
    let content = (
        prop::option::of(text()),
        prop::option::of(scalar()),
        prop::option::of(prop::collection::vec(scalar(), 0..4)),
        prop::option::of(any::<bool>()),
        prop::option::of(text()),
        prop::option::of(scalar()),
    )
        .prop_map(|(body, msgtype, list, room, rel_type, odd)| {
            json!({
                "body": body, "msgtype": msgtype, "list": list.clone(), r"odd\name.x": odd.clone(), "odd": odd,
                "m.mentions": { "user_ids": list, "room": room }, "m.relates_to": { "rel_type": rel_type },
            })
        });
    let kind =
        prop_oneof![Just("m.room.message"), Just("m.room.member"), Just("a"), Just("m.room.tombstone")];
    let content = prop_oneof![9 => content, 1 => Just(json!({}))];
    (kind, senders(), prop::option::of(text()), content).prop_map(|(kind, sender, state_key, content)| {
        Subject {
            room_id: room_id!("!r:hark.test").to_owned(),
            event_id: event_id!("$e").to_owned(),
            kind: kind.to_owned(),
            sender,
            state_key,
            content,
        }
    })
}

fn room() -> impl Strategy<Value = Room> {
    (0_u32..5, prop_oneof![Just("me"), Just("a b"), Just("é")], 0..2, 0..2).prop_map(
        |(joined, display_name, senders_level, needed_level)| Room {
            joined,
            display_name: display_name.to_owned(),
            senders_level,
            needed_level,
        },
    )
}

/// The event as ruma wants it.
fn as_json(event: &Subject) -> Raw<Value> {
    let mut json = json!({
        "type": event.kind, "sender": event.sender, "content": event.content, "room_id": event.room_id, "event_id": event.event_id,
    });
    if let Some(state_key) = &event.state_key {
        json["state_key"] = state_key.as_str().into();
    }
    Raw::new(&json).unwrap()
}

fn as_context(event: &Subject, room: &Room) -> PushConditionRoomCtx {
    let mut notifications = NotificationPowerLevels::new();
    notifications.room = Int::from(room.needed_level);
    let rules = RoomPowerLevelsRules::new(&AuthorizationRules::V11, None);
    let levels = [(event.sender.clone(), Int::from(room.senders_level))].into();
    let power = PushConditionPowerLevelsCtx::new(levels, Int::from(0), notifications, rules);
    PushConditionRoomCtx::new(
        event.room_id.clone(),
        UInt::from(room.joined),
        me().to_owned(),
        room.display_name.clone(),
    )
    .with_power_levels(power)
}

fn agree(rules: &Ruleset, event: &Subject, room: &Room) {
    let compiled = CompiledRules::new(me(), rules);
    let Ok(ours) = compiled.evaluate(event, room);
    let json = as_json(event);
    let context = as_context(event, room);
    let theirs = rules.get_match(&json, &context).now_or_never().expect("nothing in it waits");
    let told = || format!("{} by {} in {room:?}", json.json(), serde_json::to_string(rules).unwrap());
    assert_eq!(ours.notify, theirs.is_some_and(AnyPushRuleRef::triggers_notification), "{}", told());
    let highlight = theirs.is_some_and(|rule| rule.triggers_notification() && rule.triggers_highlight());
    assert_eq!(ours.highlight, highlight, "{}", told());
    let actions = theirs.map_or(&[][..], AnyPushRuleRef::actions);
    assert_eq!(format!("{:?}", ours.actions), format!("{actions:?}"), "{}", told());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn random_rules_say_the_same_of_random_events(
        rules in rule_set(), events in prop::collection::vec(event(), 1..6), room in room(),
    ) {
        for event in &events {
            agree(&rules, event, &room);
        }
    }

    #[test]
    fn the_defaults_say_the_same_of_random_events(events in prop::collection::vec(event(), 1..6), room in room()) {
        for event in &events {
            agree(&Ruleset::server_default(me()), event, &room);
        }
    }
}

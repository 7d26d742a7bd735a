//! Push rules of the account (`m.push_rules`), as far as they concern whole rooms: muted rooms, rooms where only
//! mentions count, and the switches for everything (NO1). Clients write "mute" in two ways: as a room rule that does
//! not notify, after which mentions still do, and as an override rule on the room id, after which nothing does.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::store::{PushLevel, PushScope};

/// The levels of a new `m.push_rules`; what in it makes no sense is left out.
pub(super) fn levels(content: &Map<String, Value>) -> BTreeMap<PushScope, PushLevel> {
    let mut levels = BTreeMap::new();
    let Some(Value::Object(global)) = content.get("global") else { return levels };
    let rules = |kind: &str| global.get(kind).and_then(Value::as_array).into_iter().flatten();
    let named = |kind: &'static str, id: &'static str| rules(kind).find(move |rule| rule_id(rule) == id);

    if named("override", ".m.rule.master").is_some_and(enabled) {
        levels.insert(PushScope::Everything, PushLevel::None);
    }
    let mentions_count = ["is_user_mention", "contains_display_name"]
        .iter()
        .any(|id| named_rule_tells(rules("override"), &format!(".m.rule.{id}")));
    let quiet = if mentions_count { PushLevel::Mentions } else { PushLevel::None };
    for (scope, id) in
        [(PushScope::Persons, ".m.rule.room_one_to_one"), (PushScope::Groups, ".m.rule.message")]
    {
        if named("underride", id).is_some_and(|rule| !tells(rule)) {
            levels.insert(scope, quiet);
        }
    }
    for rule in rules("room").filter(|rule| enabled(rule)) {
        if rule_id(rule).starts_with('!') {
            let level = if tells(rule) { PushLevel::All } else { quiet };
            levels.insert(PushScope::Room(rule_id(rule).to_owned()), level);
        }
    }
    // The first that matches counts, so the last written here.
    let overriding: Vec<&Value> = rules("override").filter(|rule| enabled(rule)).collect();
    for rule in overriding.into_iter().rev() {
        if let Some(room_id) = about_one_room(rule) {
            let level = if tells(rule) { PushLevel::All } else { PushLevel::None };
            levels.insert(PushScope::Room(room_id.to_owned()), level);
        }
    }
    levels
}

/// Absent in an account whose rules are older than these: the server's default tells.
fn named_rule_tells<'a>(mut rules: impl Iterator<Item = &'a Value>, id: &str) -> bool {
    rules.find(|rule| rule_id(rule) == id).is_none_or(tells)
}

fn rule_id(rule: &Value) -> &str {
    rule.get("rule_id").and_then(Value::as_str).unwrap_or_default()
}

fn enabled(rule: &Value) -> bool {
    rule.get("enabled").and_then(Value::as_bool).unwrap_or(true)
}

/// Whether one is told of what the rule matches.
fn tells(rule: &Value) -> bool {
    let actions = rule.get("actions").and_then(Value::as_array).into_iter().flatten();
    enabled(rule) && actions.filter_map(Value::as_str).any(|action| matches!(action, "notify" | "coalesce"))
}

/// The room of a rule whose only condition is that room.
fn about_one_room(rule: &Value) -> Option<&str> {
    let [condition] = rule.get("conditions")?.as_array()?.as_slice() else { return None };
    let is = |field: &str, value: &str| condition.get(field).and_then(Value::as_str) == Some(value);
    (is("kind", "event_match") && is("key", "room_id")).then_some(())?;
    condition.get("pattern")?.as_str().filter(|room_id| room_id.starts_with('!') && !room_id.contains('*'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::{PushLevel, PushScope, levels};

    fn of(global: Value) -> Vec<(PushScope, PushLevel)> {
        let content = json!({ "global": global });
        levels(content.as_object().expect("an object")).into_iter().collect()
    }

    fn room(id: &str) -> PushScope {
        PushScope::Room(id.to_owned())
    }

    #[test]
    fn a_room_rule_leaves_mentions_and_an_override_leaves_nothing() {
        let rules = json!({
            "room": [
                { "rule_id": "!a:x", "enabled": true, "actions": [] },
                { "rule_id": "!b:x", "enabled": true, "actions": ["notify", { "set_tweak": "sound" }] },
                { "rule_id": "!c:x", "enabled": false, "actions": ["dont_notify"] },
                { "rule_id": "!d:x", "actions": ["dont_notify"] },
            ],
            "override": [
                { "rule_id": ".m.rule.master", "enabled": false, "actions": [] },
                { "rule_id": "!d:x", "enabled": true, "actions": [],
                  "conditions": [{ "kind": "event_match", "key": "room_id", "pattern": "!d:x" }] },
                { "rule_id": "other", "enabled": true, "actions": [],
                  "conditions": [{ "kind": "event_match", "key": "type", "pattern": "!e:x" }] },
            ],
        });
        let expected = [
            (room("!a:x"), PushLevel::Mentions),
            (room("!b:x"), PushLevel::All),
            (room("!d:x"), PushLevel::None),
        ];
        assert_eq!(of(rules), expected);
    }

    #[test]
    fn the_master_switch_silences_everything_and_the_defaults_a_kind_of_room() {
        let rules = json!({
            "override": [{ "rule_id": ".m.rule.master", "enabled": true, "actions": [] }],
            "underride": [
                { "rule_id": ".m.rule.message", "enabled": true, "actions": ["dont_notify"] },
                { "rule_id": ".m.rule.room_one_to_one", "enabled": true, "actions": ["notify"] },
            ],
        });
        let expected = [(PushScope::Everything, PushLevel::None), (PushScope::Groups, PushLevel::Mentions)];
        assert_eq!(of(rules), expected);
    }

    #[test]
    fn where_mentions_do_not_count_a_muted_room_is_silent() {
        let off = |id: &str| json!({ "rule_id": id, "enabled": false, "actions": ["notify"] });
        let rules = json!({
            "override": [off(".m.rule.is_user_mention"), off(".m.rule.contains_display_name")],
            "room": [{ "rule_id": "!a:x", "actions": [] }],
        });
        assert_eq!(of(rules), [(room("!a:x"), PushLevel::None)]);
    }

    #[test]
    fn rubbish_is_left_out() {
        assert_eq!(
            of(json!({ "room": [7, {}, { "rule_id": 5 }], "override": "none", "underride": [null] })),
            []
        );
        assert_eq!(levels(&serde_json::Map::new()), std::collections::BTreeMap::new());
    }

    proptest! {
        #[test]
        fn no_rules_make_it_panic(kind in "room|override|underride", text in ".{0,40}") {
            let rule = serde_json::from_str(&text).unwrap_or(json!({ "rule_id": text, "conditions": [text] }));
            of(json!({ kind: [rule] }));
        }
    }
}

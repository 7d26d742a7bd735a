//! How a user's push rules bear on a room as a whole.
//!
//! The totals hold what the default rules notify of. Where a user's rules are those, or silence a room altogether or but for
//! mentions, the totals are all that is needed; where anything else was changed, the rules have to be asked of each event.

use std::cell::OnceCell;

use ruma::{
    RoomId, UserId,
    push::{
        Action, AnyPushRuleRef, ConditionalPushRule, PredefinedOverrideRuleId, PushCondition, RuleKind,
        Ruleset,
    },
};

use crate::{
    push::{self, CompiledRules},
    store::{Position, Snapshot, StoreError},
};

/// How much of a room a user wants to be told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attention {
    /// What the default rules notify of.
    All,
    /// What they highlight.
    Mentions,
    Nothing,
    /// What the rules say of each event.
    ByRules,
}

/// A user's rules.
pub(super) enum Rules {
    Default,
    Changed(Box<Changed>),
}

/// Rules that are not the defaults.
pub(super) struct Changed {
    rules: Ruleset,
    default: Ruleset,
    compiled: OnceCell<CompiledRules>,
    /// When they, or the list of ignored users, were changed last.
    pub(super) since: Position,
}

impl Rules {
    pub(super) fn load(snapshot: &Snapshot<'_>, user: &UserId) -> Result<Self, StoreError> {
        if snapshot.account_data(user, None, push::TYPE)?.is_none() {
            return Ok(Self::Default);
        }
        Ok(Self::Changed(Box::new(Changed {
            rules: snapshot.push_rules(user)?,
            default: Ruleset::server_default(user),
            compiled: OnceCell::new(),
            since: snapshot.rules_changed_at(user)?,
        })))
    }
}

impl Changed {
    /// The rules, ready to be asked.
    pub(super) fn compiled(&self, user: &UserId) -> &CompiledRules {
        self.compiled.get_or_init(|| CompiledRules::new(user, &self.rules))
    }

    /// Goes through the rules in their order, until one decides for the whole room or one that must be asked may come first.
    pub(super) fn attention(&self, room: &RoomId) -> Attention {
        for rule in &self.rules.override_ {
            if let Some(attention) = self.by_override(rule, room) {
                return attention;
            }
        }
        if self.rules.content.iter().any(|rule| rule.enabled) {
            return Attention::ByRules;
        }
        if let Some(rule) = self.rules.room.iter().find(|rule| rule.enabled && rule.rule_id == room) {
            return if notifies(&rule.actions) { Attention::ByRules } else { Attention::Mentions };
        }
        let as_by_default = self.rules.sender.iter().all(|rule| !rule.enabled)
            && self.rules.underride.iter().all(|rule| self.is_as_by_default(RuleKind::Underride, rule));
        if as_by_default { Attention::All } else { Attention::ByRules }
    }

    /// `None`: the rule leaves the room as it is by default.
    fn by_override(&self, rule: &ConditionalPushRule, room: &RoomId) -> Option<Attention> {
        if self.is_as_by_default(RuleKind::Override, rule) || !rule.default && !rule.enabled {
            return None;
        }
        let about = rule.conditions.iter().filter_map(room_of);
        if about.clone().any(|other| !other.eq_ignore_ascii_case(room.as_str())) {
            return None;
        }
        let is_of_whole_room = rule.rule_id == PredefinedOverrideRuleId::Master.as_str()
            || rule.conditions.len() == 1 && about.count() == 1;
        let silences = is_of_whole_room && !notifies(&rule.actions);
        Some(if silences { Attention::Nothing } else { Attention::ByRules })
    }

    /// True for a rule of the specification that does what it does there.
    fn is_as_by_default(&self, kind: RuleKind, rule: &ConditionalPushRule) -> bool {
        let effect = |enabled: bool, actions: &[Action]| {
            enabled.then(|| (notifies(actions), actions.iter().any(Action::is_highlight)))
        };
        self.default.get(kind, &rule.rule_id).is_some_and(|default: AnyPushRuleRef<'_>| {
            rule.default
                && effect(rule.enabled, &rule.actions) == effect(default.enabled(), default.actions())
        })
    }
}

/// The one room a condition is about.
fn room_of(condition: &PushCondition) -> Option<&str> {
    match condition {
        PushCondition::EventMatch(about) if about.key == "room_id" && !about.pattern.contains(['*', '?']) => {
            Some(&about.pattern)
        }
        _ => None,
    }
}

fn notifies(actions: &[Action]) -> bool {
    actions.iter().any(Action::should_notify)
}

#[cfg(test)]
mod tests {
    use ruma::{
        push::{
            EventMatchConditionData, NewConditionalPushRule, NewPatternedPushRule, NewPushRule,
            NewSimplePushRule,
        },
        room_id, user_id,
    };

    use super::*;

    fn changed(change: impl FnOnce(&mut Ruleset)) -> Changed {
        let default = Ruleset::server_default(user_id!("@a:x"));
        let mut rules = default.clone();
        change(&mut rules);
        Changed { rules, default, compiled: OnceCell::new(), since: Position::START }
    }

    fn about(room: &RoomId, more: Option<(&str, &str)>, actions: Vec<Action>) -> NewPushRule {
        let fits = |(key, pattern): (&str, &str)| {
            PushCondition::EventMatch(EventMatchConditionData::new(key.into(), pattern.into()))
        };
        let conditions = [("room_id", room.as_str())].into_iter().chain(more).map(fits).collect();
        NewPushRule::Override(NewConditionalPushRule::new(format!("of {room}"), conditions, actions))
    }

    #[test]
    fn muting_a_room_silences_mentions_too_and_mentions_only_does_not() {
        let (muted, quiet, other) = (room_id!("!muted:x"), room_id!("!quiet:x"), room_id!("!other:x"));
        let rules = changed(|rules| {
            rules.insert(about(muted, None, vec![]), None, None).unwrap();
            let quiet = NewSimplePushRule::new(quiet.to_owned(), vec![]);
            rules.insert(NewPushRule::Room(quiet), None, None).unwrap();
        });
        assert_eq!(rules.attention(muted), Attention::Nothing);
        assert_eq!(rules.attention(quiet), Attention::Mentions);
        assert_eq!(rules.attention(other), Attention::All);
    }

    #[test]
    fn the_master_switch_silences_everything() {
        let rules = changed(|rules| rules.set_enabled(RuleKind::Override, ".m.rule.master", true).unwrap());
        assert_eq!(rules.attention(room_id!("!r:x")), Attention::Nothing);
    }

    #[test]
    fn rules_that_look_into_events_are_asked_of_each_event() {
        let (room, other) = (room_id!("!r:x"), room_id!("!other:x"));
        let message = ".m.rule.message";
        for (everywhere, rules) in [
            (true, changed(|rules| rules.set_enabled(RuleKind::Underride, message, false).unwrap())),
            (true, changed(|rules| rules.set_actions(RuleKind::Underride, message, vec![]).unwrap())),
            (
                true,
                changed(|rules| {
                    rules.set_enabled(RuleKind::Override, ".m.rule.suppress_notices", false).unwrap();
                }),
            ),
            (
                true,
                changed(|rules| {
                    let keyword = NewPatternedPushRule::new("k".into(), "cake".into(), vec![Action::Notify]);
                    rules.insert(NewPushRule::Content(keyword), None, None).unwrap();
                }),
            ),
            (
                false,
                changed(|rules| {
                    rules.insert(about(room, Some(("type", "m.room.topic")), vec![]), None, None).unwrap();
                }),
            ),
            (
                false,
                changed(|rules| {
                    rules.insert(about(room, None, vec![Action::Notify]), None, None).unwrap();
                }),
            ),
        ] {
            assert_eq!(rules.attention(room), Attention::ByRules);
            assert_eq!(rules.attention(other) == Attention::ByRules, everywhere);
        }
    }
}

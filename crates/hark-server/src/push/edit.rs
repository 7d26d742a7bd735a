//! Changing a user's rules, within bounds that keep asking them cheap.

use http::StatusCode;
use ruma::push::{Action, NewPushRule, PushCondition, RemovePushRuleError, RuleKind, Ruleset};

use super::MAX_PATTERN;
use crate::http::ApiError;

/// Rules a user may add to the defaults.
const MAX_RULES: usize = 1_000;
/// The longest rule id, in bytes.
const MAX_ID: usize = 256;
/// The most that conditions and actions of one rule may say, in bytes of JSON.
const MAX_RULE: usize = 4_096;
/// The largest whole list, in bytes of JSON: each change of it is sent to all of the user's clients.
const MAX_LIST: usize = 512 * 1024;

/// Why rules stay as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RuleError {
    #[error("There is no such push rule.")]
    Unknown,
    #[error(
        "Rules that come with the server can be switched off, but not added, removed or used as `before` and `after`."
    )]
    Default,
    #[error("A rule id has at most 256 bytes, begins with no dot and has no slash or backslash in it.")]
    BadId,
    #[error("A pattern has at most 256 bytes.")]
    LongPattern,
    #[error("The rule is too long: its conditions and actions may have 4,096 bytes.")]
    LongRule,
    #[error("There are too many push rules: remove some first.")]
    TooMany,
    #[error("The rule that is to come before is below the one that is to come after.")]
    Order,
}

impl From<RuleError> for ApiError {
    fn from(error: RuleError) -> Self {
        match error {
            RuleError::Unknown => Self::not_found(error.to_string()),
            other => Self::new(StatusCode::BAD_REQUEST, "M_INVALID_PARAM", other.to_string()),
        }
    }
}

/// Where a rule is to stand among those of its kind. Neither given: a new one comes first, an old one stays.
#[derive(Clone, Debug, Default)]
pub(crate) struct Place {
    /// Right after this one.
    pub(crate) after: Option<String>,
    /// Right before this one.
    pub(crate) before: Option<String>,
}

impl Place {
    fn anchors(&self) -> impl Iterator<Item = &str> {
        self.after.as_deref().into_iter().chain(self.before.as_deref())
    }
}

/// Runs an expression on the rules of a kind.
macro_rules! of_kind {
    ($rules:ident, $kind:expr, |$list:ident| $run:expr) => {
        match $kind {
            RuleKind::Override => {
                let $list = &mut $rules.override_;
                $run
            }
            RuleKind::Content => {
                let $list = &mut $rules.content;
                $run
            }
            RuleKind::Room => {
                let $list = &mut $rules.room;
                $run
            }
            RuleKind::Sender => {
                let $list = &mut $rules.sender;
                $run
            }
            RuleKind::Underride => {
                let $list = &mut $rules.underride;
                $run
            }
            _ => Err(RuleError::Unknown),
        }
    };
}

/// Adds a rule, or replaces the one with its id.
pub(crate) fn set(rules: &mut Ruleset, rule: NewPushRule, place: &Place) -> Result<(), RuleError> {
    check(&rule)?;
    let (kind, id) = (rule.kind(), rule.rule_id().to_owned());
    if place.anchors().any(|anchor| anchor.starts_with('.')) {
        return Err(RuleError::Default);
    }
    if place.anchors().any(|anchor| rules.get(kind.clone(), anchor).is_none()) {
        return Err(RuleError::Unknown);
    }
    let own = rules.iter().filter(|rule| !rule.is_server_default()).count();
    if own >= MAX_RULES && rules.get(kind.clone(), &id).is_none() {
        return Err(RuleError::TooMany);
    }
    rules.insert(rule, None, None).map_err(|_| RuleError::BadId)?;
    of_kind!(rules, kind, |list| {
        let find = |id: &str| list.get_index_of(id).ok_or(RuleError::Unknown);
        let from = find(&id)?;
        let after = place.after.as_deref().map(find).transpose()?;
        let before = place.before.as_deref().map(find).transpose()?;
        if let Some(to) = target(from, after, before)? {
            list.move_index(from, to);
        }
        Ok(())
    })?;
    check_length(rules)
}

/// Where the rule that is at `from` ends up: it is taken out first, so all behind it move up.
fn target(from: usize, after: Option<usize>, before: Option<usize>) -> Result<Option<usize>, RuleError> {
    if let (Some(after), Some(before)) = (after, before)
        && after >= before
    {
        return Err(RuleError::Order);
    }
    let without = |index: usize| if from < index { index - 1 } else { index };
    let behind = |index: usize| if from == index { index } else { without(index) + 1 };
    Ok(before.map(without).or(after.map(behind)))
}

/// Takes away a rule the user added.
pub(crate) fn remove(rules: &mut Ruleset, kind: RuleKind, id: &str) -> Result<(), RuleError> {
    rules.remove(kind, id).map_err(|error| match error {
        RemovePushRuleError::ServerDefault => RuleError::Default,
        _ => RuleError::Unknown,
    })
}

/// Switches a rule on or off.
pub(crate) fn set_enabled(
    rules: &mut Ruleset,
    kind: RuleKind,
    id: &str,
    enabled: bool,
) -> Result<(), RuleError> {
    rules.set_enabled(kind, id, enabled).map_err(|_| RuleError::Unknown)
}

/// Says what a rule does.
pub(crate) fn set_actions(
    rules: &mut Ruleset,
    kind: RuleKind,
    id: &str,
    actions: Vec<Action>,
) -> Result<(), RuleError> {
    check_rule(&[], &actions)?;
    rules.set_actions(kind, id, actions).map_err(|_| RuleError::Unknown)?;
    check_length(rules)
}

fn check(rule: &NewPushRule) -> Result<(), RuleError> {
    let id = rule.rule_id();
    if id.starts_with('.') {
        return Err(RuleError::Default);
    }
    if id.is_empty() || id.len() > MAX_ID || id.contains(['/', '\\']) {
        return Err(RuleError::BadId);
    }
    match rule {
        NewPushRule::Override(rule) | NewPushRule::Underride(rule) => {
            check_rule(&rule.conditions, &rule.actions)
        }
        NewPushRule::Content(rule) if rule.pattern.len() > MAX_PATTERN => Err(RuleError::LongPattern),
        NewPushRule::Content(rule) => check_rule(&[], &rule.actions),
        NewPushRule::Room(rule) => check_rule(&[], &rule.actions),
        NewPushRule::Sender(rule) => check_rule(&[], &rule.actions),
        _ => Err(RuleError::Unknown),
    }
}

fn check_rule(conditions: &[PushCondition], actions: &[Action]) -> Result<(), RuleError> {
    let long = |condition: &PushCondition| match condition {
        PushCondition::EventMatch(data) => data.pattern.len() > MAX_PATTERN,
        _ => false,
    };
    if conditions.iter().any(long) {
        return Err(RuleError::LongPattern);
    }
    if length(&(conditions, actions)) > MAX_RULE { Err(RuleError::LongRule) } else { Ok(()) }
}

fn check_length(rules: &Ruleset) -> Result<(), RuleError> {
    if length(rules) > MAX_LIST { Err(RuleError::TooMany) } else { Ok(()) }
}

/// In bytes of JSON. What cannot be written as JSON is too long.
fn length(value: &impl serde::Serialize) -> usize {
    serde_json::to_vec(value).map_or(usize::MAX, |json| json.len())
}

#[cfg(test)]
mod tests {
    use ruma::{
        push::{EventMatchConditionData, NewConditionalPushRule, NewPatternedPushRule},
        user_id,
    };

    use super::*;

    fn content(id: &str) -> NewPushRule {
        NewPushRule::Content(NewPatternedPushRule::new(id.to_owned(), "x".to_owned(), Vec::new()))
    }

    fn place(after: Option<&str>, before: Option<&str>) -> Place {
        Place { after: after.map(ToOwned::to_owned), before: before.map(ToOwned::to_owned) }
    }

    /// `a`, `b`, `c`, then the rule set anew at a place.
    fn order(id: &str, place: &Place) -> Result<String, RuleError> {
        let mut rules = Ruleset::new();
        for id in ["c", "b", "a"] {
            set(&mut rules, content(id), &Place::default()).unwrap();
        }
        set(&mut rules, content(id), place)?;
        Ok(rules.content.iter().map(|rule| rule.rule_id.as_str()).collect())
    }

    #[test]
    fn a_rule_old_or_new_goes_where_it_is_put() {
        assert_eq!(order("n", &place(None, None)).unwrap(), "nabc");
        assert_eq!(order("b", &place(None, None)).unwrap(), "abc");
        for (id, after, before, expected) in [
            ("n", Some("a"), None, "anbc"),
            ("n", Some("c"), None, "abcn"),
            ("n", None, Some("c"), "abnc"),
            ("n", None, Some("a"), "nabc"),
            ("a", Some("c"), None, "bca"),
            ("a", None, Some("c"), "bac"),
            ("c", Some("a"), None, "acb"),
            ("c", None, Some("a"), "cab"),
            ("b", Some("b"), None, "abc"),
            ("b", None, Some("b"), "abc"),
            ("n", Some("a"), Some("c"), "abnc"),
        ] {
            assert_eq!(order(id, &place(after, before)).unwrap(), expected, "{id} {after:?} {before:?}");
        }
        assert_eq!(order("n", &place(Some("c"), Some("a"))), Err(RuleError::Order));
        assert_eq!(order("n", &place(Some("x"), None)), Err(RuleError::Unknown));
        assert_eq!(order("n", &place(None, Some(".m.rule.master"))), Err(RuleError::Default));
    }

    #[test]
    fn rules_have_bounds_and_a_full_list_can_still_be_changed() {
        let mut rules = Ruleset::server_default(user_id!("@a:x"));
        for number in 0..MAX_RULES {
            set(&mut rules, content(&number.to_string()), &Place::default()).unwrap();
        }
        assert_eq!(set(&mut rules, content("more"), &Place::default()), Err(RuleError::TooMany));
        set(&mut rules, content("7"), &place(Some("5"), None)).unwrap();
        remove(&mut rules, RuleKind::Content, "7").unwrap();
        set(&mut rules, content("more"), &Place::default()).unwrap();
        assert_eq!(remove(&mut rules, RuleKind::Override, ".m.rule.master"), Err(RuleError::Default));
        let long = EventMatchConditionData::new("type".to_owned(), "x".repeat(MAX_PATTERN + 1));
        let long = NewConditionalPushRule::new("7".to_owned(), vec![long.into()], Vec::new());
        assert_eq!(
            set(&mut rules, NewPushRule::Override(long), &Place::default()),
            Err(RuleError::LongPattern)
        );
        let many = vec![EventMatchConditionData::new("type".to_owned(), "x".repeat(200)).into(); 30];
        let many = NewConditionalPushRule::new("7".to_owned(), many, Vec::new());
        assert_eq!(set(&mut rules, NewPushRule::Override(many), &Place::default()), Err(RuleError::LongRule));
        assert_eq!(
            set(&mut rules, content(&"x".repeat(MAX_ID + 1)), &Place::default()),
            Err(RuleError::BadId)
        );
        assert_eq!(set(&mut rules, content(".mine"), &Place::default()), Err(RuleError::Default));
        assert_eq!(set(&mut rules, content("a/b"), &Place::default()), Err(RuleError::BadId));
    }
}

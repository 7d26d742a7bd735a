//! What a user's rules say of an event (spec: "Push rules"): the first enabled rule that fits decides, in the order override,
//! content, room, sender, underride.
//!
//! A rule set is compiled once and asked of many events.

use ruma::{
    OwnedUserId, UserId,
    power_levels::NotificationPowerLevelsKey,
    push::{Action, AnyPushRuleRef, PushCondition, RoomMemberCountIs, Ruleset, ScalarJsonValue},
};
use serde_json::Value;

use super::{
    glob::{Fit, Glob},
    subject::{Path, Property, Subject},
};

/// What rules ask of the room besides the event. Asked only where a rule needs it.
pub(crate) trait Surroundings {
    type Error;

    /// How many are in the room.
    fn joined(&self) -> i64;

    /// Whether the sender's power is enough to notify by this name.
    fn may_notify(&self, sender: &UserId, key: &NotificationPowerLevelsKey) -> Result<bool, Self::Error>;

    /// What the owner of the rules is called there.
    fn display_name(&self) -> Result<Option<String>, Self::Error>;
}

/// What is to happen. Default: nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Outcome<'a> {
    /// It counts, and devices are woken.
    pub(crate) notify: bool,
    /// It counts as a mention.
    pub(crate) highlight: bool,
    /// What the rule says word for word.
    pub(crate) actions: &'a [Action],
}

/// A user's rules, ready to be asked.
pub(crate) struct CompiledRules {
    user: OwnedUserId,
    rules: Vec<Rule>,
}

struct Rule {
    /// All of them must hold.
    tests: Vec<Test>,
    notify: bool,
    highlight: bool,
    actions: Vec<Action>,
}

enum Test {
    /// A property is a text the pattern fits.
    Matches(Path, Glob),
    Is(Path, Value),
    Contains(Path, Value),
    Room(String),
    Sender(OwnedUserId),
    Joined(RoomMemberCountIs),
    MayNotify(NotificationPowerLevelsKey),
    NamesMe,
}

impl CompiledRules {
    /// The enabled ones of `rules`, which are `user`'s.
    pub(crate) fn new(user: &UserId, rules: &Ruleset) -> Self {
        let rules = rules.iter().filter(|rule| rule.enabled()).filter_map(compile).collect();
        Self { user: user.to_owned(), rules }
    }

    /// How many rules there are to ask.
    pub(crate) fn len(&self) -> usize {
        self.rules.len()
    }

    /// What is to happen for this event. Of what they sent themselves nobody is told.
    pub(crate) fn evaluate<S: Surroundings>(
        &self,
        event: &Subject,
        room: &S,
    ) -> Result<Outcome<'_>, S::Error> {
        if event.sender == self.user {
            return Ok(Outcome::default());
        }
        for rule in &self.rules {
            if rule.fits(event, room)? {
                return Ok(Outcome {
                    notify: rule.notify,
                    highlight: rule.highlight,
                    actions: &rule.actions,
                });
            }
        }
        Ok(Outcome::default())
    }
}

/// `None` for a rule that can never fit.
fn compile(rule: AnyPushRuleRef<'_>) -> Option<Rule> {
    let tests = match rule {
        AnyPushRuleRef::Override(rule) | AnyPushRuleRef::Underride(rule) => {
            rule.conditions.iter().map(test).collect::<Option<_>>()?
        }
        AnyPushRuleRef::Content(rule) => vec![matches("content.body", &rule.pattern)?],
        AnyPushRuleRef::Room(rule) => vec![Test::Room(rule.rule_id.to_string())],
        AnyPushRuleRef::Sender(rule) => vec![Test::Sender(rule.rule_id.clone())],
        _ => return None,
    };
    let notify = rule.actions().iter().any(Action::should_notify);
    let highlight = notify && rule.actions().iter().any(Action::is_highlight);
    Some(Rule { tests, notify, highlight, actions: rule.actions().to_vec() })
}

/// `None` for a condition nobody here knows: it never holds.
fn test(condition: &PushCondition) -> Option<Test> {
    #[expect(deprecated, reason = "rules of former days still have it")]
    Some(match condition {
        PushCondition::EventMatch(data) => matches(&data.key, &data.pattern)?,
        PushCondition::EventPropertyIs(data) => Test::Is(Path::new(&data.key), json(&data.value)),
        PushCondition::EventPropertyContains(data) => Test::Contains(Path::new(&data.key), json(&data.value)),
        PushCondition::RoomMemberCount(data) => Test::Joined(data.is),
        PushCondition::SenderNotificationPermission(data) => Test::MayNotify(data.key.clone()),
        PushCondition::ContainsDisplayName => Test::NamesMe,
        _ => return None,
    })
}

fn matches(key: &str, pattern: &str) -> Option<Test> {
    let fit = if key == "content.body" { Fit::Words } else { Fit::Whole };
    Some(Test::Matches(Path::new(key), Glob::new(pattern, fit)?))
}

fn json(value: &ScalarJsonValue) -> Value {
    match value {
        ScalarJsonValue::Null => Value::Null,
        ScalarJsonValue::Bool(value) => (*value).into(),
        ScalarJsonValue::Integer(value) => i64::from(*value).into(),
        ScalarJsonValue::String(value) => value.as_str().into(),
    }
}

impl Rule {
    fn fits<S: Surroundings>(&self, event: &Subject, room: &S) -> Result<bool, S::Error> {
        for test in &self.tests {
            if !test.holds(event, room)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl Test {
    fn holds<S: Surroundings>(&self, event: &Subject, room: &S) -> Result<bool, S::Error> {
        Ok(match self {
            Self::Matches(path, glob) => {
                let text = event.get(path).and_then(Property::as_str);
                text.is_some_and(|text| glob.matches(text))
            }
            Self::Is(path, value) => event.get(path).is_some_and(|property| property.is(value)),
            Self::Contains(path, value) => event.get(path).is_some_and(|property| property.contains(value)),
            Self::Room(id) => event.room_id == id.as_str(),
            Self::Sender(id) => event.sender == *id,
            Self::Joined(is) => counts(*is, room.joined()),
            Self::MayNotify(key) => room.may_notify(&event.sender, key)?,
            Self::NamesMe => {
                match (event.content.get("body").and_then(Value::as_str), room.display_name()?) {
                    (Some(body), Some(name)) if !name.is_empty() => {
                        Glob::literally(&name, Fit::Words).is_some_and(|name| name.matches(body))
                    }
                    _ => false,
                }
            }
        })
    }
}

fn counts(is: RoomMemberCountIs, joined: i64) -> bool {
    use ruma::push::ComparisonOperator as Op;
    let count = i64::from(is.count);
    match is.prefix {
        Op::Eq => joined == count,
        Op::Lt => joined < count,
        Op::Gt => joined > count,
        Op::Ge => joined >= count,
        Op::Le => joined <= count,
    }
}

//! What a user's push rules make of a room's counters.
//!
//! The counters hold what the default rules notify of. Rules that speak of the room as a whole (muted, mentions only, the master
//! switch) are applied to them here.

use ruma::{
    RoomId, UserId,
    push::{Action, PredefinedOverrideRuleId, PredefinedUnderrideRuleId, PushCondition, Ruleset},
};

use super::Unread;
use crate::{
    push,
    store::{Room, Snapshot, StoreError},
};

/// How much of a room a user wants to be told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Attention {
    All,
    Mentions,
    Nothing,
}

/// A user's rules, if they are not the defaults.
pub(super) struct Rules(Option<Ruleset>);

impl Rules {
    pub(super) fn load(snapshot: &Snapshot<'_>, user: &UserId) -> Result<Self, StoreError> {
        let changed = snapshot.account_data(user, None, push::TYPE)?.is_some();
        Ok(Self(if changed { Some(snapshot.push_rules(user)?) } else { None }))
    }

    /// The counts to show of a room.
    pub(super) fn apply(&self, room: &Room, unread: Unread) -> Unread {
        let attention =
            self.0.as_ref().map_or(Attention::All, |rules| attention(rules, &room.id, room.joined));
        match attention {
            Attention::All => unread,
            Attention::Mentions => Unread { notifications: unread.highlights, ..unread },
            Attention::Nothing => Unread::default(),
        }
    }
}

fn attention(rules: &Ruleset, room: &RoomId, joined: i64) -> Attention {
    let master = PredefinedOverrideRuleId::Master;
    if rules.override_.iter().any(|rule| rule.enabled && rule.rule_id == master.as_str()) {
        return Attention::Nothing;
    }
    let of_room = rules.override_.iter().find(|rule| {
        let about = |condition: &PushCondition| match condition {
            PushCondition::EventMatch(about) => about.key == "room_id" && about.pattern == room.as_str(),
            _ => false,
        };
        rule.enabled && rule.conditions.len() == 1 && rule.conditions.iter().all(about)
    });
    if let Some(rule) = of_room {
        return if notifies(&rule.actions) { Attention::All } else { Attention::Nothing };
    }
    if let Some(rule) = rules.room.iter().find(|rule| rule.enabled && rule.rule_id == room) {
        return if notifies(&rule.actions) { Attention::All } else { Attention::Mentions };
    }
    use PredefinedUnderrideRuleId as Id;
    let mut ids = vec![Id::Message, Id::Encrypted];
    if joined == 2 {
        ids.extend([Id::RoomOneToOne, Id::EncryptedRoomOneToOne]);
    }
    let wanted = rules.underride.iter().any(|rule| {
        rule.enabled && notifies(&rule.actions) && ids.iter().any(|id| id.as_str() == rule.rule_id)
    });
    if wanted { Attention::All } else { Attention::Mentions }
}

fn notifies(actions: &[Action]) -> bool {
    actions.iter().any(|action| matches!(action, Action::Notify))
}

#[cfg(test)]
mod tests {
    use ruma::{
        push::{NewConditionalPushRule, NewPushRule, NewSimplePushRule, RuleKind},
        room_id, user_id,
    };

    use super::*;

    fn defaults() -> Ruleset {
        Ruleset::server_default(user_id!("@a:x"))
    }

    #[test]
    fn muting_a_room_silences_mentions_too_and_mentions_only_does_not() {
        let (muted, quiet) = (room_id!("!muted:x"), room_id!("!quiet:x"));
        let mut rules = defaults();
        let about = PushCondition::EventMatch(ruma::push::EventMatchConditionData::new(
            "room_id".into(),
            muted.to_string(),
        ));
        let mute = NewConditionalPushRule::new(muted.to_string(), vec![about], vec![]);
        rules.insert(NewPushRule::Override(mute), None, None).unwrap();
        rules
            .insert(NewPushRule::Room(NewSimplePushRule::new(quiet.to_owned(), vec![])), None, None)
            .unwrap();
        assert_eq!(attention(&rules, muted, 5), Attention::Nothing);
        assert_eq!(attention(&rules, quiet, 5), Attention::Mentions);
        assert_eq!(attention(&rules, room_id!("!other:x"), 5), Attention::All);
    }

    #[test]
    fn the_master_switch_silences_everything() {
        let mut rules = defaults();
        assert_eq!(attention(&rules, room_id!("!r:x"), 2), Attention::All);
        rules.set_enabled(RuleKind::Override, ".m.rule.master", true).unwrap();
        assert_eq!(attention(&rules, room_id!("!r:x"), 2), Attention::Nothing);
    }
}

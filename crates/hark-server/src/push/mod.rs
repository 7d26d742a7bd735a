//! Push: what a user is told of.
//!
//! * Here: the rules of a user, which are the specification's defaults as far as they have not changed them.
//! * [`edit`] changes rules within bounds.
//! * [`rules`] says what a compiled rule set makes of an event; [`subject`] is the event and [`in_room`] the room as rules look
//!   at them, [`glob`] their patterns.
//! * [`listener`] is a user in their rooms: what they are told of. [`notifications`] lists it.
//! * [`pusher`] says what a pusher is, [`delivery`] wakes devices through their gateways.
//!
//! Nothing is stored for a user who changed nothing, so that a later list of defaults reaches everybody. Once changed, the whole
//! list is stored as `m.push_rules` account data and the defaults are brought up to date each time it is read.

#[cfg(test)]
mod against_ruma;
mod delivery;
pub(crate) mod edit;
mod glob;
mod in_room;
mod listener;
pub(crate) mod notifications;
pub(crate) mod pusher;
mod rules;
mod subject;

use ruma::{UserId, push::Ruleset};
use serde::{Deserialize, Serialize};
use serde_json::{
    Value, json,
    value::{RawValue, to_raw_value},
};

pub(crate) use self::{
    delivery::{Bell, run},
    glob::MAX_PATTERN,
    in_room::InRoom,
    listener::{Listener, Listening, Told},
    rules::CompiledRules,
    subject::Subject,
};
use crate::store::{Snapshot, StoreError, Tx, to_json_error};

/// The account data type of push rules.
pub(crate) const TYPE: &str = "m.push_rules";

#[derive(Serialize, Deserialize)]
struct Content {
    global: Ruleset,
}

impl Snapshot<'_> {
    /// The rules in force for `user`.
    pub(crate) fn push_rules(&self, user: &UserId) -> Result<Ruleset, StoreError> {
        let Some(stored) = self.account_data(user, None, TYPE)? else {
            return Ok(Ruleset::server_default(user));
        };
        let Content { mut global } = serde_json::from_str(stored.get()).map_err(to_json_error(TYPE))?;
        global.update_with_server_default(Ruleset::server_default(user));
        Ok(global)
    }

    /// The content of `user`'s `m.push_rules`, always whole.
    pub(crate) fn push_rules_content(&self, user: &UserId) -> Result<Box<RawValue>, StoreError> {
        let global = whole(&self.push_rules(user)?).map_err(to_json_error(TYPE))?;
        to_raw_value(&json!({ "global": global })).map_err(to_json_error(TYPE))
    }
}

/// Rules as clients read them: with a list of every kind, which ruma leaves out where it is empty.
pub(crate) fn whole(rules: &Ruleset) -> Result<Value, serde_json::Error> {
    let mut rules = serde_json::to_value(rules)?;
    if let Value::Object(kinds) = &mut rules {
        for kind in ["override", "content", "room", "sender", "underride"] {
            kinds.entry(kind).or_insert_with(|| json!([]));
        }
    }
    Ok(rules)
}

impl Tx<'_> {
    /// Replaces the rules of `user` and wakes their clients.
    pub(crate) fn set_push_rules(&mut self, user: &UserId, rules: Ruleset) -> Result<(), StoreError> {
        let content = to_raw_value(&Content { global: rules }).map_err(to_json_error(TYPE))?;
        self.set_account_data(user, None, TYPE, &content)
    }
}

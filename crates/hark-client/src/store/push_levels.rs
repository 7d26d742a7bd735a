//! Which messages somebody wants to be told of (NO1): what of the account's push rules concerns whole rooms.

use std::collections::BTreeMap;

use rusqlite::OptionalExtension;

use super::{Result, Tx};

/// Of which messages of others one is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PushLevel {
    All,
    /// Only those that name me.
    Mentions,
    None,
}

impl PushLevel {
    fn word(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Mentions => "mentions",
            Self::None => "none",
        }
    }
}

/// Where a level holds. A room's own comes before its kind's; `Everything` before all.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum PushScope {
    Everything,
    Room(String),
    /// Conversations of two without a level of their own.
    Persons,
    /// Groups without a level of their own.
    Groups,
}

impl PushScope {
    fn word(&self) -> &str {
        match self {
            Self::Everything => "everything",
            Self::Room(room_id) => room_id,
            Self::Persons => "person",
            Self::Groups => "group",
        }
    }
}

/// Whether one wants to be told of a message of someone else that I have not read; its plan is tested.
pub(super) const TOLD: &str = "SELECT m.highlight, coalesce(
         (SELECT level FROM push_levels WHERE scope = 'everything'),
         (SELECT level FROM push_levels WHERE scope = m.room_id),
         (SELECT level FROM push_levels WHERE scope = CASE WHEN r.contact IS NULL THEN 'group' ELSE 'person' END),
         'all')
     FROM messages m JOIN rooms r ON r.room_id = m.room_id
     WHERE m.key = ?1 AND m.mine = 0 AND m.counts = 1 AND r.membership = 'join'
       AND (m.sort, m.seq) > (r.read_sort, r.read_seq)";

impl Tx<'_> {
    /// Takes over the levels of new push rules, whole. The inbox lines of rooms that are muted now, or no longer,
    /// follow.
    pub(crate) fn set_push_levels(&mut self, levels: &BTreeMap<PushScope, PushLevel>) -> Result<()> {
        let before: BTreeMap<String, String> = self
            .db()
            .prepare_cached("SELECT scope, level FROM push_levels")?
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        let now: BTreeMap<String, String> =
            levels.iter().map(|(scope, level)| (scope.word().to_owned(), level.word().to_owned())).collect();
        for scope in before.keys().filter(|scope| !now.contains_key(*scope)) {
            self.db().prepare_cached("DELETE FROM push_levels WHERE scope = ?1")?.execute([scope])?;
            self.touch_room(scope)?;
        }
        for (scope, level) in now.iter().filter(|(scope, level)| before.get(*scope) != Some(level)) {
            self.db()
                .prepare_cached("INSERT OR REPLACE INTO push_levels (scope, level) VALUES (?1, ?2)")?
                .execute([scope, level])?;
            self.touch_room(scope)?;
        }
        Ok(())
    }

    /// Whether one wants to be told of a message: another's, not read yet, and the push rules say so.
    pub(super) fn wants_alert(&self, key: i64) -> Result<bool> {
        let found: Option<(bool, String)> = self
            .db()
            .prepare_cached(TOLD)?
            .query_row([key], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        Ok(found.is_some_and(|(names_me, level)| match level.as_str() {
            "none" => false,
            "mentions" => names_me,
            _ => true,
        }))
    }
}

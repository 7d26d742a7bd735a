//! What users told the server's owner about others.

use ruma::{EventId, RoomId, UserId};

use super::{StoreError, Tx};

/// What a report is about.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reported<'a> {
    Event(&'a RoomId, &'a EventId),
    Room(&'a RoomId),
    User(&'a UserId),
}

/// A report about to be stored.
pub(crate) struct Report<'a> {
    pub(crate) reporter: &'a UserId,
    pub(crate) about: Reported<'a>,
    pub(crate) reason: &'a str,
    pub(crate) score: Option<i64>,
    /// When, ms.
    pub(crate) ts: i64,
}

impl Tx<'_> {
    /// Keeps a report.
    pub(crate) fn insert_report(&mut self, report: &Report<'_>) -> Result<(), StoreError> {
        let (room, event, user) = match report.about {
            Reported::Event(room, event) => (Some(room), Some(event), None),
            Reported::Room(room) => (Some(room), None, None),
            Reported::User(user) => (None, None, Some(user)),
        };
        self.prepare(
            "INSERT INTO reports (ts, reporter, room_id, event_id, user_id, reason, score)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )?
        .execute((
            report.ts,
            report.reporter.as_str(),
            room.map(RoomId::as_str),
            event.map(EventId::as_str),
            user.map(UserId::as_str),
            report.reason,
            report.score,
        ))?;
        Ok(())
    }
}

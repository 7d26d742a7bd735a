//! How much waits for a user in a room (spec: "Receiving notifications").
//!
//! [`Reading`] says how far they have read, in the main timeline and in each thread; [`Counter`] counts what came after. What the
//! default push rules notify of is counted by the writer in running totals, so that a count costs the same however much waits.
//! [`attention`] says for which rules these totals are enough; for others, [`told`] asks the rules of each event.

mod attention;
mod counter;
mod reading;
mod told;

use ruma::OwnedEventId;

pub(crate) use self::{
    counter::Counter,
    reading::{MAIN, Reading},
    told::Memory,
};

/// What waits in one timeline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Unread {
    pub(crate) notifications: i64,
    pub(crate) highlights: i64,
}

impl Unread {
    fn is_nothing(self) -> bool {
        self == Self::default()
    }
}

/// What waits in a room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) main: Unread,
    /// The threads in which anything waits, by their roots.
    pub(crate) threads: Vec<(OwnedEventId, Unread)>,
}

impl Counts {
    /// Everything in one, for clients that do not count threads of their own.
    pub(crate) fn merged(&self) -> Unread {
        self.threads.iter().fold(self.main, |sum, (_, thread)| Unread {
            notifications: sum.notifications + thread.notifications,
            highlights: sum.highlights + thread.highlights,
        })
    }

    /// As the rules have it that notify of highlights alone.
    fn mentions_only(mut self) -> Self {
        let mentions = |unread: Unread| Unread { notifications: unread.highlights, ..unread };
        self.main = mentions(self.main);
        self.threads = self.threads.into_iter().map(|(root, unread)| (root, mentions(unread))).collect();
        self.threads.retain(|(_, thread)| !thread.is_nothing());
        self
    }
}

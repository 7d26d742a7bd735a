//! Counting what came after what was read.

use ruma::UserId;

use super::{Counts, Reading, Unread, attention::Rules};
use crate::{
    gate::Ignored,
    store::{Highlight, Position, Room, RoomNid, Snapshot, StoreError, ThreadHead},
};

/// Counts for one user, in any of their rooms.
pub(crate) struct Counter<'a> {
    snapshot: &'a Snapshot<'a>,
    user: &'a UserId,
    ignored: Ignored,
    rules: Rules,
}

/// One timeline of a room, and what waits in it according to the totals.
struct Waiting {
    room: RoomNid,
    thread: Option<Position>,
    read: Position,
    by_totals: i64,
}

impl<'a> Counter<'a> {
    /// `ignored`: those whose messages the user does not want.
    pub(crate) fn new(
        snapshot: &'a Snapshot<'a>,
        user: &'a UserId,
        ignored: Ignored,
    ) -> Result<Self, StoreError> {
        let rules = Rules::load(snapshot, user)?;
        Ok(Self { snapshot, user, ignored, rules })
    }

    /// What waits for the user in a room they are in.
    pub(crate) fn count(&self, room: &Room) -> Result<Counts, StoreError> {
        self.after(room, &Reading::load(self.snapshot, self.user, room.nid)?)
    }

    /// True if what waits in a room may be another thing now than at `since`.
    pub(crate) fn has_changed(&self, room: &Room, since: Position) -> Result<bool, StoreError> {
        if room.head_pos <= since {
            return Ok(false);
        }
        if self.snapshot.reads_or_redacts_after(room.nid, self.user, since)? {
            return Ok(true);
        }
        let reading = Reading::load(self.snapshot, self.user, room.nid)?.at_least(since);
        Ok(!self.after(room, &reading)?.is_nothing())
    }

    /// True if anything may wait in a room, by whatever rules.
    pub(crate) fn may_wait(&self, room: &Room) -> Result<bool, StoreError> {
        let reading = Reading::load(self.snapshot, self.user, room.nid)?;
        Ok(reading.main() < room.head_pos || !self.threads(room, &reading)?.is_empty())
    }

    /// What came after what was read.
    fn after(&self, room: &Room, reading: &Reading) -> Result<Counts, StoreError> {
        let mut counts = self.by_default(room, reading)?;
        counts.main = self.rules.apply(room, counts.main);
        for (_, thread) in &mut counts.threads {
            *thread = self.rules.apply(room, *thread);
        }
        counts.threads.retain(|(_, thread)| !thread.is_nothing());
        Ok(counts)
    }

    /// What the default rules notify of.
    fn by_default(&self, room: &Room, reading: &Reading) -> Result<Counts, StoreError> {
        if reading.everything() >= room.head_pos {
            return Ok(Counts::default());
        }
        let main = if reading.main() < room.head_pos {
            let read = reading.main();
            let by_totals = room.main_total - self.snapshot.totals_at(room.nid, read)?.main;
            let highlights = self.snapshot.highlights_in_main(room.nid, self.user, read)?;
            self.unread(&Waiting { room: room.nid, thread: None, read, by_totals }, &highlights)?
        } else {
            Unread::default()
        };
        Ok(Counts { main, threads: self.threads(room, reading)? })
    }

    fn threads(
        &self,
        room: &Room,
        reading: &Reading,
    ) -> Result<Vec<(ruma::OwnedEventId, Unread)>, StoreError> {
        let base = reading.everything();
        let before = self.snapshot.totals_at(room.nid, base)?;
        let by_totals = (room.notify_total - room.main_total) - (before.all - before.main);
        let highlights = self.snapshot.highlights_in_threads(room.nid, self.user, base)?;
        if by_totals == 0 && highlights.is_empty() {
            return Ok(Vec::new());
        }
        let mut threads = Vec::new();
        for thread in self.snapshot.threads_after(room.nid, base)? {
            let unread = self.thread(room.nid, &thread, reading, &highlights)?;
            if !unread.is_nothing() {
                threads.push((thread.root_id, unread));
            }
        }
        Ok(threads)
    }

    fn thread(
        &self,
        room: RoomNid,
        thread: &ThreadHead,
        reading: &Reading,
        highlights: &[Highlight],
    ) -> Result<Unread, StoreError> {
        let sent = self.snapshot.newest_sent(room, self.user, Some(thread.root))?;
        let read = reading.thread(&thread.root_id).max(sent.unwrap_or(Position::START));
        // Nothing of a thread is older than its root.
        let before = if read > thread.root { self.snapshot.thread_total_at(thread.root, read)? } else { 0 };
        let waiting = Waiting { room, thread: Some(thread.root), read, by_totals: thread.total - before };
        self.unread(&waiting, highlights)
    }

    /// Puts right what the totals cannot know: redactions, people the user ignores, mentions.
    fn unread(&self, waiting: &Waiting, highlights: &[Highlight]) -> Result<Unread, StoreError> {
        let Waiting { room, thread, read, by_totals } = *waiting;
        let mut notifications = by_totals;
        if notifications > 0 {
            notifications -= self.snapshot.uncounted_after(room, thread, read)?;
        }
        for sender in self.ignored.iter() {
            if notifications > 0 {
                notifications -= self.snapshot.notifying_of(room, sender, thread, read)?;
            }
        }
        let told = highlights.iter().filter(|highlight| {
            highlight.thread == thread && highlight.pos > read && !self.ignored.contains(&highlight.sender)
        });
        let mut unread = Unread { notifications: notifications.max(0), highlights: 0 };
        for highlight in told {
            unread.highlights += 1;
            unread.notifications += i64::from(highlight.extra);
        }
        Ok(unread)
    }
}

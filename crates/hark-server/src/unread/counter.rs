//! Counting what came after what was read.

use std::collections::BTreeMap;

use ruma::UserId;

use super::{
    Counts, Memory, Reading, Unread,
    attention::{Attention, Changed, Rules},
    told::{Question, Work},
};
use crate::{
    gate::Ignored,
    store::{Highlight, Position, Room, Snapshot, StoreError, ThreadHead},
};

/// Counts for one user, in any of their rooms.
pub(crate) struct Counter<'a> {
    snapshot: &'a Snapshot<'a>,
    user: &'a UserId,
    ignored: Ignored,
    rules: Rules,
    memory: Memory,
    work: Work,
}

/// One timeline of a room, and what waits in it according to the totals.
struct Waiting<'a> {
    room: &'a Room,
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
        Ok(Self { snapshot, user, ignored, rules, memory: Memory::default(), work: Work::default() })
    }

    /// Where what rules say of events is kept from one count to the next.
    pub(crate) fn remembering(self, memory: &Memory) -> Self {
        Self { memory: memory.clone(), ..self }
    }

    /// What waits for the user in a room they are in.
    pub(crate) fn count(&self, room: &Room) -> Result<Counts, StoreError> {
        self.after(room, &Reading::load_at(self.snapshot, self.user, room.nid, room.head_pos)?)
    }

    /// True if what waits in a room may be another thing now than at `since`, without a receipt of the user's in between.
    pub(crate) fn has_changed(&self, room: &Room, since: Position) -> Result<bool, StoreError> {
        if room.head_pos <= since {
            return Ok(false);
        }
        if self.snapshot.redacts_after(room.nid, since)? {
            return Ok(true);
        }
        let totals = self.snapshot.totals_at(room.nid, since)?;
        let then =
            Room { head_pos: since, notify_total: totals.all, main_total: totals.main, ..room.clone() };
        Ok(self.count(&then)? != self.count(room)?)
    }

    /// True if anything may wait in a room, by whatever rules.
    pub(crate) fn may_wait(&self, room: &Room) -> Result<bool, StoreError> {
        let reading = Reading::load_at(self.snapshot, self.user, room.nid, room.head_pos)?;
        Ok(reading.main() < room.head_pos || !self.threads(room, &reading)?.is_empty())
    }

    /// What came after what was read.
    fn after(&self, room: &Room, reading: &Reading) -> Result<Counts, StoreError> {
        let Rules::Changed(rules) = &self.rules else { return self.by_default(room, reading) };
        match rules.attention(&room.id) {
            Attention::All => self.by_default(room, reading),
            Attention::Mentions => Ok(self.by_default(room, reading)?.mentions_only()),
            Attention::Nothing => Ok(Counts::default()),
            Attention::ByRules => self.by_rules(rules, room, reading),
        }
    }

    /// What the user's own rules tell of.
    fn by_rules(&self, rules: &Changed, room: &Room, reading: &Reading) -> Result<Counts, StoreError> {
        let base = reading.everything();
        if base >= room.head_pos {
            return Ok(Counts::default());
        }
        let threads = self.snapshot.threads_after(room.nid, base)?;
        if reading.main() >= room.head_pos && threads.is_empty() {
            return Ok(Counts::default());
        }
        let question = Question {
            snapshot: self.snapshot,
            user: self.user,
            ignored: &self.ignored,
            rules: rules.compiled(self.user),
            since: rules.since,
            room,
            work: &self.work,
        };
        let told = self.memory.told(&question, base)?;
        let mut by_thread = BTreeMap::<Option<Position>, Vec<_>>::new();
        for told in told.iter().filter(|told| told.pos > base && told.pos <= room.head_pos) {
            by_thread.entry(told.thread).or_default().push(told);
        }
        let unread = |thread: Option<Position>, read: Position| {
            let unread = by_thread.get(&thread).into_iter().flatten().filter(|told| told.pos > read);
            unread.fold(Unread::default(), |sum, told| Unread {
                notifications: sum.notifications + 1,
                highlights: sum.highlights + i64::from(told.highlight),
            })
        };
        let mut counts = Counts { main: unread(None, reading.main()), threads: Vec::new() };
        for thread in threads {
            if by_thread.contains_key(&Some(thread.root)) {
                let found = unread(Some(thread.root), self.read_in(room, &thread, reading)?);
                counts.threads.push((thread.root_id, found));
            }
        }
        counts.threads.retain(|(_, thread)| !thread.is_nothing());
        Ok(counts)
    }

    /// How far a thread was read.
    fn read_in(&self, room: &Room, thread: &ThreadHead, reading: &Reading) -> Result<Position, StoreError> {
        let sent = self.snapshot.newest_sent(room.nid, self.user, Some(thread.root), room.head_pos)?;
        Ok(reading.thread(&thread.root_id).max(sent.unwrap_or(Position::START)))
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
            self.unread(&Waiting { room, thread: None, read, by_totals }, &highlights)?
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
        let mut by_totals = room.notify_total - room.main_total;
        if by_totals > 0 {
            let before = self.snapshot.totals_at(room.nid, base)?;
            by_totals -= before.all - before.main;
        }
        let highlights = self.snapshot.highlights_in_threads(room.nid, self.user, base)?;
        if by_totals == 0 && highlights.is_empty() {
            return Ok(Vec::new());
        }
        let mut threads = Vec::new();
        for thread in self.snapshot.threads_after(room.nid, base)? {
            let unread = self.thread(room, &thread, reading, &highlights)?;
            if !unread.is_nothing() {
                threads.push((thread.root_id, unread));
            }
        }
        Ok(threads)
    }

    fn thread(
        &self,
        room: &Room,
        thread: &ThreadHead,
        reading: &Reading,
        highlights: &[Highlight],
    ) -> Result<Unread, StoreError> {
        let read = self.read_in(room, thread, reading)?;
        // Nothing of a thread is older than its root.
        let before = if read > thread.root { self.snapshot.thread_total_at(thread.root, read)? } else { 0 };
        let total = if thread.newest > room.head_pos {
            self.snapshot.thread_total_at(thread.root, room.head_pos)?
        } else {
            thread.total
        };
        let waiting = Waiting { room, thread: Some(thread.root), read, by_totals: total - before };
        self.unread(&waiting, highlights)
    }

    /// Puts right what the totals cannot know: redactions, people the user ignores, mentions.
    fn unread(&self, waiting: &Waiting<'_>, highlights: &[Highlight]) -> Result<Unread, StoreError> {
        let Waiting { room, thread, read, by_totals } = *waiting;
        let mut notifications = by_totals;
        if notifications > 0 {
            notifications -= self.snapshot.uncounted_after(room.nid, thread, read)?;
        }
        for sender in self.ignored.iter() {
            if notifications > 0 {
                notifications -=
                    self.snapshot.notifying_of(room.nid, sender, thread, (read, room.head_pos))?;
            }
        }
        let told = highlights.iter().filter(|highlight| {
            highlight.thread == thread
                && highlight.pos > read
                && highlight.pos <= room.head_pos
                && !self.ignored.contains(&highlight.sender)
        });
        let mut unread = Unread { notifications: notifications.max(0), highlights: 0 };
        for highlight in told {
            unread.highlights += 1;
            unread.notifications += i64::from(highlight.extra);
        }
        Ok(unread)
    }
}

//! What to show, and when: pure, so that any order of what happens can be tried.
//!
//! There is at most one notification per conversation. A message is gathered when the engine alerts of it, and told of
//! when the line of the inbox that counts it comes, which ends every change of the store: twenty messages of one
//! response are one notification. Afterwards it is replaced, at most once in [`PACE`], and withdrawn when there is
//! nothing unread any more. While the window has the focus, or the person is not to be disturbed, a message is passed
//! over for good: it is not told of later.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use hark_client::model::{Conversation, ConversationId, ConversationKind, Membership, Message};

use super::words;
use crate::api::{Attention, Settings};

/// A notification is not replaced sooner by one that asks for attention.
pub(super) const PACE: Duration = Duration::from_secs(1);

/// Messages of a conversation that are remembered one by one.
const REMEMBERED: usize = 100;

/// What happened.
#[derive(Clone, Debug)]
pub(super) enum News {
    /// A new message to tell of; the line that counts it follows.
    Alert(Box<Message>),
    /// A message is new or changed.
    Changed(Box<Message>),
    /// A message is gone.
    Removed {
        conversation: ConversationId,
        key: i64,
    },
    /// A line of the inbox.
    Line(Box<Conversation>),
    /// A line is gone.
    LineGone(ConversationId),
    /// The whole inbox: something was missed.
    Inbox(Vec<Conversation>),
    Settings(Settings),
    Attention(Attention),
    /// The person clicked the notification.
    Clicked(ConversationId),
    /// The person put it away.
    Dismissed(ConversationId),
    SignedOut,
    /// [`Desk::due`] is over.
    Time,
    /// Hark ends.
    End,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Out {
    /// Shows or replaces the notification of a conversation.
    Show(Note),
    /// Takes it away.
    Withdraw(ConversationId),
    /// Brings the window to a message.
    Open { conversation: ConversationId, key: Option<i64> },
}

/// A notification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Note {
    pub(super) conversation: ConversationId,
    pub(super) title: String,
    pub(super) body: String,
    /// It corrects what is shown and asks for no attention.
    pub(super) quiet: bool,
}

/// What is known of the notifications.
pub(super) struct Desk {
    notify: bool,
    preview: bool,
    do_not_disturb: bool,
    attention: Attention,
    /// Key of the newest message that was alerted of, or was there at the beginning.
    newest_told: i64,
    newest_known: i64,
    piles: HashMap<ConversationId, Pile>,
}

/// What is told of a conversation, or about to be.
#[derive(Default)]
struct Pile {
    name: String,
    group: bool,
    /// The newest of them, by key.
    said: BTreeMap<i64, Said>,
    count: u32,
    shown_at: Option<Instant>,
    /// There are messages the person was not told of.
    news: bool,
    /// What is shown is no longer true.
    stale: bool,
}

struct Said {
    sender: String,
    preview: String,
}

impl Desk {
    pub(super) fn new(settings: &Settings, attention: &Attention) -> Self {
        Self {
            notify: settings.notify,
            preview: settings.preview,
            do_not_disturb: settings.do_not_disturb,
            attention: attention.clone(),
            newest_told: 0,
            newest_known: 0,
            piles: HashMap::new(),
        }
    }

    /// A line that was there before: what it ends with is no news.
    pub(super) fn knows(&mut self, line: &Conversation) {
        self.newest_known = self.newest_known.max(line.last.as_ref().map_or(0, |last| last.key));
    }

    /// When [`News::Time`] is wanted.
    pub(super) fn due(&self) -> Option<Instant> {
        self.piles.values().filter(|pile| pile.news).filter_map(|pile| Some(pile.shown_at? + PACE)).min()
    }

    pub(super) fn handle(&mut self, news: News, now: Instant) -> Vec<Out> {
        match news {
            News::Alert(message) => self.alert(&message),
            News::Changed(message) => self.changed(&message),
            News::Removed { conversation, key } => self.remove(&conversation, key),
            News::Line(line) => return self.line(&line, now),
            News::LineGone(id) => return self.forget(&id),
            News::Inbox(lines) => return self.inbox(&lines, now),
            News::Settings(settings) => return self.settings(&settings, now),
            News::Attention(attention) => return self.attend(attention),
            News::Clicked(id) => return self.clicked(id),
            News::Dismissed(id) => {
                self.piles.remove(&id);
            }
            News::SignedOut | News::End => return self.forget_all(),
            News::Time => return self.show_all(now),
        }
        Vec::new()
    }

    /// Whether a message that comes now is told of.
    fn tells(&self) -> bool {
        self.notify && !self.do_not_disturb && !self.attention.focused
    }

    fn alert(&mut self, message: &Message) {
        if message.key <= self.newest_told {
            return;
        }
        self.newest_told = message.key;
        let Some(preview) = words::preview(&message.content).filter(|_| self.tells()) else { return };
        let pile = self.piles.entry(message.conversation.clone()).or_default();
        pile.said.insert(message.key, Said { sender: words::title(&message.sender_name), preview });
        if pile.said.len() > REMEMBERED {
            pile.said.pop_first();
        }
        pile.count += 1;
        pile.news = true;
    }

    /// An edit shows with the next message; what was removed must not stay.
    fn changed(&mut self, message: &Message) {
        let Some(pile) = self.piles.get_mut(&message.conversation) else { return };
        let Some(said) = pile.said.get_mut(&message.key) else { return };
        match words::preview(&message.content) {
            Some(preview) => said.preview = preview,
            None => self.remove(&message.conversation, message.key),
        }
    }

    /// Its line follows.
    fn remove(&mut self, id: &ConversationId, key: i64) {
        if let Some(pile) = self.piles.get_mut(id)
            && pile.said.remove(&key).is_some()
        {
            pile.count -= 1;
            pile.stale = true;
        }
    }

    fn line(&mut self, line: &Conversation, now: Instant) -> Vec<Out> {
        let Some(pile) = self.piles.get_mut(&line.id) else { return Vec::new() };
        pile.name = words::title(&line.name);
        pile.group = line.kind == ConversationKind::Group;
        pile.keep_newest(line.unread);
        if pile.said.is_empty() || line.membership != Membership::Joined {
            return self.forget(&line.id);
        }
        self.show(&line.id, now).into_iter().collect()
    }

    /// Of what was missed the newest message of each line is told of.
    fn inbox(&mut self, lines: &[Conversation], now: Instant) -> Vec<Out> {
        let known = self.newest_told.max(self.newest_known);
        let mut new: Vec<&Message> = lines
            .iter()
            .filter(|line| line.unread > 0 && !line.muted && line.membership == Membership::Joined)
            .filter_map(|line| line.last.as_ref())
            .filter(|last| !last.mine && last.key > known)
            .collect();
        new.sort_by_key(|message| message.key);
        for message in new {
            self.alert(message);
        }
        let gone: Vec<ConversationId> =
            self.piles.keys().filter(|id| !lines.iter().any(|line| line.id == **id)).cloned().collect();
        let mut out: Vec<Out> = gone.iter().flat_map(|id| self.forget(id)).collect();
        for line in lines {
            out.extend(self.line(line, now));
            self.knows(line);
        }
        out
    }

    fn settings(&mut self, settings: &Settings, now: Instant) -> Vec<Out> {
        let preview_before = std::mem::replace(&mut self.preview, settings.preview);
        self.notify = settings.notify;
        self.do_not_disturb = settings.do_not_disturb;
        if !self.notify {
            return self.forget_all();
        }
        if preview_before != self.preview {
            self.piles.values_mut().for_each(|pile| pile.stale = true);
        }
        self.pass_over();
        self.show_all(now)
    }

    fn attend(&mut self, attention: Attention) -> Vec<Out> {
        self.attention = attention;
        self.pass_over();
        match self.attention.conversation.clone() {
            Some(id) if self.attention.focused => self.forget(&id),
            _ => Vec::new(),
        }
    }

    /// What the person was not told of yet is passed over, where nothing is told of now.
    fn pass_over(&mut self) {
        if !self.tells() {
            self.piles.retain(|_, pile| pile.shown_at.is_some());
            self.piles.values_mut().for_each(|pile| pile.news = false);
        }
    }

    fn clicked(&mut self, id: ConversationId) -> Vec<Out> {
        let key = self.piles.get(&id).and_then(|pile| pile.said.keys().next().copied());
        let mut out = self.forget(&id);
        out.push(Out::Open { conversation: id, key });
        out
    }

    fn forget(&mut self, id: &ConversationId) -> Vec<Out> {
        let shown = self.piles.remove(id).is_some_and(|pile| pile.shown_at.is_some());
        if shown { vec![Out::Withdraw(id.clone())] } else { Vec::new() }
    }

    fn forget_all(&mut self) -> Vec<Out> {
        let ids: Vec<ConversationId> = self.piles.keys().cloned().collect();
        ids.iter().flat_map(|id| self.forget(id)).collect()
    }

    fn show_all(&mut self, now: Instant) -> Vec<Out> {
        let ids: Vec<ConversationId> = self.piles.keys().cloned().collect();
        ids.iter().filter_map(|id| self.show(id, now)).collect()
    }

    /// Shows a conversation's notification, if there is something to say now.
    fn show(&mut self, id: &ConversationId, now: Instant) -> Option<Out> {
        let (preview, tells) = (self.preview, self.tells());
        let pile = self.piles.get_mut(id).filter(|pile| !pile.name.is_empty())?;
        let rested = pile.shown_at.is_none_or(|at| now >= at + PACE);
        let loud = pile.news && tells && rested;
        let outdated = pile.stale && pile.shown_at.is_some();
        if !loud && !outdated {
            return None;
        }
        pile.stale = false;
        if loud {
            pile.news = false;
            pile.shown_at = Some(now);
        }
        let note = Note {
            conversation: id.clone(),
            title: pile.name.clone(),
            body: pile.body(preview),
            quiet: !loud,
        };
        Some(Out::Show(note))
    }
}

impl Pile {
    /// The rest was read.
    fn keep_newest(&mut self, unread: u32) {
        if self.count <= unread {
            return;
        }
        self.count = unread;
        self.stale = true;
        while self.said.len() > unread as usize {
            self.said.pop_first();
        }
    }

    fn body(&self, preview: bool) -> String {
        let newest = self.said.last_key_value().map(|(_, said)| said).filter(|_| preview);
        let line = newest.map(|said| {
            if self.group { format!("{}: {}", said.sender, said.preview) } else { said.preview.clone() }
        });
        match line {
            Some(line) if self.count == 1 => line,
            Some(line) => format!("{}\n{line}", words::count(self.count)),
            None => words::count(self.count),
        }
    }
}

#[cfg(test)]
#[path = "decide_tests.rs"]
mod tests;

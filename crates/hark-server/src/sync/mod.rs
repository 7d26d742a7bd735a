//! What a client has not seen yet.
//!
//! [`changes`] says which rooms concern a user between two positions, and how; it is the one place that decides it. [`response`]
//! renders it as /sync answers, one file per part of a room, and [`pieces`] gives them away. [`wake`] and [`typing`] are the parts that live in memory.
//! [`Sync::poll`] puts them together: look, and if there is nothing, wait for a wake-up and look again.

mod acknowledged;
mod changes;
mod crowds;
mod device_keys;
pub(crate) mod device_lists;
mod ephemeral;
mod lazy;
mod naming;
mod pieces;
mod presence;
mod request;
mod response;
mod room;
mod sections;
mod state;
mod summary;
mod ticks;
pub(crate) mod token;
mod typing;
mod waiting;
mod wake;

use std::{sync::Arc, time::Duration};

use ruma::{OwnedUserId, UserId, presence::PresenceState};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use self::{
    acknowledged::Acknowledged,
    crowds::{Crowds, GATHERED_FOR},
    lazy::SentMembers,
    presence::{GONE_AFTER, Gone, Presence, Shown},
    request::Wanted,
    ticks::Ticks,
    typing::Typing,
    wake::Wakes,
};
pub(crate) use self::{
    ephemeral::receipts as receipts_event, pieces::Answered, request::Query, response::to_device_event,
    room::account_data_event, token::Token,
};
use crate::{
    clock,
    http::{ApiError, Session},
    metrics::{Histogram, Metrics, Passing},
    store::{Position, RoomNid, Snapshot, Store, StoreError},
    unread::Memory,
};

/// The longest a client may wait for something to happen.
const MAX_WAIT: Duration = Duration::from_mins(1);
/// The longest a client may be said to type without saying so again.
const MAX_TYPING: Duration = Duration::from_mins(2);

/// A cheap, clonable handle to everything /sync needs.
#[derive(Clone)]
pub(crate) struct Sync {
    store: Store,
    wakes: Wakes,
    ticks: Ticks,
    typing: Typing,
    presence: Arc<Presence>,
    crowds: Crowds,
    sent_members: Arc<SentMembers>,
    acknowledged: Arc<Acknowledged>,
    polls: Arc<Passing>,
    delivery: Arc<Histogram>,
    told: Memory,
    shutdown: CancellationToken,
}

impl Sync {
    /// Follows the commits of `store` from now on. Long polls answer at once when `shutdown` is cancelled. `presence`: whether anybody
    /// is told who is there.
    pub(crate) fn new(store: Store, metrics: &Metrics, presence: bool, shutdown: CancellationToken) -> Self {
        let wakes = Wakes::new(store.committed());
        let hook = wakes.clone();
        store.on_commit(Box::new(move |batch| hook.committed(batch)));
        let ticks = Ticks::default();
        Self {
            store,
            wakes,
            typing: Typing::new(ticks.clone()),
            presence: Arc::new(Presence::new(ticks.clone(), presence)),
            crowds: Crowds::default(),
            ticks,
            sent_members: Arc::default(),
            acknowledged: Arc::default(),
            polls: metrics.polls.clone(),
            delivery: metrics.delivery.clone(),
            told: Memory::default(),
            shutdown,
        }
    }

    /// Answers a /sync request: at once if there is anything, else when there is or when the client's time is over.
    pub(crate) async fn poll(&self, session: Session, query: Query) -> Result<Answered, ApiError> {
        let deadline = deadline(query.timeout);
        let wanted = Arc::new(Wanted::read(&self.store, &session, query).await?);
        if let Some(since) = &wanted.since {
            self.acknowledge_to_device(&session, since).await?;
        }
        let _there = self.syncing(&session.user_id, wanted.presence.clone());
        // Who is not known here, and may be in thousands of rooms, is asked about only if there is something to wait for.
        if !self.wakes.knows(&session.user_id) {
            let answered = Answered::begin(self, &session, &wanted).await?;
            if wanted.answer_at_once() || clock_now() >= deadline || !answered.is_empty() {
                return Ok(answered);
            }
        }
        let look = |over: bool| {
            let (session, wanted) = (&session, &wanted);
            async move {
                let over = over || wanted.answer_at_once();
                if !over && !self.may_have_changed(&session.user_id, wanted) {
                    return Ok(None);
                }
                let answered = Answered::begin(self, session, wanted).await?;
                Ok((over || !answered.is_empty()).then_some(answered))
            }
        };
        self.until_news(&session.user_id, deadline, look).await
    }

    /// A user types in a room until `timeout` is over.
    pub(crate) fn start_typing(&self, room: RoomNid, user: &UserId, timeout: Duration) {
        let timeout = timeout.min(MAX_TYPING);
        if self.typing.start(room, user, timeout) {
            self.wakes.room_changed(room);
        }
        let (sync, user) = (self.clone(), user.to_owned());
        tokio::spawn(async move {
            tokio::time::sleep(timeout).await;
            if sync.typing.expire(room, &user) {
                sync.wakes.room_changed(room);
            }
        });
    }

    /// A user has stopped typing.
    pub(crate) fn stop_typing(&self, room: RoomNid, user: &UserId) {
        if self.typing.stop(room, user) {
            self.wakes.room_changed(room);
        }
    }

    /// A user says what they are.
    pub(crate) async fn show_presence(
        &self,
        user: &UserId,
        state: PresenceState,
        status: Option<String>,
    ) -> Result<(), StoreError> {
        // Who never syncs has an entry from now on, too: by it those are found who must hear.
        self.wakes.join(user, &self.store).await?;
        if self.presence.say(user, state, status) {
            self.tell_presence(user);
        }
        Ok(())
    }

    /// A user has done something that others see.
    pub(crate) fn act(&self, user: &UserId) {
        if self.presence.act(user) {
            self.tell_presence(user);
        }
    }

    /// The user, and those who are there and share a room with them.
    pub(crate) fn presence_around(
        &self,
        snapshot: &Snapshot<'_>,
        user: &UserId,
    ) -> Result<Vec<(OwnedUserId, Shown)>, StoreError> {
        let mut around = Vec::new();
        for other in self.presence.changed_since(None) {
            if other != user && snapshot.share_a_room(user, &other)? {
                around.extend(self.presence.of(&other).map(|shown| (other, shown)));
            }
        }
        around.push((user.to_owned(), self.presence.of(user).unwrap_or_else(Shown::offline)));
        Ok(around)
    }

    /// What is known of a user since the server started.
    pub(crate) fn presence_of(&self, user: &UserId) -> Option<Shown> {
        self.presence.of(user)
    }

    /// Marks a user as being there while what is returned is held, and for [`GONE_AFTER`] more.
    fn syncing(&self, user: &UserId, state: Option<PresenceState>) -> Syncing {
        if self.presence.begin_sync(user, state) {
            // Those who must hear are found by the user's entry, which the answer itself need not wait for.
            let (sync, user) = (self.clone(), user.to_owned());
            tokio::spawn(async move {
                match sync.wakes.join(&user, &sync.store).await {
                    Ok(_entry) => sync.tell_presence(&user),
                    Err(error) => tracing::warn!(%error, "nobody is told that a user is online"),
                }
            });
        }
        Syncing { sync: self.clone(), user: user.to_owned() }
    }

    /// Wakes those who must hear of a user's presence: at once, but in crowded rooms all together a little later.
    fn tell_presence(&self, user: &UserId) {
        let crowded = self.wakes.user_changed(user);
        if self.crowds.gather(crowded) {
            let sync = self.clone();
            tokio::spawn(async move {
                tokio::time::sleep(GATHERED_FOR).await;
                sync.wakes.crowds_changed(&sync.crowds.take());
            });
        }
    }

    /// Waits until a user is back, or says that they are gone.
    async fn watch(self, user: OwnedUserId) {
        let mut wait = GONE_AFTER;
        loop {
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.shutdown.cancelled() => return,
            }
            match self.presence.gone(&user) {
                Gone::Perhaps(left) => wait = left,
                Gone::No => return,
                Gone::Yes => return self.tell_presence(&user),
            }
        }
    }

    fn may_have_changed(&self, user: &UserId, wanted: &Wanted) -> bool {
        let Some(since) = &wanted.since else { return true };
        // A batch of to-device messages that was cut goes on at once.
        since.to_device.is_some()
            || !self.typing.changed_since(since.ticks).is_empty()
            || self.presence.has_changed_since(since.ticks)
            || self.wakes.may_have_changed(user, since.pos, self.store.committed())
    }

    /// A token says that the device has its messages up to there: they are not needed any more.
    async fn acknowledge_to_device(&self, session: &Session, since: &Token) -> Result<(), ApiError> {
        if self.acknowledged.has_all(session) {
            return Ok(());
        }
        let upto = since.to_device.unwrap_or(since.pos);
        let asked = session.clone();
        let waiting = self
            .store
            .read::<_, ApiError, _>(move |snapshot| {
                Ok(snapshot.has_to_device_upto(&asked.user_id, &asked.device_id, upto)?)
            })
            .await?;
        if waiting {
            let Session { user_id, device_id } = session.clone();
            self.store
                .write::<_, ApiError, _>(move |tx| Ok(tx.delete_to_device_upto(&user_id, &device_id, upto)?))
                .await?;
        }
        if since.to_device.is_none() {
            self.acknowledged.settle(session);
        }
        Ok(())
    }
}

/// A /sync under way.
struct Syncing {
    sync: Sync,
    user: OwnedUserId,
}

impl Drop for Syncing {
    fn drop(&mut self) {
        if self.sync.presence.end_sync(&self.user) {
            tokio::spawn(self.sync.clone().watch(self.user.clone()));
        }
    }
}

/// When a client that may wait `timeout` ms must be answered.
pub(crate) fn deadline(timeout: Option<u64>) -> Instant {
    clock_now() + Duration::from_millis(timeout.unwrap_or(0)).min(MAX_WAIT)
}

fn clock_now() -> Instant {
    Instant::from_std(clock::instant())
}

/// The positions one answer covers: `from < pos <= to`. `from` is `None` in a first sync.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub(crate) from: Option<Position>,
    pub(crate) to: Position,
}

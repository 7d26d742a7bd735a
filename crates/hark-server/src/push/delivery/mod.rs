//! Waking devices (spec: Push Gateway API), off the path of those who send.
//!
//! Each pusher has a [`Line`]: a task that goes through the log behind its own stored position, asks its user's rules, and tells
//! its gateway one thing after the other. So a gateway that is slow or away holds up nobody else, and a restart loses nothing:
//! what was not accepted is found again. Here is who wakes the lines: after each commit those whose users are in a room with new
//! events, or have read something. The rows of pushers are the truth; the [`Bell`] only says when to look at them again.

mod find;
mod gateway;
mod line;
mod message;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use ruma::{OwnedUserId, events::room::member::MembershipState};
use tokio::sync::Notify;
use tokio_util::sync::{CancellationToken, DropGuard};

use self::{
    gateway::Gateways,
    line::{Line, Turns},
};
use crate::{
    App,
    store::{Position, PusherKey, Snapshot, Store, StoreError},
};

/// Gateways spoken to at once, and those among them that failed before.
const AT_ONCE: usize = 64;
const FAILED_AT_ONCE: usize = 16;

/// Rung when a pusher was set or removed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bell(Arc<Notify>);

impl Bell {
    pub(crate) fn ring(&self) {
        self.0.notify_one();
    }
}

/// A running line; it ends when this is dropped.
struct Running {
    set_ms: i64,
    wake: Arc<Notify>,
    _end: DropGuard,
}

/// Every line there is.
struct Lines {
    store: Store,
    bell: Bell,
    gateways: Arc<Gateways>,
    turns: Turns,
    running: HashMap<PusherKey, Running>,
}

/// Wakes devices until the server goes down.
pub(crate) async fn run(app: Arc<App>) {
    let gateways = Arc::new(Gateways::new(&app.config.push_gateways));
    let turns = Turns::new(AT_ONCE, FAILED_AT_ONCE);
    let mut lines =
        Lines { store: app.store.clone(), bell: app.bell.clone(), gateways, turns, running: HashMap::new() };
    let mut commits = app.store.commits();
    let mut seen = *commits.borrow_and_update();
    lines.renew().await;
    loop {
        tokio::select! {
            () = app.bell.0.notified() => lines.renew().await,
            changed = commits.changed() => {
                if changed.is_err() {
                    return;
                }
                let head = *commits.borrow_and_update();
                lines.wake(seen, head).await;
                seen = head;
            }
            () = app.shutdown.cancelled() => return,
        }
    }
}

impl Lines {
    /// Starts lines for new pushers and ends those of pushers that are gone.
    #[expect(
        clippy::redundant_closure_for_method_calls,
        reason = "the method is not general over the snapshot's lifetime"
    )]
    async fn renew(&mut self) {
        let read = self.store.read::<_, StoreError, _>(|snapshot| snapshot.all_pushers()).await;
        let pushers: HashMap<_, _> = match read {
            Ok(pushers) => pushers.into_iter().collect(),
            Err(error) => {
                tracing::warn!(%error, "pushers could not be read");
                return;
            }
        };
        self.running.retain(|key, line| pushers.get(key) == Some(&line.set_ms));
        for (key, set_ms) in pushers {
            if self.running.contains_key(&key) {
                continue;
            }
            let (end, wake) = (CancellationToken::new(), Arc::new(Notify::new()));
            // It begins with what is behind its stored position.
            wake.notify_one();
            let line = Line::new(key.clone(), self.store.clone(), self.gateways.clone(), self.turns.clone());
            tokio::spawn(line.run(wake.clone(), self.bell.clone(), end.clone()));
            self.running.insert(key, Running { set_ms, wake, _end: end.drop_guard() });
        }
    }

    /// Wakes the lines of those whom changes in `from < pos <= to` concern.
    async fn wake(&self, from: Position, to: Position) {
        if self.running.is_empty() {
            return;
        }
        let users: HashSet<OwnedUserId> = self.running.keys().map(|key| key.user.clone()).collect();
        let concerned =
            self.store.read::<_, StoreError, _>(move |snapshot| concerned(snapshot, users, from, to)).await;
        match concerned {
            Ok(users) => {
                let lines = self.running.iter().filter(|(key, _)| users.contains(&key.user));
                lines.for_each(|(_, line)| line.wake.notify_one());
            }
            Err(error) => tracing::warn!(%error, "it could not be read whom to wake"),
        }
    }
}

/// Those of `users` who are in a room with new events, were asked into one, or have read something.
fn concerned(
    snapshot: &Snapshot<'_>,
    users: HashSet<OwnedUserId>,
    from: Position,
    to: Position,
) -> Result<HashSet<OwnedUserId>, StoreError> {
    let changes = snapshot.sent_and_read(from, to)?;
    let hears = |state: &MembershipState| matches!(state, MembershipState::Join | MembershipState::Invite);
    let mut concerned = changes.readers;
    for room in changes.sent {
        let Some(members) = snapshot.room(room)?.map(|room| room.joined + room.invited) else { continue };
        if users.len() as i64 <= members {
            for user in &users {
                if !concerned.contains(user)
                    && snapshot.membership(user, room)?.is_some_and(|member| hears(&member.state))
                {
                    concerned.insert(user.clone());
                }
            }
        } else {
            let members = snapshot.members_at(room, Position::FOREVER.before())?;
            concerned
                .extend(members.into_iter().filter(|member| hears(&member.state)).map(|member| member.user));
        }
    }
    concerned.retain(|user| users.contains(user));
    Ok(concerned)
}

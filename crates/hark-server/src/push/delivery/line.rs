//! One pusher: what its gateway is told, in order.

use std::{sync::Arc, time::Duration};

use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;

use super::{
    Bell,
    find::{self, Found},
    gateway::{Accepted, Gateways},
};
use crate::{
    clock,
    rooms::RoomError,
    store::{Position, PusherKey, Store, StoreError},
};

/// How long a line waits after the first failure; twice as long after each further one.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// How long it waits at most.
const LONGEST_WAIT: Duration = Duration::from_hours(1);
/// Positions a line may have looked at beyond the one that is stored.
const KEPT_IN_MEMORY: i64 = 1_000;

/// How many lines speak at once. Gateways that failed before wait for each other, not for those that work.
#[derive(Clone, Debug)]
pub(super) struct Turns {
    first: Arc<Semaphore>,
    again: Arc<Semaphore>,
}

impl Turns {
    pub(super) fn new(first: usize, again: usize) -> Self {
        Self { first: Arc::new(Semaphore::new(first)), again: Arc::new(Semaphore::new(again)) }
    }
}

/// What went on in one step.
enum Step {
    /// Something was done; there may be more.
    Done,
    /// There is nothing more to tell.
    Idle,
    /// The gateway was not reached, or did not accept.
    Failed,
    /// The pusher is no more.
    Gone,
}

/// The task of one pusher.
pub(super) struct Line {
    key: PusherKey,
    store: Store,
    gateways: Arc<Gateways>,
    turns: Turns,
    /// How often telling failed since it last did not.
    failures: u32,
    /// Up to where it has looked; `None`: as far as is stored.
    looked: Option<Position>,
    /// The user has read or sent something since the gateway was told how much waits.
    recount: bool,
}

impl Line {
    pub(super) fn new(key: PusherKey, store: Store, gateways: Arc<Gateways>, turns: Turns) -> Self {
        // A restart may have come between reading and telling of it.
        Self { key, store, gateways, turns, failures: 0, looked: None, recount: true }
    }

    /// Tells the gateway whenever it is woken, until `end`.
    pub(super) async fn run(mut self, wake: Arc<Notify>, bell: Bell, end: CancellationToken) {
        let work = async {
            loop {
                wake.notified().await;
                if self.catch_up().await.is_none() {
                    // Its row is gone, and with it this line.
                    return bell.ring();
                }
            }
        };
        end.run_until_cancelled(work).await;
    }

    /// Tells all there is to tell, with patience. `None`: the pusher is no more.
    async fn catch_up(&mut self) -> Option<()> {
        loop {
            let step = self.step().await.unwrap_or_else(|error| {
                tracing::warn!(%error, "a pusher could not look for what is new");
                Step::Failed
            });
            match step {
                Step::Done => self.failures = 0,
                Step::Idle => return Some(()),
                Step::Gone => return None,
                Step::Failed => {
                    tokio::time::sleep(wait(self.failures)).await;
                    self.failures = self.failures.saturating_add(1);
                }
            }
        }
    }

    /// Looks for the next thing to tell, and tells it. What was read meanwhile is not found again after a failure.
    async fn step(&mut self) -> Result<Step, RoomError> {
        let turns = if self.failures == 0 { &self.turns.first } else { &self.turns.again };
        let Ok(_turn) = turns.clone().acquire_owned().await else { return Ok(Step::Gone) };
        let (key, looked, recount, now) = (self.key.clone(), self.looked, self.recount, clock::now_ms());
        let found = self.store.read(move |snapshot| find::next(snapshot, &key, looked, recount, now));
        match found.await? {
            Found::NoPusher => Ok(Step::Gone),
            Found::Message { url, body, upto, badge } => self.tell(&url, body, upto, badge).await,
            Found::Nothing { upto, stored, at_head, recount, badge } => {
                self.looked = Some(upto);
                self.recount = recount;
                if upto.0 - stored.0 > KEPT_IN_MEMORY {
                    self.keep(upto, badge).await?;
                }
                Ok(if at_head { Step::Idle } else { Step::Done })
            }
        }
    }

    async fn tell(&mut self, url: &str, body: String, upto: Position, badge: i64) -> Result<Step, RoomError> {
        match self.gateways.tell(url, body, &self.key.pushkey).await {
            Ok(Accepted::Told) => {
                self.keep(upto, Some(badge)).await?;
                self.looked = Some(upto);
                self.recount = false;
                Ok(Step::Done)
            }
            Ok(Accepted::Rejected) => {
                let key = self.key.clone();
                self.store.write::<_, StoreError, _>(move |tx| tx.remove_pusher(&key)).await?;
                Ok(Step::Gone)
            }
            Err(error) => {
                tracing::debug!(%error, "a push gateway was not told");
                Ok(Step::Failed)
            }
        }
    }

    async fn keep(&self, upto: Position, badge: Option<i64>) -> Result<(), StoreError> {
        let key = self.key.clone();
        self.store.write::<_, StoreError, _>(move |tx| tx.pushed_up_to(&key, upto, badge)).await
    }
}

/// How long to wait after as many failures.
fn wait(failures: u32) -> Duration {
    FIRST_WAIT.saturating_mul(2_u32.saturating_pow(failures)).min(LONGEST_WAIT)
}

#[cfg(test)]
mod tests {
    use super::wait;

    #[test]
    fn patience_grows_from_a_second_to_an_hour() {
        let waits: Vec<_> = [0, 1, 2, 11, 12, 40].map(|failures| wait(failures).as_secs()).into();
        assert_eq!(waits, [1, 2, 4, 2_048, 3_600, 3_600]);
    }
}

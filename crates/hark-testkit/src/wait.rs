//! Waiting for an event, never for a time.

use std::fmt::Debug;
use std::future::Future;
use std::time::Duration;

use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio::sync::watch;

/// How long anything may take before a test gives up. Long, since a busy machine is no defect; what is proven is the
/// order of events, and a test that passes never waits for it.
pub const DEADLINE: Duration = Duration::from_mins(1);

/// The answer of `future`, or the end of the test, naming `what` did not come.
pub async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    no_more_than(DEADLINE, what, future).await
}

/// As [`within`], with a deadline of one's own where it is part of the promise.
pub async fn no_more_than<T>(deadline: Duration, what: &str, future: impl Future<Output = T>) -> T {
    let answer = tokio::time::timeout(deadline, future).await;
    answer.unwrap_or_else(|_| panic!("{what}: did not happen within {deadline:?}"))
}

/// Takes events until `pick` makes something of one. Events before it are dropped; a lag is skipped, since what is
/// waited for may still come.
pub async fn wait_for<T: Clone, R>(
    events: &mut Receiver<T>,
    what: &str,
    mut pick: impl FnMut(&T) -> Option<R>,
) -> R {
    within(what, async {
        loop {
            match events.recv().await {
                Ok(event) => {
                    if let Some(found) = pick(&event) {
                        return found;
                    }
                }
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => panic!("{what}: the sender of events has ended"),
            }
        }
    })
    .await
}

/// Waits until a watched value is as wanted, and returns it.
pub async fn wait_until<T: Clone + Debug>(
    value: &mut watch::Receiver<T>,
    what: &str,
    wanted: impl FnMut(&T) -> bool,
) -> T {
    let found = match tokio::time::timeout(DEADLINE, value.wait_for(wanted)).await {
        Ok(Ok(found)) => Some(found.clone()),
        Ok(Err(_)) => panic!("{what}: the owner of the value has ended"),
        Err(_) => None,
    };
    found.unwrap_or_else(|| panic!("{what}: not within {DEADLINE:?}; it stands at {:?}", *value.borrow()))
}

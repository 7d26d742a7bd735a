//! Server to store: one loop of long polls. It owns the sync token, and so decides what is *online*.
//!
//! A response is parsed leniently ([`body`]), applied in one transaction ([`apply`]), and only then others are told:
//! outbox (its echoes came), history (new holes), directory (invitations to join).

mod account_data;
mod apply;
mod backoff;
mod body;
mod ephemeral;
mod invited;
mod joined;
mod left;
mod push_rules;
mod state;
#[cfg(test)]
mod tests;
mod timeline;

use std::sync::Arc;
use std::time::Duration;

use ruma::api::client::filter::{FilterDefinition, LazyLoadOptions};
use ruma::api::client::sync::sync_events::v3::{Filter, Request};
use ruma::uint;

pub(crate) use apply::{Applied, apply};
pub(crate) use backoff::Backoff;
pub(crate) use body::{History, SyncBody};
pub(crate) use timeline::prepend;

use crate::core::{Core, Session};
use crate::error::Error;
use crate::model::Connection;
use crate::store::meta;
use crate::transport::Failure;
use crate::{clock, random};

/// How long the server may hold an answer.
const HOLD: Duration = Duration::from_secs(30);
/// How long an answer may take beyond that.
const GRACE: Duration = Duration::from_secs(15);
/// A first sync makes the server work.
const FIRST_PATIENCE: Duration = Duration::from_mins(3);

/// Why a round did not bring a response into the store.
enum Trouble {
    Network(Failure),
    Store(Error),
}

/// Syncs whoever is signed in, until the engine closes.
pub(crate) async fn run(core: Arc<Core>) {
    while let Some(session) = core.next_session(None).await {
        core.set_link(Connection::Connecting);
        tokio::select! {
            () = follow(&core, &session) => {}
            () = core.session_over(&session) => {}
        }
        core.synced.send_replace(None);
    }
}

async fn follow(core: &Arc<Core>, session: &Arc<Session>) {
    let mut backoff = Backoff::default();
    // The first answer after a silence comes at once, whatever there is: it tells that the link stands.
    let mut hold = Duration::ZERO;
    loop {
        let round = tokio::select! {
            round = round(core, session, hold) => round,
            () = core.poke.notified() => {
                hold = Duration::ZERO;
                continue;
            }
        };
        match round {
            Ok(()) => {
                backoff.reset();
                hold = HOLD;
            }
            Err(trouble) => {
                hold = Duration::ZERO;
                if !wait_out(core, session, trouble, &mut backoff).await {
                    return;
                }
            }
        }
    }
}

/// One request, one transaction.
async fn round(core: &Arc<Core>, session: &Session, hold: Duration) -> Result<(), Trouble> {
    let asked = clock::instant();
    let since = core.store.read(meta::sync_token).await.map_err(|error| Trouble::Store(error.into()))?;
    let first = since.is_none();
    let patience = if first { FIRST_PATIENCE } else { hold + GRACE };
    let answer = session.http.body(request(since, hold), patience).await.map_err(Trouble::Network)?;
    let body = tokio::task::spawn_blocking(move || serde_json::from_slice::<SyncBody>(&answer))
        .await
        .map_err(|_| Trouble::Store(Error::Closed))?
        .map_err(|error| {
            Trouble::Network(Failure::Offline(format!("the answer to a sync is not Matrix: {error}")))
        })?;
    let login = session.login.clone();
    let applied = core
        .store
        .write(move |tx| apply(tx, body, &login, first))
        .await
        .map_err(|error| Trouble::Store(error.into()))?;
    core.synced.send_replace(Some(asked));
    core.set_link(Connection::Online);
    hand_on(core, applied, first).await;
    Ok(())
}

/// Tells the other owners what a response means for them.
async fn hand_on(core: &Core, applied: Applied, first: bool) {
    core.outbox.settled(applied.settled).await;
    core.outbox.link(true).await;
    if applied.invitations || first {
        core.directory.wake();
    }
    for room_id in applied.gaps {
        core.history.fill(room_id);
    }
    core.signals.wake();
}

/// Waits as the trouble asks. False: this login is over.
async fn wait_out(core: &Arc<Core>, session: &Session, trouble: Trouble, backoff: &mut Backoff) -> bool {
    let (wait, reason) = match trouble {
        Trouble::Store(Error::Closed | Error::SignedOut) => return false,
        Trouble::Store(error) => (backoff.next(random::unit()), error.to_string()),
        Trouble::Network(failure) => {
            if core.check_login(session, &failure) {
                return false;
            }
            if let Failure::Matrix { errcode, .. } = &failure
                && matches!(errcode.as_str(), "M_INVALID_PARAM" | "M_UNKNOWN_POS")
                && start_over(core).await
            {
                return true;
            }
            let asked = match &failure {
                Failure::Matrix { retry_after, .. } => *retry_after,
                _ => None,
            };
            (asked.unwrap_or_else(|| backoff.next(random::unit())), offline_sentence(&failure))
        }
    };
    let wait_ms = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
    let retry_at = (clock::now_ms() + wait_ms).max(0).unsigned_abs();
    core.set_link(Connection::Offline { retry_at, reason });
    core.outbox.link(false).await;
    if let Err(error) = core
        .store
        .write(|tx| {
            tx.clear_typing()?;
            Ok(())
        })
        .await
    {
        tracing::debug!(%error, "typing is not cleared");
    }
    tokio::select! {
        () = tokio::time::sleep(wait) => {}
        () = core.poke.notified() => {}
    }
    true
}

fn offline_sentence(failure: &Failure) -> String {
    let reason = failure.to_string();
    format!(
        "The server cannot be reached ({}). Hark keeps trying; nothing is lost.",
        reason.trim_end_matches('.')
    )
}

/// The server does not know our token: a first sync again, over what is here. False where there was none to drop.
async fn start_over(core: &Core) -> bool {
    let had_one = core.store.read(meta::sync_token).await.is_ok_and(|token| token.is_some());
    if had_one {
        tracing::info!("the server does not know where we were; syncing afresh");
    }
    had_one && core.store.write(|tx| tx.forget_sync_token()).await.is_ok()
}

fn request(since: Option<String>, hold: Duration) -> Request {
    let mut filter = FilterDefinition::default();
    filter.room.timeline.limit = Some(uint!(20));
    filter.room.state.lazy_load_options = LazyLoadOptions::Enabled { include_redundant_members: false };
    filter.presence = ruma::api::client::filter::Filter::ignore_all();
    let mut request = Request::new();
    request.timeout = since.is_some().then_some(hold);
    request.since = since;
    request.filter = Some(Filter::FilterDefinition(filter));
    request
}

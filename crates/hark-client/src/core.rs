//! What the owner tasks share: the store's handle, the login at work, the link, and the ways to wake each other.

use std::sync::Arc;

use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use crate::clock;
use crate::engine::media::Fetching;
use crate::error::Error;
use crate::model::{Account, Connection};
use crate::outbox::early::Early;
use crate::store::{Login, LoginFile, MediaCache, Store};
use crate::transport::{Failure, Http};
use crate::{Change, directory, history, outbox, signals};

/// A login at work.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) account: Account,
    /// Names the login in the store.
    pub(crate) login: String,
    pub(crate) http: Http,
}

/// Shared by the tasks of one engine. Handles only: nothing in here does work.
pub(crate) struct Core {
    pub(crate) store: Store,
    pub(crate) logins: LoginFile,
    pub(crate) media: MediaCache,
    pub(crate) fetching: Fetching,
    pub(crate) early: Early,
    /// The login as it stands on disk; kept when the server ends it.
    pub(crate) login: watch::Sender<Option<Login>>,
    /// The session tasks work with; none while signed out or logged out.
    pub(crate) session: watch::Sender<Option<Arc<Session>>>,
    pub(crate) link: watch::Sender<Connection>,
    /// When the newest applied sync was asked for.
    pub(crate) synced: watch::Sender<Option<tokio::time::Instant>>,
    /// Ends the wait of sync: try now.
    pub(crate) poke: Notify,
    pub(crate) outbox: outbox::Handle,
    pub(crate) directory: directory::Handle,
    pub(crate) history: history::Handle,
    pub(crate) signals: signals::Handle,
    pub(crate) closing: CancellationToken,
}

impl Core {
    /// The session, for calls that need the server.
    pub(crate) fn session(&self) -> Result<Arc<Session>, Error> {
        if self.closing.is_cancelled() {
            return Err(Error::Closed);
        }
        self.session.borrow().clone().ok_or(Error::SignedOut)
    }

    /// Waits for a session other than the one named; none when the engine closes.
    pub(crate) async fn next_session(&self, done_with: Option<&str>) -> Option<Arc<Session>> {
        let mut sessions = self.session.subscribe();
        tokio::select! {
            () = self.closing.cancelled() => None,
            found = sessions.wait_for(|session| {
                session.as_ref().is_some_and(|session| Some(session.login.as_str()) != done_with)
            }) => found.ok()?.clone(),
        }
    }

    /// Waits until a session is no longer the one at work.
    pub(crate) async fn session_over(&self, session: &Session) {
        let mut sessions = self.session.subscribe();
        tokio::select! {
            () = self.closing.cancelled() => {}
            _ = sessions.wait_for(|now| now.as_ref().is_none_or(|now| now.login != session.login)) => {}
        }
    }

    /// The link as it is now, told if it changed.
    pub(crate) fn set_link(&self, link: Connection) {
        let changed = self.link.send_if_modified(|now| {
            let changed = *now != link;
            if changed {
                now.clone_from(&link);
            }
            changed
        });
        if changed {
            self.store.tell(Change::Connection(link));
        }
    }

    /// The server ended this login: everything is kept until someone signs in again.
    pub(crate) fn end_login(&self, session: &Session, reason: &str) {
        let current = self.login.borrow().clone();
        let Some(mut login) = current.filter(|login| login.id == session.login && login.ended.is_none())
        else {
            return;
        };
        login.ended = Some(reason.to_owned());
        if let Err(error) = self.logins.save(&login) {
            tracing::warn!(%error, "cannot note that the login ended");
        }
        self.login.send_replace(Some(login));
        self.session.send_replace(None);
        self.set_link(logged_out(reason));
    }

    /// Notes a failure that ends the login, if it is one.
    pub(crate) fn check_login(&self, session: &Session, failure: &Failure) -> bool {
        let ended = failure.ends_login();
        if let Some(reason) = &ended {
            self.end_login(session, reason);
        }
        ended.is_some()
    }

    /// Waits for a sync that was asked for after now.
    pub(crate) async fn fresh_sync(&self) {
        let from = clock::instant();
        let mut synced = self.synced.subscribe();
        self.poke.notify_one();
        tokio::select! {
            () = self.closing.cancelled() => {}
            _ = synced.wait_for(|asked| asked.is_some_and(|asked| asked > from)) => {}
        }
    }
}

/// What the window shows once the server ended a login.
pub(crate) fn logged_out(reason: &str) -> Connection {
    let reason = reason.trim_end_matches('.');
    Connection::LoggedOut {
        reason: format!("The server ended this login ({reason}). Sign in again; everything here is kept."),
    }
}

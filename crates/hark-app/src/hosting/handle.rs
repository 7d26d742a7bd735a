//! How the rest of the app reaches what this computer hosts.

use hark_client::model::Account;
use hark_client::{Engine, Options};
use tokio::sync::{mpsc, oneshot, watch};

use super::keeper::Keeper;
use crate::api::{ApiError, HostHere, Hosting};

/// What the task is asked.
pub(super) enum Ask {
    BringUp { reply: oneshot::Sender<Result<(), ApiError>> },
    HostHere { engine: Engine, args: HostHere, reply: oneshot::Sender<Result<Account, ApiError>> },
    TryIt { engine: Engine, reply: oneshot::Sender<Result<Account, ApiError>> },
    Start { reply: oneshot::Sender<Result<(), ApiError>> },
    Stop { reply: oneshot::Sender<Result<(), ApiError>> },
    Close { reply: oneshot::Sender<()> },
}

/// Handle of what this computer hosts.
pub(crate) struct Host {
    asks: mpsc::Sender<Ask>,
    shown: watch::Receiver<Option<Hosting>>,
}

impl Host {
    /// Finds or brings up what was hosted before. Where that fails the app opens all the same, says offline, and tries
    /// again by itself.
    pub(crate) async fn resume(options: &Options) -> Self {
        let (asks, asked) = mpsc::channel(8);
        let (show, shown) = watch::channel(None);
        tokio::spawn(Keeper::new(options, show).work(asked));
        let host = Self { asks, shown };
        if let Err(error) = host.bring_up().await {
            tracing::error!(%error, "the server of this computer could not be started");
        }
        host
    }

    /// What is hosted, as it is now and whenever it changes.
    pub(crate) fn hosting(&self) -> watch::Receiver<Option<Hosting>> {
        self.shown.clone()
    }

    /// Starts what should be hosted and does not run, without waiting for its turn.
    pub(crate) async fn bring_up(&self) -> Result<(), ApiError> {
        self.ask(|reply| Ask::BringUp { reply }).await?
    }

    /// A server for this person and others.
    pub(crate) async fn host_here(&self, engine: &Engine, args: HostHere) -> Result<Account, ApiError> {
        self.ask(|reply| Ask::HostHere { engine: engine.clone(), args, reply }).await?
    }

    /// A server, an account and the echo contact, without a question.
    pub(crate) async fn try_it(&self, engine: &Engine) -> Result<Account, ApiError> {
        self.ask(|reply| Ask::TryIt { engine: engine.clone(), reply }).await?
    }

    /// Starts what the person had stopped.
    pub(crate) async fn start(&self) -> Result<(), ApiError> {
        self.ask(|reply| Ask::Start { reply }).await?
    }

    /// Stops the server until the person starts it again.
    pub(crate) async fn stop(&self) -> Result<(), ApiError> {
        self.ask(|reply| Ask::Stop { reply }).await?
    }

    /// Ends the echo contact and what is only tried. A server for others goes on (SV9).
    pub(crate) async fn close(&self) {
        if let Err(error) = self.ask(|reply| Ask::Close { reply }).await {
            tracing::error!(%error, "hosting had ended before");
        }
    }

    async fn ask<A>(&self, ask: impl FnOnce(oneshot::Sender<A>) -> Ask) -> Result<A, ApiError> {
        let (reply, answer) = oneshot::channel();
        self.asks.send(ask(reply)).await.map_err(|_| ApiError::internal("hosting has ended"))?;
        answer.await.map_err(|_| ApiError::internal("hosting broke off"))
    }
}

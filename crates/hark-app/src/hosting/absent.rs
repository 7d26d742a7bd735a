//! A build that cannot host.

use hark_client::model::Account;
use hark_client::{Engine, Options};
use tokio::sync::watch;

use crate::api::{ApiError, ErrorCode, HostHere, Hosting};

/// Hosts nothing.
pub(crate) struct Host;

#[expect(clippy::unused_async, clippy::unused_self, reason = "the same face as the one that hosts")]
impl Host {
    pub(crate) async fn resume(_: &Options) -> Self {
        Self
    }

    pub(crate) fn hosting(&self) -> watch::Receiver<Option<Hosting>> {
        watch::channel(None).1
    }

    pub(crate) async fn bring_up(&self) -> Result<(), ApiError> {
        Ok(())
    }

    pub(crate) async fn host_here(&self, _: &Engine, _: HostHere) -> Result<Account, ApiError> {
        Err(cannot())
    }

    pub(crate) async fn try_it(&self, _: &Engine) -> Result<Account, ApiError> {
        Err(cannot())
    }

    pub(crate) async fn start(&self) -> Result<(), ApiError> {
        Err(cannot())
    }

    pub(crate) async fn stop(&self) -> Result<(), ApiError> {
        Err(cannot())
    }

    pub(crate) async fn close(&self) {}
}

fn cannot() -> ApiError {
    ApiError::new(ErrorCode::Refused, "This build of Hark has no server in it. Sign in to a server instead.")
}

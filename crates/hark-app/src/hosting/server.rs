//! The server of this computer, found at work or started, and watched.

use std::path::Path;
use std::time::Duration;

use hark_server::{AdminError, Running, Watch};
use tokio::process::Child;

use super::launch::{self, Launched, Plan, STARTS_WITHIN};
use crate::api::{ApiError, ErrorCode};
use crate::clock;

/// Pause before the next try, while a server that died still holds its folder.
const BREATH: Duration = Duration::from_millis(50);

/// A server at work. Dropping it leaves one that is not tied alone.
pub(super) struct HostedServer {
    watch: Watch,
    /// Where this process started it. Held because a tied server ends with it.
    _child: Option<Child>,
}

impl HostedServer {
    /// The server that runs on the folder, or a new one: never a second one.
    pub(super) async fn open(plan: Plan<'_>) -> Result<Self, ApiError> {
        let since = clock::now();
        loop {
            if let Some(watch) = find(plan.folder).await? {
                tracing::info!(server = %watch.running(), "found at work");
                return Ok(Self { watch, _child: None });
            }
            match launch::start(plan).await? {
                Launched::Ready(child) => {
                    if let Some(watch) = hark_server::watch(plan.folder).await.map_err(refused)? {
                        tracing::info!(server = %watch.running(), "started");
                        return Ok(Self { watch, _child: Some(child) });
                    }
                }
                Launched::FolderInUse => {}
            }
            if since.elapsed() > STARTS_WITHIN {
                return Err(ApiError::new(
                    ErrorCode::Refused,
                    format!(
                        "Another program holds the server's folder {} and does not answer. Close it and try again.",
                        plan.folder.display()
                    ),
                ));
            }
            tokio::time::sleep(BREATH).await;
        }
    }

    pub(super) fn running(&self) -> &Running {
        self.watch.running()
    }

    /// Waits for its end: true where it was asked to, false where it died. May be broken off and asked again.
    pub(super) async fn ended(&mut self) -> bool {
        self.watch.ended().await
    }
}

/// What runs on the folder and stays. A server that was tied to an app which is gone is on its way out.
async fn find(folder: &Path) -> Result<Option<Watch>, ApiError> {
    match hark_server::watch(folder).await.map_err(refused)? {
        Some(watch) if watch.running().tied => {
            hark_server::stop(folder).await.map_err(refused)?;
            Ok(None)
        }
        found => Ok(found),
    }
}

pub(super) fn refused(error: AdminError) -> ApiError {
    ApiError::new(ErrorCode::Refused, error.to_string())
}

//! "Host on this computer" and "Just try it", and the server that comes of them.

use hark_client::model::Account;

use super::App;
use crate::api::{ApiError, HostHere, Nothing};

pub(crate) async fn host_here(app: &App, args: HostHere) -> Result<Account, ApiError> {
    app.inner.host.host_here(app.engine(), args).await
}

pub(crate) async fn try_it(app: &App, _: Nothing) -> Result<Account, ApiError> {
    app.inner.host.try_it(app.engine()).await
}

pub(crate) async fn start(app: &App, _: Nothing) -> Result<Nothing, ApiError> {
    app.inner.host.start().await?;
    Ok(Nothing {})
}

pub(crate) async fn stop(app: &App, _: Nothing) -> Result<Nothing, ApiError> {
    app.inner.host.stop().await?;
    Ok(Nothing {})
}

//! Who is signed in, and the link to the server.

use hark_client::SignInMode;
use hark_client::model::Account;

use super::App;
use crate::api::{ApiError, Nothing, SignIn, Status};

pub(crate) async fn status(app: &App, _: Nothing) -> Result<Status, ApiError> {
    let inner = &app.inner;
    Ok(Status {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        account: inner.engine.account(),
        connection: inner.engine.connection().borrow().clone(),
        hosting: inner.host.hosting().borrow().clone(),
        player: inner.playback.state(),
        sound_problem: inner.playback.sound_problem(),
        recorder: inner.recorder.state().borrow().clone(),
        microphone_problem: inner.recorder.problem(),
        settings: app.settings().borrow().clone(),
        can_host: cfg!(feature = "host"),
    })
}

pub(crate) async fn sign_in(app: &App, args: SignIn) -> Result<Account, ApiError> {
    let mode = if args.register { SignInMode::Register } else { SignInMode::Login };
    Ok(app.engine().sign_in(args.homeserver.trim(), args.user.trim(), &args.password, mode).await?)
}

pub(crate) async fn sign_out(app: &App, _: Nothing) -> Result<Nothing, ApiError> {
    app.inner.playback.stop().await;
    app.engine().sign_out().await?;
    app.inner.recorder.forget().await?;
    Ok(Nothing {})
}

pub(crate) async fn retry_connection(app: &App, _: Nothing) -> Result<Nothing, ApiError> {
    app.inner.host.bring_up().await?;
    app.engine().retry_connection().await;
    Ok(Nothing {})
}

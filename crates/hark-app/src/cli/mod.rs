//! The `hark` program.
//!
//! What is typed becomes a [`Request`]: everything it needs is in it, so that it can be done here or by the process that
//! owns the data folder. [`perform`] does it, on an [`App`], and shows its [`Output`] as it goes; [`run`] decides where.
//! Exit codes: 0 done, 1 refused or failed (one line on stderr says why and what to do), 2 wrong usage.

mod args;
mod doctor;
mod json;
mod listen;
mod plain;
mod print;
mod reading;
mod recording;
mod request;
mod run;
mod sending;

pub use request::{Output, Request};
pub(crate) use run::no_answer;
pub use run::run;
pub(crate) use sending::LONGEST_WAIT;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::api::{self, ApiError, ErrorCode};
use crate::app::{App, Raise, account, hosting};
use crate::browser;

/// Does one request. An endless one ends without error when `over` is cancelled.
pub(crate) async fn perform(
    app: &App,
    request: Request,
    output: &mpsc::Sender<Output>,
    over: &CancellationToken,
) -> Result<(), ApiError> {
    match request {
        Request::Login { homeserver, user, password, register } => {
            let account = account::sign_in(app, api::SignIn { homeserver, user, password, register }).await?;
            show(output, account.user_id).await
        }
        Request::Send { who, text, wait } => sending::text(app, &who, &text, wait, output).await,
        Request::Voice { who, clip, wait } => sending::voice(app, &who, clip, wait, output).await,
        Request::Record { who, seconds, wait } => recording::record(app, &who, seconds, wait, output).await,
        Request::Settle { key } => sending::settle(app, key, output).await,
        Request::Dm { who } => reading::dm(app, &who, output).await,
        Request::List { json } => reading::list(app, json, output).await,
        Request::Read { who, limit, json } => reading::read(app, &who, limit, json, output).await,
        Request::Search { words, limit, json } => reading::search(app, words, limit, json, output).await,
        Request::Listen { json, since } => listen::listen(app, json, since, output, over).await,
        Request::Browser { listen, try_it } => {
            if try_it && app.engine().account().is_none() {
                hosting::try_it(app, api::Nothing {}).await?;
            }
            let _notifying = app.start_notifications();
            let page = browser::open(app, listen).await?;
            put(output, Output::Url(page.url().to_owned())).await?;
            over.cancelled().await;
            Ok(())
        }
        Request::Show { link } if app.window().knock(Raise { link: link.clone() }) => Ok(()),
        Request::Show { .. } => Err(ApiError::not_found("There is no window here. Start hark-desktop.")),
        Request::Doctor { json, caller } => {
            doctor::report(doctor::of_app(app, caller).await, json, output).await
        }
    }
}

/// Shows one line.
async fn show(output: &mpsc::Sender<Output>, line: impl Into<String>) -> Result<(), ApiError> {
    put(output, Output::Line(line.into())).await
}

/// Hands on one piece of output; fails where nobody takes it any more.
async fn put(output: &mpsc::Sender<Output>, piece: Output) -> Result<(), ApiError> {
    output
        .send(piece)
        .await
        .map_err(|_| ApiError::new(ErrorCode::Internal, "Nobody reads the output any more."))
}

//! Sending from the terminal: durable first, then until the server has it.

use std::time::Duration;

use hark_client::model::{Connection, Message, MessageState};
use tokio::sync::mpsc;

use super::request::Clip;
use super::{Output, put, show};
use crate::api::{ApiError, ErrorCode};
use crate::app::App;

/// How long a message may stand still before the terminal stops waiting for it. The outbox does not.
const PATIENCE: Duration = Duration::from_secs(20);

/// The longest a handed-over command is waited for when its owner wants to end.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(40);

pub(super) async fn text(
    app: &App,
    who: &str,
    text: &str,
    wait: bool,
    output: &mpsc::Sender<Output>,
) -> Result<(), ApiError> {
    let message = app.engine().send_text(who, text).await?;
    kept(app, message, wait, output).await
}

pub(super) async fn voice(
    app: &App,
    who: &str,
    clip: Clip,
    wait: bool,
    output: &mpsc::Sender<Output>,
) -> Result<(), ApiError> {
    let message = app.engine().send_voice(who, clip.into()).await?;
    kept(app, message, wait, output).await
}

pub(super) async fn kept(
    app: &App,
    message: Message,
    wait: bool,
    output: &mpsc::Sender<Output>,
) -> Result<(), ApiError> {
    put(output, Output::Kept { key: message.key }).await?;
    if wait {
        return settle(app, message.key, output).await;
    }
    show(output, message.txn_id.ok_or_else(|| ApiError::internal("the message has no transaction id"))?).await
}

/// Waits until the server has the message or refused it, and shows its event id. A message that stands still because
/// the server cannot be reached is left to the outbox.
pub(super) async fn settle(app: &App, key: i64, output: &mpsc::Sender<Output>) -> Result<(), ApiError> {
    loop {
        if let Ok(settled) = tokio::time::timeout(PATIENCE, app.engine().wait_settled(key)).await {
            let message = settled?;
            if let MessageState::Failed { reason, .. } = message.state {
                return Err(ApiError::new(ErrorCode::Refused, format!("The message was not sent. {reason}")));
            }
            return show(
                output,
                message.event_id.ok_or_else(|| ApiError::internal("the message has no event id"))?,
            )
            .await;
        }
        let message = app.engine().message(key).await?;
        let message =
            message.ok_or_else(|| ApiError::not_found("The message was deleted before it was sent."))?;
        let connection = app.engine().connection().borrow().clone();
        let why = match (message.state, connection) {
            (MessageState::Failed { reason, .. }, _)
            | (_, Connection::Offline { reason, .. } | Connection::LoggedOut { reason }) => reason,
            (_, Connection::SignedOut) => "You are not signed in. Sign in first.".to_owned(),
            (_, Connection::Online | Connection::Connecting) => continue,
        };
        return Err(ApiError::new(
            ErrorCode::Offline,
            format!("Not sent yet, but kept: it goes out by itself while Hark runs (hark listen). {why}"),
        ));
    }
}

//! The recorder's buttons.

use hark_client::model::Message;

use super::App;
use crate::api::{ApiError, InConversation, InRecording, KeptRecording, Nothing, ReviewFrom};

pub(crate) async fn record(app: &App, args: InConversation) -> Result<Nothing, ApiError> {
    app.inner.recorder.record(args.conversation).await?;
    Ok(Nothing {})
}

pub(crate) async fn pause(app: &App, _: Nothing) -> Result<Nothing, ApiError> {
    app.inner.recorder.pause().await?;
    Ok(Nothing {})
}

pub(crate) async fn resume(app: &App, _: Nothing) -> Result<Nothing, ApiError> {
    app.inner.recorder.resume().await?;
    Ok(Nothing {})
}

pub(crate) async fn send(app: &App, _: Nothing) -> Result<Message, ApiError> {
    app.inner.recorder.send().await
}

pub(crate) async fn cancel(app: &App, _: Nothing) -> Result<Option<String>, ApiError> {
    app.inner.recorder.cancel().await
}

pub(crate) async fn kept(app: &App, _: Nothing) -> Result<Vec<KeptRecording>, ApiError> {
    app.inner.recorder.kept().await
}

pub(crate) async fn open(app: &App, args: InRecording) -> Result<Nothing, ApiError> {
    app.inner.recorder.open(args.id).await?;
    Ok(Nothing {})
}

pub(crate) async fn keep(app: &App, args: InRecording) -> Result<Nothing, ApiError> {
    app.inner.recorder.keep(args.id).await?;
    Ok(Nothing {})
}

pub(crate) async fn send_kept(app: &App, args: InRecording) -> Result<Message, ApiError> {
    app.inner.recorder.send_kept(args.id).await
}

pub(crate) async fn delete(app: &App, args: InRecording) -> Result<Nothing, ApiError> {
    app.inner.recorder.delete(args.id).await?;
    Ok(Nothing {})
}

pub(crate) async fn review(app: &App, args: ReviewFrom) -> Result<Nothing, ApiError> {
    let wav = app.inner.recorder.sound(args.id.clone()).await?;
    app.inner.playback.review(args.id, wav, args.from_ms).await?;
    Ok(Nothing {})
}

pub(crate) async fn pause_review(app: &App, _: Nothing) -> Result<Nothing, ApiError> {
    app.inner.playback.pause_review().await;
    Ok(Nothing {})
}

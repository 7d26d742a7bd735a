//! One conversation: read it, write in it.

use hark_client::VoiceClip;
use hark_client::model::{Message, Page};

use super::App;
use crate::api::{
    ApiError, ErrorCode, MarkRead, Nothing, OfMessage, SendText, SendVoiceFile, SetDraft, SetTyping, Timeline,
};

/// Longest text of the composer, in characters (SE5).
const MAX_TEXT: usize = 4_000;

/// Longest page of a thread.
const MAX_PAGE: u32 = 200;

pub(crate) async fn timeline(app: &App, args: Timeline) -> Result<Page, ApiError> {
    let limit = args.limit.clamp(1, MAX_PAGE);
    Ok(app.engine().timeline(&args.conversation, args.before.as_deref(), limit).await?)
}

pub(crate) async fn send_text(app: &App, args: SendText) -> Result<Message, ApiError> {
    if args.text.trim().is_empty() {
        return Err(ApiError::bad_request("There is nothing to send. Write something first."));
    }
    let length = args.text.chars().count();
    if length > MAX_TEXT {
        return Err(ApiError::bad_request(format!(
            "The message has {length} characters, {} too many. Shorten it.",
            length - MAX_TEXT
        )));
    }
    Ok(app.engine().send_text(&args.conversation.0, &args.text).await?)
}

/// The upload is kept until it is a message, so that a refused send can be tried again without a second upload (SE9).
pub(crate) async fn send_voice_file(app: &App, args: SendVoiceFile) -> Result<Message, ApiError> {
    let bytes = app.uploads().get(&args.upload)?;
    let clip = clip_of(move || hark_voice::prepare(&bytes)).await?;
    let message = app.engine().send_voice(&args.conversation.0, clip).await?;
    app.uploads().remove(&args.upload);
    Ok(message)
}

pub(crate) async fn retry(app: &App, args: OfMessage) -> Result<Message, ApiError> {
    Ok(app.engine().retry(args.key).await?)
}

pub(crate) async fn discard(app: &App, args: OfMessage) -> Result<Nothing, ApiError> {
    app.engine().discard(args.key).await?;
    Ok(Nothing {})
}

pub(crate) async fn mark_read(app: &App, args: MarkRead) -> Result<Nothing, ApiError> {
    app.engine().mark_read(&args.conversation, args.key).await?;
    Ok(Nothing {})
}

pub(crate) async fn set_typing(app: &App, args: SetTyping) -> Result<Nothing, ApiError> {
    app.engine().set_typing(&args.conversation, args.typing).await?;
    Ok(Nothing {})
}

pub(crate) async fn set_draft(app: &App, args: SetDraft) -> Result<Nothing, ApiError> {
    app.engine().set_draft(&args.conversation, &args.text).await?;
    Ok(Nothing {})
}

/// Makes a voice message where blocking is allowed.
pub(crate) async fn clip_of<F>(prepare: F) -> Result<VoiceClip, ApiError>
where
    F: FnOnce() -> Result<hark_voice::Clip, hark_voice::PrepareError> + Send + 'static,
{
    let clip = tokio::task::spawn_blocking(prepare)
        .await
        .map_err(ApiError::internal)?
        .map_err(|error| ApiError::new(ErrorCode::BadSound, error.to_string()))?;
    Ok(VoiceClip { ogg: clip.ogg, duration_ms: clip.duration_ms, waveform: clip.waveform })
}

//! From where a sound lies to what can be played.

use std::path::PathBuf;
use std::sync::Arc;

use hark_client::{Engine, MediaKind};
use hark_voice::{DecodeError, Limits, Sound};

use crate::api::ApiError;

/// The sound of a message, as soon as its beginning can be played, or one sentence why there is none.
pub(super) async fn message(engine: &Engine, source: &str) -> Result<Sound, String> {
    let bytes = engine.media(source, MediaKind::Voice).await.map_err(|error| error.to_string())?;
    blocking(move || Sound::decode(bytes, Limits::default())).await
}

/// The sound of a recording on the disk.
pub(super) async fn recording(wav: PathBuf) -> Result<Sound, String> {
    blocking(move || hark_voice::wav::read(&wav).map(|pcm| Arc::new(pcm).into())).await
}

async fn blocking<F>(read: F) -> Result<Sound, String>
where
    F: FnOnce() -> Result<Sound, DecodeError> + Send + 'static,
{
    tokio::task::spawn_blocking(read)
        .await
        .map_err(|error| ApiError::internal(error).message)?
        .map_err(|error| error.to_string())
}

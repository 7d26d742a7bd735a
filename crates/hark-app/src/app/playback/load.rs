//! From where a sound lies to its samples.

use std::path::PathBuf;
use std::sync::Arc;

use hark_client::{Engine, MediaKind};
use hark_voice::{Limits, Pcm};

use crate::api::ApiError;

/// The samples of a message, or one sentence why there are none.
pub(super) async fn message(engine: &Engine, source: &str) -> Result<Arc<Pcm>, String> {
    let bytes = engine.media(source, MediaKind::Voice).await.map_err(|error| error.to_string())?;
    blocking(move || hark_voice::decode(&bytes, &Limits::default())).await
}

/// The samples of a recording on the disk.
pub(super) async fn recording(wav: PathBuf) -> Result<Arc<Pcm>, String> {
    blocking(move || hark_voice::wav::read(&wav)).await
}

async fn blocking<F>(read: F) -> Result<Arc<Pcm>, String>
where
    F: FnOnce() -> Result<Pcm, hark_voice::DecodeError> + Send + 'static,
{
    tokio::task::spawn_blocking(read)
        .await
        .map_err(|error| ApiError::internal(error).message)?
        .map(Arc::new)
        .map_err(|error| error.to_string())
}

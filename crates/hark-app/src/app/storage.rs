//! What Hark keeps on the disk.

use std::path::Path;

use super::App;
use crate::api::{ApiError, Nothing, Storage};

pub(crate) async fn storage(app: &App, _: Nothing) -> Result<Storage, ApiError> {
    let media = app.engine().media_space().await?;
    let (recorder, folder) = (app.inner.recorder.clone(), app.data_dir().to_owned());
    let look = move || Storage {
        voice: media.voice,
        other_media: media.other,
        messages: messages(&folder),
        recordings: recorder.bytes(),
        free: fs4::available_space(&folder).unwrap_or(0),
    };
    tokio::task::spawn_blocking(look).await.map_err(ApiError::internal)
}

pub(crate) async fn clear_media(app: &App, _: Nothing) -> Result<Storage, ApiError> {
    app.engine().clear_media().await?;
    storage(app, Nothing {}).await
}

/// The store with its log.
fn messages(folder: &Path) -> u64 {
    ["store.db", "store.db-wal"]
        .iter()
        .filter_map(|name| folder.join(name).metadata().ok())
        .map(|of| of.len())
        .sum()
}

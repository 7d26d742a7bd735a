//! The settings as they are kept: `settings.json` in the data folder, replaced as a whole.
//!
//! They are held in a watch. Whoever depends on one (recorder, player, media cache, notifications) follows it and sees
//! the newest; nobody is told by hand.

use std::io;
use std::path::{Path, PathBuf};

use hark_client::Engine;
use serde_json::Value;
use tokio::sync::{Mutex, broadcast, watch};
use tokio_util::sync::CancellationToken;

use crate::api::{ApiError, ErrorCode, Event, Settings};
use crate::replace::replace;

/// The least that is kept of fetched media: one long voice message must fit.
const LEAST_MEDIA: u64 = 16 << 20;

/// The settings of one data folder.
pub(super) struct Preferences {
    path: PathBuf,
    now: watch::Sender<Settings>,
    events: broadcast::Sender<Event>,
    /// One change after the other.
    writing: Mutex<()>,
}

impl Preferences {
    /// Reads what is there. What cannot be read is as in a new folder.
    pub(super) fn open(data_dir: &Path, events: broadcast::Sender<Event>) -> Self {
        let path = data_dir.join("settings.json");
        let read = match std::fs::read(&path) {
            Ok(bytes) => tolerant(&bytes),
            Err(error) => {
                if error.kind() != io::ErrorKind::NotFound {
                    tracing::warn!(%error, "the settings cannot be read; they are as in the beginning");
                }
                Settings::default()
            }
        };
        Self { path, now: watch::Sender::new(sound(read)), events, writing: Mutex::new(()) }
    }

    /// As they are now, and as they change.
    pub(super) fn watch(&self) -> watch::Receiver<Settings> {
        self.now.subscribe()
    }

    /// Replaces them: on the disk first, so that a person never sees a setting that is gone tomorrow.
    pub(super) async fn set(&self, settings: Settings) -> Result<Settings, ApiError> {
        let _one = self.writing.lock().await;
        let settings = sound(settings);
        let (path, kept) = (self.path.clone(), settings.clone());
        let write = move || replace(&path, &serde_json::to_vec_pretty(&kept)?);
        tokio::task::spawn_blocking(write)
            .await
            .map_err(ApiError::internal)?
            .map_err(|error| not_kept(&error))?;
        self.now.send_replace(settings.clone());
        // No listener is no error: nobody has a window open.
        let _ = self.events.send(Event::Settings { settings: settings.clone() });
        Ok(settings)
    }
}

fn not_kept(error: &io::Error) -> ApiError {
    if error.kind() == io::ErrorKind::StorageFull {
        return ApiError::new(
            ErrorCode::DiskFull,
            "The disk is full, so the setting was not kept. Make room and try again.",
        );
    }
    ApiError::new(
        ErrorCode::Internal,
        format!(
            "The settings cannot be kept: {error}. Check the permissions of Hark's folder and try again."
        ),
    )
}

/// Values within what they may be.
fn sound(mut settings: Settings) -> Settings {
    settings.volume = if settings.volume.is_finite() { settings.volume.clamp(0.0, 1.0) } else { 1.0 };
    settings.media_limit = settings.media_limit.max(LEAST_MEDIA);
    settings
}

/// Reads field by field, so that one of another version does not cost the others.
fn tolerant(bytes: &[u8]) -> Settings {
    if let Ok(settings) = serde_json::from_slice(bytes) {
        return settings;
    }
    let Ok(Value::Object(given)) = serde_json::from_slice(bytes) else {
        tracing::warn!("the settings are no JSON object; they are as in the beginning");
        return Settings::default();
    };
    let mut settings = Settings::default();
    for (name, value) in given {
        let Ok(Value::Object(mut fields)) = serde_json::to_value(&settings) else { break };
        fields.insert(name.clone(), value);
        match serde_json::from_value(Value::Object(fields)) {
            Ok(with_it) => settings = with_it,
            Err(error) => tracing::warn!(name, %error, "a setting cannot be read"),
        }
    }
    settings
}

/// Keeps the engine's media within the limit that is set.
pub(super) async fn limit_media(
    engine: Engine,
    mut settings: watch::Receiver<Settings>,
    stopping: CancellationToken,
) {
    loop {
        let limit = settings.borrow_and_update().media_limit;
        if let Err(error) = engine.set_media_limit(limit).await {
            tracing::warn!(%error, "the media cache cannot be brought to its size");
        }
        tokio::select! {
            changed = settings.changed() => if changed.is_err() { return },
            () = stopping.cancelled() => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Fetch;

    fn folder_with(text: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("settings.json"), text).unwrap();
        folder
    }

    fn read(folder: &tempfile::TempDir) -> Settings {
        Preferences::open(folder.path(), broadcast::channel(4).0).watch().borrow().clone()
    }

    #[tokio::test]
    async fn what_was_set_is_there_at_the_next_start() {
        let folder = tempfile::tempdir().unwrap();
        let (events, mut told) = broadcast::channel(4);
        let preferences = Preferences::open(folder.path(), events);
        let wanted = Settings { volume: 0.5, fetch: Fetch::Nothing, ..Settings::default() };
        assert_eq!(preferences.set(wanted.clone()).await.unwrap(), wanted);
        assert!(matches!(told.try_recv(), Ok(Event::Settings { settings }) if settings == wanted));
        assert_eq!(read(&folder), wanted);
    }

    #[test]
    fn fields_of_another_version_cost_nothing() {
        let folder = folder_with(r#"{"play_on":false,"volume":"loud","teleport":3,"fetch":"everything"}"#);
        let expected = Settings { play_on: false, fetch: Fetch::Everything, ..Settings::default() };
        assert_eq!(read(&folder), expected);
    }

    #[test]
    fn a_damaged_file_gives_the_settings_of_a_new_folder() {
        for text in ["", "{", "[]", "null"] {
            assert_eq!(read(&folder_with(text)), Settings::default(), "{text}");
        }
    }

    #[test]
    fn values_are_brought_within_what_they_may_be() {
        let settings = read(&folder_with(r#"{"volume":7,"media_limit":1}"#));
        assert_eq!((settings.volume, settings.media_limit), (1.0, LEAST_MEDIA));
    }
}

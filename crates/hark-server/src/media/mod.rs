//! Files people send each other.
//!
//! The bytes of an upload lie under their own hash, so nothing a client says ever becomes a path; the database maps a random id to
//! the hash. An upload is acknowledged when its file and its row are on disk. Thumbnails are made on demand and can be made again,
//! so they are kept but not synced.
//!
//! Files are named by messages, profiles and account data; those that nothing names any more are cleared away ([`tidy`]).
//! An address may be handed out before its file ([`promise`]); who asks for it meanwhile waits.

mod admission;
mod disposition;
mod download;
mod files;
mod picture;
mod promise;
mod range;
mod sniff;
mod thumbnail;
mod tidy;
mod upload;

use std::{
    collections::HashMap,
    io,
    path::PathBuf,
    sync::{Arc, Mutex},
};

use ruma::{OwnedServerName, UserId};
use tokio::sync::Semaphore;

pub use self::tidy::Cleared;
#[cfg(any(test, fuzzing))]
pub(crate) use self::{
    disposition::of as disposition_of,
    range::{Part, asked},
};
pub(crate) use self::{
    download::Conditions,
    picture::{Fit, Wanted},
    promise::Patience,
    upload::Declared,
};
use self::{files::Files, promise::Arrivals, thumbnail::Workers};
use crate::{
    Config, MediaConfig, clock,
    http::ApiError,
    random,
    store::{Store, media::MediaRow},
};

/// The type of what nobody called anything, and of what is encrypted.
const UNKNOWN_TYPE: &str = "application/octet-stream";

/// The files of one server.
pub(crate) struct Media {
    store: Store,
    files: Files,
    server_name: OwnedServerName,
    max_upload: u64,
    config: MediaConfig,
    arrivals: Arrivals,
    workers: Workers,
    /// One for each upload that has its file and is to get its row. Whoever removes files takes all of them.
    places: Arc<Semaphore>,
    /// Contents that lost their upload, and when, ms.
    left: Mutex<HashMap<String, i64>>,
}

impl Media {
    /// Over the files in `folder`, which is made if it does not exist.
    pub(crate) fn open(
        store: Store,
        folder: PathBuf,
        server_name: OwnedServerName,
        config: &Config,
    ) -> io::Result<Self> {
        let files = Files::open(folder)?;
        Ok(Self {
            store,
            files,
            server_name,
            max_upload: config.max_upload,
            config: config.media.clone(),
            arrivals: Arrivals::default(),
            workers: Workers::default(),
            places: Arc::new(Semaphore::new(tidy::PLACES as usize)),
            left: Mutex::default(),
        })
    }

    /// The largest upload, in bytes.
    pub(crate) fn max_upload(&self) -> u64 {
        self.max_upload
    }

    /// The upload behind `mxc://server/id`; where only its address is there yet, it is waited for, for as long as `patience`
    /// lasts. Files of other servers are not fetched.
    async fn find(&self, server: &str, id: &str, patience: &Patience) -> Result<MediaRow, ApiError> {
        if server != self.server_name.as_str() {
            return Err(missing());
        }
        let arrival = self.arrivals.follow(id);
        if let Some(row) = self.look_for(id).await? {
            return Ok(row);
        }
        arrival.wait(patience).await;
        self.look_for(id).await?.ok_or_else(promise::not_yet)
    }

    /// Notes that a file was given to somebody. What others than its uploader fetch is not forgotten, even where nothing in sight
    /// refers to it: a message that is encrypted may.
    async fn note_fetch(&self, asker: Option<&UserId>, id: &str, row: &MediaRow) -> Result<(), ApiError> {
        if !row.unused || asker.is_some_and(|asker| asker.as_str() == row.user_id) {
            return Ok(());
        }
        let id = id.to_owned();
        self.store.write::<_, ApiError, _>(move |tx| Ok(tx.keep_fetched_media(&id)?)).await
    }

    /// The upload; `None` where it is still to come.
    async fn look_for(&self, id: &str) -> Result<Option<MediaRow>, ApiError> {
        let (id, now) = (id.to_owned(), clock::now_ms());
        let read = self.store.read(move |snap| match snap.media(&id)? {
            Some(row) => Ok::<_, ApiError>(Some(row)),
            None if snap.promised_media(&id)?.is_some_and(|promised| promised.expires_ms > now) => Ok(None),
            None => Err(missing()),
        });
        read.await
    }

    /// The address of an upload.
    fn address(&self, id: &str) -> String {
        format!("mxc://{}/{id}", self.server_name)
    }

    fn new_id() -> String {
        random::url_safe::<18>()
    }
}

fn missing() -> ApiError {
    ApiError::not_found("There is no such file here.")
}

/// What a failing disk means for whoever is waiting.
fn disk(error: io::Error) -> ApiError {
    tracing::error!(%error, "a media file could not be read or written");
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ApiError::unavailable(
            "The server's disk is full. The file was not stored; try again when there is room.",
        ),
        _ => ApiError::unavailable("The server could not use its disk. Try again later."),
    }
}

//! Files people send each other.
//!
//! The bytes of an upload lie under their own hash, so nothing a client says ever becomes a path; the database maps a random id to
//! the hash. An upload is acknowledged when its file and its row are on disk. Thumbnails are made on demand and can be made again,
//! so they are kept but not synced.

mod disposition;
mod download;
mod files;
mod picture;
mod range;
mod thumbnail;
mod upload;

use std::{io, path::PathBuf, sync::Arc};

use ruma::OwnedServerName;
use tokio::sync::Semaphore;

use self::files::Files;
#[cfg(any(test, fuzzing))]
pub(crate) use self::{
    disposition::of as disposition_of,
    range::{Part, asked},
};
pub(crate) use self::{
    download::Conditions,
    picture::{Fit, Wanted},
    upload::Declared,
};
use crate::{
    http::ApiError,
    random,
    store::{Store, media::MediaRow},
};

/// How many pictures are decoded at once; each may take [`picture::MAX_PIXELS`] times four bytes.
const DECODERS: usize = 2;

/// The files of one server.
pub(crate) struct Media {
    store: Store,
    files: Files,
    server_name: OwnedServerName,
    max_upload: u64,
    decoders: Arc<Semaphore>,
}

impl Media {
    /// Over the files in `folder`, which is made if it does not exist.
    pub(crate) fn open(
        store: Store,
        folder: PathBuf,
        server_name: OwnedServerName,
        max_upload: u64,
    ) -> io::Result<Self> {
        let files = Files::open(folder)?;
        Ok(Self { store, files, server_name, max_upload, decoders: Arc::new(Semaphore::new(DECODERS)) })
    }

    /// The largest upload, in bytes.
    pub(crate) fn max_upload(&self) -> u64 {
        self.max_upload
    }

    /// The upload behind `mxc://server/id`. Files of other servers are not fetched.
    async fn find(&self, server: &str, id: &str) -> Result<MediaRow, ApiError> {
        let missing = || ApiError::not_found("There is no such file here.");
        if server != self.server_name.as_str() {
            return Err(missing());
        }
        let id = id.to_owned();
        self.store.read(move |snap| snap.media(&id)?.ok_or_else(missing)).await
    }

    fn new_id() -> String {
        random::url_safe::<18>()
    }
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

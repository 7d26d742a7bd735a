//! The bytes behind an address: from the cache, else from the server with the login.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, Weak};
use std::time::Duration;

use ruma::MxcUri;
use ruma::api::client::authenticated_media::get_content;
use tokio::sync::Mutex;

use super::Engine;
use crate::error::Error;
use crate::transport::Failure;
use crate::{MediaKind, MediaSpace, clock};

/// Fetches under way, by address.
#[derive(Default)]
pub(crate) struct Fetching(std::sync::Mutex<HashMap<String, Weak<Mutex<()>>>>);

impl Fetching {
    /// The turn of one address: whoever holds it fetches.
    fn turn(&self, mxc: &str) -> Arc<Mutex<()>> {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turn) = turns.get(mxc).and_then(Weak::upgrade) {
            return turn;
        }
        turns.retain(|_, turn| turn.strong_count() > 0);
        let turn = Arc::new(Mutex::new(()));
        turns.insert(mxc.to_owned(), Arc::downgrade(&turn));
        turn
    }
}

/// Large files on slow lines.
const PATIENCE: Duration = Duration::from_mins(2);

impl Engine {
    /// The bytes behind an `mxc://` address: from the cache in the data folder, else from the server.
    pub async fn media(&self, mxc: &str, kind: MediaKind) -> Result<Vec<u8>, Error> {
        let core = self.core();
        if let Some(bytes) = self.cached(mxc).await {
            return Ok(bytes);
        }
        // One fetch of a file at a time: who asks for it meanwhile finds it in the cache.
        let turn = core.fetching.turn(mxc);
        let _mine = turn.lock().await;
        if let Some(bytes) = self.cached(mxc).await {
            return Ok(bytes);
        }
        let bytes = self.fetch(mxc).await?;
        if let Err(error) = core.media.put(mxc.to_owned(), kind, bytes.clone(), clock::now_ms()).await {
            tracing::warn!(%error, "a file is not cached");
        }
        Ok(bytes)
    }

    async fn cached(&self, mxc: &str) -> Option<Vec<u8>> {
        match self.core().media.get(mxc.to_owned(), clock::now_ms()).await {
            Ok(found) => found,
            Err(error) => {
                tracing::warn!(%error, "the media cache cannot be read");
                None
            }
        }
    }

    /// Whether the bytes behind an address are kept here already.
    pub async fn has_media(&self, mxc: &str) -> bool {
        // A cache that cannot be read has nothing.
        self.core().media.has(mxc.to_owned()).await.unwrap_or(false)
    }

    /// How much of fetched media is kept.
    pub async fn media_space(&self) -> Result<MediaSpace, Error> {
        Ok(self.core().media.space().await?)
    }

    /// Keeps at most this many bytes of fetched media.
    pub async fn set_media_limit(&self, bytes: u64) -> Result<(), Error> {
        Ok(self.core().media.set_limit(bytes).await?)
    }

    /// Forgets fetched media; each can be fetched again.
    pub async fn clear_media(&self) -> Result<(), Error> {
        Ok(self.core().media.clear().await?)
    }

    async fn fetch(&self, mxc: &str) -> Result<Vec<u8>, Error> {
        let bad = || Error::BadRequest(format!("\"{mxc}\" is not the address of a file."));
        let uri: &MxcUri = mxc.into();
        let (server, id) = uri.parts().map_err(|_| bad())?;
        let session = self.core().session()?;
        let request = get_content::v1::Request::new(id.to_owned(), server.to_owned());
        match session.http.call(request, PATIENCE).await {
            Ok(answer) => Ok(answer.file),
            // Before authenticated media (v1.11) there was only the old path.
            Err(failure) if failure.errcode() == Some("M_UNRECOGNIZED") => {
                let path = format!("/_matrix/media/v3/download/{server}/{id}");
                Ok(session.http.bytes(&path, PATIENCE).await?)
            }
            Err(failure) => {
                self.core().check_login(&session, &failure);
                Err(match failure {
                    Failure::Matrix { status: 404, .. } => Error::NotFound("The file".to_owned()),
                    failure => failure.into(),
                })
            }
        }
    }
}

//! Thumbnails: found among those made before, or made by one of few workers. Who asks for the same one meanwhile waits for it.

use std::{
    collections::HashMap,
    fs::{self, File},
    io::{self, Read as _, Write as _},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::response::Response;
use http::StatusCode;
use tokio::sync::{OnceCell, Semaphore};

use super::{
    Conditions, Media, UNKNOWN_TYPE, Wanted, disk,
    download::{self, Sent},
    files::Files,
    picture::{self, ALWAYS, Made, NotPossible},
};
use crate::{http::ApiError, platform, store::media::MediaRow};

/// How many pictures are decoded at once; each may take [`picture::MAX_PIXELS`] times four bytes, and its file.
const DECODERS: usize = 2;
/// How long one waits for a thumbnail.
const PATIENCE: Duration = Duration::from_secs(10);
/// Uploads whose thumbnails are still to be made before anybody asks; those of more are made when somebody does.
const AHEAD: usize = 16;
/// Contents of which it is remembered that they cannot be made smaller.
const REFUSED: usize = 1_000;
/// Types of pictures that may move.
const MOVING: [&str; 4] = ["image/gif", "image/webp", "image/png", "image/apng"];
/// How the two forms a thumbnail is kept in are named.
const FORMS: [(&str, &str); 2] = [("jpg", "image/jpeg"), ("png", "image/png")];

/// What became of one thumbnail: `None` when it is kept, the type of the original where that will do.
type Outcome = Result<Option<&'static str>, NotPossible>;

/// The workers and what they are at.
#[derive(Debug)]
pub(super) struct Workers {
    decoders: Arc<Semaphore>,
    ahead: Arc<Semaphore>,
    /// By content and size. Held for a few instructions only, as the next one is.
    under_way: Mutex<HashMap<String, Arc<OnceCell<Outcome>>>>,
    refused: Mutex<HashMap<String, NotPossible>>,
}

impl Default for Workers {
    fn default() -> Self {
        Self {
            decoders: Arc::new(Semaphore::new(DECODERS)),
            ahead: Arc::new(Semaphore::new(AHEAD)),
            under_way: Mutex::default(),
            refused: Mutex::default(),
        }
    }
}

impl Media {
    /// A smaller picture of the file behind `mxc://server/id`, or the file itself when it is small already.
    pub(crate) async fn thumbnail(
        &self,
        server: &str,
        id: &str,
        wanted: Wanted,
        conditions: &Conditions,
    ) -> Result<Response, ApiError> {
        let row = self.find(server, id, &conditions.patience).await?;
        self.note_fetch(conditions.asker.as_deref(), id, &row).await?;
        // What is encrypted is declared as this, and nobody here can see what it is.
        if row.content_type == UNKNOWN_TYPE {
            return Err(not_possible(NotPossible("This file is not a picture that can be made smaller.")));
        }
        // What cannot move has one thumbnail for both wishes.
        let may_move = wanted.may_move && MOVING.iter().any(|kind| row.content_type.starts_with(kind));
        let wanted = Wanted { may_move, ..wanted };
        if let Some(found) = self.made_before(&row, wanted, conditions).await? {
            return Ok(found);
        }
        match self.workers.once(&self.files, &row.content_hash, wanted).await? {
            None => self.made_before(&row, wanted, conditions).await?.ok_or_else(super::missing),
            Some(content_type) => {
                let sent = Sent { tag: &row.content_hash, content_type, filename: None };
                download::send(&self.files.content(&row.content_hash), &sent, conditions).await
            }
        }
    }

    /// Makes the usual thumbnails of a new upload while nobody waits for them (ME2).
    pub(super) fn make_ahead(&self, row: &MediaRow, sniffed: Option<&str>) {
        if row.content_type == UNKNOWN_TYPE || !sniffed.is_some_and(|kind| kind.starts_with("image/")) {
            return;
        }
        let Ok(place) = self.workers.ahead.clone().try_acquire_owned() else { return };
        let (files, hash, decoders) =
            (self.files.clone(), row.content_hash.clone(), self.workers.decoders.clone());
        tokio::spawn(async move {
            let (_place, Ok(decoder)) = (place, decoders.acquire_owned().await) else { return };
            let made = tokio::task::spawn_blocking(move || {
                let _decoder = decoder;
                make(&files, &hash, &ALWAYS)
            });
            // Of a picture that cannot be made smaller, whoever asks is told.
            if let Ok(Err(Failure::Disk(error))) = made.await {
                tracing::warn!(%error, "thumbnails were not made ahead");
            }
        });
    }

    async fn made_before(
        &self,
        row: &MediaRow,
        wanted: Wanted,
        conditions: &Conditions,
    ) -> Result<Option<Response>, ApiError> {
        for (ending, content_type) in FORMS {
            let name = format!("{}.{ending}", wanted.name());
            let path = self.files.thumbnail(&row.content_hash, &name);
            if tokio::fs::try_exists(&path).await.map_err(disk)? {
                let tag = format!("{}-{name}", row.content_hash);
                let sent = Sent { tag: &tag, content_type, filename: Some(&format!("thumbnail.{ending}")) };
                return download::send(&path, &sent, conditions).await.map(Some);
            }
        }
        Ok(None)
    }
}

impl Workers {
    /// Makes and keeps a thumbnail, once for all who want it now.
    async fn once(
        &self,
        files: &Files,
        hash: &str,
        wanted: Wanted,
    ) -> Result<Option<&'static str>, ApiError> {
        if let Some(why) = lock(&self.refused).get(hash) {
            return Err(not_possible(*why));
        }
        let key = format!("{hash}-{}", wanted.name());
        let cell = lock(&self.under_way).entry(key.clone()).or_default().clone();
        let made = cell.get_or_try_init(|| self.work(files, hash, wanted)).await.copied();
        lock(&self.under_way).remove(&key);
        let outcome = made?;
        if let Err(why) = outcome {
            let mut refused = lock(&self.refused);
            if refused.len() >= REFUSED {
                refused.clear();
            }
            refused.insert(hash.to_owned(), why);
        }
        outcome.map_err(not_possible)
    }

    async fn work(&self, files: &Files, hash: &str, wanted: Wanted) -> Result<Outcome, ApiError> {
        let (files, hash) = (files.clone(), hash.to_owned());
        let work = async {
            let decoder = self.decoders.clone().acquire_owned().await;
            let decoder = decoder.map_err(|_| ApiError::unavailable("The server is shutting down."))?;
            let work = tokio::task::spawn_blocking(move || {
                let _decoder = decoder;
                make(&files, &hash, &[wanted])
            });
            match work.await {
                Ok(Ok(made)) => Ok(Ok(made.first().copied().flatten())),
                Ok(Err(Failure::NotPossible(why))) => Ok(Err(why)),
                Ok(Err(Failure::Disk(error))) => Err(disk(error)),
                // A decoder that panics on a hostile picture is a picture without a thumbnail.
                Err(_) => Ok(Err(NotPossible("This picture is damaged."))),
            }
        };
        let late = NotPossible("This picture took too long.");
        tokio::time::timeout(PATIENCE, work).await.unwrap_or(Ok(Err(late)))
    }
}

enum Failure {
    NotPossible(NotPossible),
    Disk(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Disk(error)
    }
}

impl From<NotPossible> for Failure {
    fn from(why: NotPossible) -> Self {
        Self::NotPossible(why)
    }
}

/// Makes and keeps thumbnails; `Some` with its type where the file itself will do.
fn make(files: &Files, hash: &str, wanted: &[Wanted]) -> Result<Vec<Option<&'static str>>, Failure> {
    let file = File::open(files.content(hash))?;
    if file.metadata()?.len() > picture::MAX_BYTES {
        return Err(NotPossible("This file is too large to be made smaller.").into());
    }
    let mut bytes = Vec::new();
    file.take(picture::MAX_BYTES).read_to_end(&mut bytes)?;
    let mut outcomes = Vec::new();
    for (made, wanted) in picture::make(&bytes, wanted)?.into_iter().zip(wanted) {
        outcomes.push(match made {
            Made::Original { content_type } => Some(content_type),
            Made::Thumbnail { content_type, bytes } => {
                keep(files, hash, wanted, content_type, &bytes)?;
                None
            }
        });
    }
    Ok(outcomes)
}

fn keep(files: &Files, hash: &str, wanted: &Wanted, content_type: &str, bytes: &[u8]) -> io::Result<()> {
    let ending = FORMS.iter().find(|form| form.1 == content_type).map_or("png", |form| form.0);
    let place = files.thumbnail(hash, &format!("{}.{ending}", wanted.name()));
    platform::create_private_dir(place.parent().unwrap_or(&place))?;
    let arriving = files.arriving();
    platform::open_private_file(arriving.path())?.write_all(bytes)?;
    fs::rename(arriving.path(), &place)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// 400 `M_UNKNOWN`: clients then show the file itself.
fn not_possible(why: NotPossible) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "M_UNKNOWN", why.0)
}

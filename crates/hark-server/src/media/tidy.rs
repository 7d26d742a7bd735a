//! Clearing away: uploads nothing refers to (SE9), uploads of who is gone (MO4), and files no upload has.
//!
//! An upload's row goes first; from then on nobody is given the file. The file stays for a while, so that a copy of the server's
//! folder whose database names it finds it. What a crash left without a row is found by [`Media::walk`], at each start. No file is
//! removed while an upload is between its file and its row ([`Media::place`]).

use std::{collections::HashMap, sync::PoisonError, time::Duration};

use ruma::UserId;
use serde::{Deserialize, Serialize};
use tokio::sync::OwnedSemaphorePermit;

use super::{Media, disk};
use crate::{clock, http::ApiError};

/// How long a file without an upload stays.
const REST: Duration = Duration::from_hours(1);
/// Rows of one transaction.
const AT_ONCE: usize = 200;
/// Uploads that may be between their file and their row at once.
pub(super) const PLACES: u32 = 1024;

/// What was cleared away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Cleared {
    /// Uploads that are gone.
    pub uploads: usize,
    /// Files that are gone; two uploads of the same content share one.
    pub files: usize,
    /// What the files had.
    pub bytes: u64,
}

impl Media {
    /// Clears away what is due. For a task that calls it now and then.
    pub(crate) async fn tidy(&self) -> Result<Cleared, ApiError> {
        let uploads = self.forget_unused().await?;
        let cleared = self.remove_left(clock::now_ms() - REST.as_millis() as i64).await?;
        Ok(Cleared { uploads, ..cleared })
    }

    /// Clears away everything that can go, at once.
    pub(crate) async fn prune(&self) -> Result<Cleared, ApiError> {
        let uploads = self.forget_unused().await?;
        self.walk().await?;
        let cleared = self.remove_left(i64::MAX).await?;
        Ok(Cleared { uploads, ..cleared })
    }

    /// Clears away everything somebody uploaded, whoever refers to it (MO4). Returns how many uploads there were.
    pub(crate) async fn purge_user_media(&self, user: &UserId) -> Result<usize, ApiError> {
        let mut purged = 0;
        loop {
            let user = user.to_owned();
            let write = self.store.write::<_, ApiError, _>(move |tx| {
                tx.break_media_promises(&user)?;
                let ids = tx.media_of(&user, AT_ONCE)?;
                Ok((ids.len(), tx.remove_media(&ids)?))
            });
            let (count, left) = write.await?;
            self.leave(left);
            purged += count;
            if count == 0 {
                return Ok(purged);
            }
        }
    }

    /// Finds files that no upload has.
    pub(crate) async fn walk(&self) -> Result<(), ApiError> {
        for first in 0..=u8::MAX {
            let files = self.files.clone();
            let listed = tokio::task::spawn_blocking(move || files.hashes(first));
            let hashes = listed.await.map_err(|_| ApiError::internal())?.map_err(disk)?;
            if !hashes.is_empty() {
                self.leave(self.without_upload(hashes).await?);
            }
        }
        Ok(())
    }

    /// Held by an upload from before its file is in place until its row is written.
    pub(super) async fn place(&self) -> Result<OwnedSemaphorePermit, ApiError> {
        let place = self.places.clone().acquire_owned().await;
        place.map_err(|_| ApiError::unavailable("The server is shutting down."))
    }

    async fn forget_unused(&self) -> Result<usize, ApiError> {
        let now = clock::now_ms();
        let ago = |age: Duration| now.saturating_sub(i64::try_from(age.as_millis()).unwrap_or(i64::MAX));
        let (never, no_more) = (ago(self.config.never_used_life), ago(self.config.unused_life));
        let mut forgotten = 0;
        loop {
            let write = self.store.write::<_, ApiError, _>(move |tx| {
                let ids = tx.unused_media(never, no_more, AT_ONCE)?;
                Ok((ids.len(), tx.remove_media(&ids)?))
            });
            let (count, left) = write.await?;
            self.leave(left);
            forgotten += count;
            if count == 0 {
                return Ok(forgotten);
            }
        }
    }

    /// Notes that files have lost their upload.
    fn leave(&self, hashes: Vec<String>) {
        let now = clock::now_ms();
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        for hash in hashes {
            left.entry(hash).or_insert(now);
        }
    }

    /// Removes the files that were left before `before_ms` and that nobody has uploaded again since.
    async fn remove_left(&self, before_ms: i64) -> Result<Cleared, ApiError> {
        let due = self.take_left(before_ms);
        let mut cleared = Cleared::default();
        for some in due.chunks(AT_ONCE) {
            let _nobody_else = self
                .places
                .clone()
                .acquire_many_owned(PLACES)
                .await
                .map_err(|_| ApiError::unavailable("The server is shutting down."))?;
            let hashes = self.without_upload(some.to_vec()).await?;
            let files = self.files.clone();
            let removed = tokio::task::spawn_blocking(move || {
                hashes.iter().map(|hash| files.remove(hash)).collect::<Result<Vec<_>, _>>()
            });
            let removed = removed.await.map_err(|_| ApiError::internal())?.map_err(disk)?;
            cleared.files += removed.iter().flatten().count();
            cleared.bytes += removed.iter().flatten().sum::<u64>();
        }
        Ok(cleared)
    }

    fn take_left(&self, before_ms: i64) -> Vec<String> {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let (due, rest): (HashMap<_, _>, HashMap<_, _>) =
            left.drain().partition(|(_, since)| *since <= before_ms);
        *left = rest;
        due.into_keys().collect()
    }

    async fn without_upload(&self, hashes: Vec<String>) -> Result<Vec<String>, ApiError> {
        let read = self.store.read::<_, ApiError, _>(move |snap| {
            let mut without = Vec::new();
            for hash in hashes {
                if !snap.is_media_content(&hash)? {
                    without.push(hash);
                }
            }
            Ok(without)
        });
        read.await
    }
}

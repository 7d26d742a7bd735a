//! Addresses that are handed out before their file (MSC2246): who may fill them, until when, and who waits for it.
//!
//! An address is either a row of promises or a row of uploads, and moves from one to the other in one transaction, so of two
//! uploads to it only one can win.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::body::Body;
use http::StatusCode;
use ruma::UserId;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{Declared, Media, missing, upload::Placed};
use crate::{clock, http::ApiError, store::Snapshot};

impl Media {
    /// Hands out an address, and says until when it waits for its file.
    pub(crate) async fn promise(&self, user: &UserId) -> Result<(String, i64), ApiError> {
        let id = Self::new_id();
        let address = self.address(&id);
        let (user, most, now) = (user.to_owned(), self.config.max_promised, clock::now_ms());
        let expires =
            now.saturating_add(i64::try_from(self.config.promise_life.as_millis()).unwrap_or(i64::MAX));
        let write = self.store.write(move |tx| {
            let (held, first_ends) = tx.promised_media_of(&user, now)?;
            if held >= most {
                let wait = first_ends.map_or(0, |ends| ends - now);
                return Err(ApiError::limit_exceeded(Duration::from_millis(wait.max(1) as u64)));
            }
            Ok(tx.promise_media(&id, &user, expires)?)
        });
        write.await?;
        Ok((address, expires))
    }

    /// Stores the file of an address that was handed out to `user`, and wakes those who wait for it.
    pub(crate) async fn keep_promise(
        &self,
        user: &UserId,
        server: &str,
        id: &str,
        declared: Declared,
        body: Body,
    ) -> Result<(), ApiError> {
        if server != self.server_name.as_str() {
            return Err(missing());
        }
        let (asked, asker) = (id.to_owned(), user.to_string());
        self.store.read(move |snap| may_fill(snap, &asked, &asker)).await?;
        let Placed { row, keeping, place } = self.take_in(user, declared, body).await?;
        let filled = id.to_owned();
        let write = self.store.write::<_, ApiError, _>(move |tx| {
            if !tx.keep_media_promise(&filled)? {
                return Err(if tx.media(&filled)?.is_some() { taken() } else { missing() });
            }
            tx.add_media(&filled, &row, keeping, clock::now_ms())?;
            Ok(place)
        });
        drop(write.await?);
        self.arrivals.tell(id);
        Ok(())
    }
}

/// Whether `user` may fill the address, before the file is let in.
fn may_fill(snap: &Snapshot<'_>, id: &str, user: &str) -> Result<(), ApiError> {
    let owner = match snap.media(id)? {
        Some(row) if row.user_id == user => return Err(taken()),
        Some(row) => row.user_id,
        None => {
            snap.promised_media(id)?.filter(|p| p.expires_ms > clock::now_ms()).ok_or_else(missing)?.user_id
        }
    };
    if owner == user {
        Ok(())
    } else {
        Err(ApiError::forbidden("This address was handed out to somebody else."))
    }
}

fn taken() -> ApiError {
    ApiError::new(StatusCode::CONFLICT, "M_CANNOT_OVERWRITE_MEDIA", "This address has its file already.")
}

/// 504 `M_NOT_YET_UPLOADED`.
pub(super) fn not_yet() -> ApiError {
    ApiError::new(StatusCode::GATEWAY_TIMEOUT, "M_NOT_YET_UPLOADED", "Media has not been uploaded yet")
}

/// How long somebody waits for a file.
#[derive(Clone, Debug)]
pub(crate) struct Patience {
    pub(crate) longest: Duration,
    /// Cancelled when the server ends: then nobody waits.
    pub(crate) ending: CancellationToken,
}

/// Who waits for which file. Only files that somebody waits for are in here.
#[derive(Debug, Default)]
pub(super) struct Arrivals(Mutex<HashMap<String, watch::Sender<()>>>);

impl Arrivals {
    /// Follows a file from now on: what arrives after this call is not missed.
    pub(super) fn follow(&self, id: &str) -> Arrival<'_> {
        let told = self.waiting().entry(id.to_owned()).or_insert_with(|| watch::channel(()).0).subscribe();
        Arrival { all: self, id: id.to_owned(), told: Some(told) }
    }

    /// Wakes those who wait for this file.
    fn tell(&self, id: &str) {
        // Its end is what they hear.
        drop(self.waiting().remove(id));
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<String, watch::Sender<()>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One who may wait for a file.
#[derive(Debug)]
pub(super) struct Arrival<'a> {
    all: &'a Arrivals,
    id: String,
    told: Option<watch::Receiver<()>>,
}

impl Arrival<'_> {
    /// Returns when the file has arrived, or when patience is over.
    pub(super) async fn wait(mut self, patience: &Patience) {
        let Some(told) = &mut self.told else { return };
        tokio::select! {
            _arrived = told.changed() => {}
            () = tokio::time::sleep(patience.longest) => {}
            () = patience.ending.cancelled() => {}
        }
    }
}

impl Drop for Arrival<'_> {
    fn drop(&mut self) {
        drop(self.told.take());
        let mut waiting = self.all.waiting();
        if waiting.get(&self.id).is_some_and(|sender| sender.receiver_count() == 0) {
            waiting.remove(&self.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio_util::sync::CancellationToken;

    use super::{Arrivals, Patience};

    #[tokio::test]
    async fn who_waits_is_woken_and_nothing_is_kept_of_them() {
        let arrivals = Arrivals::default();
        let (one, other) = (arrivals.follow("a"), arrivals.follow("a"));
        let left = arrivals.follow("b");
        drop(left);
        assert_eq!(arrivals.waiting().len(), 1);
        arrivals.tell("a");
        let patience = Patience { longest: Duration::from_hours(1), ending: CancellationToken::new() };
        one.wait(&patience).await;
        other.wait(&patience).await;
        let never = arrivals.follow("c");
        patience.ending.cancel();
        never.wait(&patience).await;
        assert!(arrivals.waiting().is_empty());
    }
}

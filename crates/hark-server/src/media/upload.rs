//! Taking a file in: streamed to disk while it is hashed and counted, never held in memory.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures_util::StreamExt;
use ruma::UserId;
use sha2::{Digest, Sha256};
use tokio::{
    fs::OpenOptions,
    io::{AsyncWriteExt, BufWriter},
    sync::OwnedSemaphorePermit,
};

use super::{Media, UNKNOWN_TYPE, disk, files::Arriving, picture, sniff};
use crate::{
    clock,
    hex::hex,
    http::ApiError,
    store::media::{Keeping, MediaRow},
};

/// How long a whole upload may take.
const LONGEST: Duration = Duration::from_hours(1);
/// After so many bytes it is looked again whether the disk has room.
const ROOM_IS_LOOKED_AT: u64 = 16 * 1024 * 1024;
/// Bytes gathered before a write.
const BUFFER: usize = 256 * 1024;

/// What the uploader says of the file.
#[derive(Debug, Default)]
pub(crate) struct Declared {
    /// `Content-Length`, where it was sent.
    pub(crate) length: Option<u64>,
    /// `Content-Type`.
    pub(crate) content_type: Option<String>,
    /// The `filename` parameter.
    pub(crate) filename: Option<String>,
}

/// A picture that was found elsewhere and is kept.
#[derive(Debug)]
pub(crate) struct Found {
    /// Its `mxc://` address.
    pub(crate) address: String,
    /// What its bytes say it is.
    pub(crate) content_type: &'static str,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

/// A file that has arrived and is not in its place yet.
struct Arrived {
    file: Arriving,
    hash: String,
    size: u64,
    /// Its first bytes.
    head: Vec<u8>,
}

/// A file in its place, of which nobody knows yet.
pub(super) struct Placed {
    pub(super) row: MediaRow,
    pub(super) keeping: Keeping,
    /// Held until the row is on disk, even where nobody waits for that any more: a write returns it.
    pub(super) place: OwnedSemaphorePermit,
}

impl Media {
    /// Stores a file and returns its `mxc://` address. When this returns, the file is on disk.
    pub(crate) async fn upload(
        &self,
        user: &UserId,
        declared: Declared,
        body: Body,
    ) -> Result<String, ApiError> {
        self.write(self.take_in(user, declared, body).await?).await
    }

    /// Keeps a picture that was found elsewhere, for as long as something refers to it, as nobody's upload.
    pub(crate) async fn keep_found(&self, picture: Bytes) -> Result<Found, ApiError> {
        self.admit_bytes(picture.len() as u64).await?;
        let bytes = picture.clone();
        let looked = tokio::task::spawn_blocking(move || picture::look(&bytes));
        let (content_type, width, height) =
            looked.await.map_err(|_| ApiError::internal())?.map_err(|why| ApiError::invalid_param(why.0))?;
        let arrived = self.receive(Body::from(picture)).await?;
        let row = MediaRow {
            content_hash: arrived.hash.clone(),
            size: arrived.size,
            content_type: content_type.to_owned(),
            filename: None,
            user_id: String::new(),
            unused: false,
        };
        let address = self.write(self.place_file(arrived, row, Keeping::NotForLong).await?).await?;
        Ok(Found { address, content_type, width, height })
    }

    async fn write(&self, placed: Placed) -> Result<String, ApiError> {
        let Placed { row, keeping, place } = placed;
        let id = Self::new_id();
        let address = self.address(&id);
        let write = self.store.write::<_, ApiError, _>(move |tx| {
            tx.add_media(&id, &row, keeping, clock::now_ms())?;
            Ok(place)
        });
        write.await.map(|_place| address)
    }

    async fn place_file(
        &self,
        arrived: Arrived,
        row: MediaRow,
        keeping: Keeping,
    ) -> Result<Placed, ApiError> {
        let place = self.place().await?;
        let files = self.files.clone();
        let kept = tokio::task::spawn_blocking(move || files.keep(&arrived.file, &arrived.hash));
        kept.await.map_err(|_| ApiError::internal())?.map_err(disk)?;
        Ok(Placed { row, keeping, place })
    }

    /// Takes a file in and puts it where it stays. What is left is to write the row.
    pub(super) async fn take_in(
        &self,
        user: &UserId,
        declared: Declared,
        body: Body,
    ) -> Result<Placed, ApiError> {
        self.admit(user, &declared).await?;
        let late = |_| broken_off();
        let arrived = tokio::time::timeout(LONGEST, self.receive(body)).await.map_err(late)??;
        let content_type = declared.content_type.unwrap_or_else(|| UNKNOWN_TYPE.to_owned());
        let sniffed = sniff::content_type(&arrived.head);
        // What is encrypted is called unknown, and its bytes say nothing.
        let keeping = match sniffed {
            Some(_) if content_type != UNKNOWN_TYPE => Keeping::WhileReferred,
            _ => Keeping::Always,
        };
        self.admit_type(sniffed.unwrap_or(&content_type))?;
        self.admit_person(user, arrived.size).await?;
        let row = MediaRow {
            content_hash: arrived.hash.clone(),
            size: arrived.size,
            content_type,
            filename: declared.filename.filter(|name| !name.is_empty()),
            user_id: user.to_string(),
            unused: keeping == Keeping::WhileReferred,
        };
        let placed = self.place_file(arrived, row, keeping).await?;
        self.make_ahead(&placed.row, sniffed);
        Ok(placed)
    }

    async fn receive(&self, body: Body) -> Result<Arrived, ApiError> {
        let file = self.files.arriving();
        let open = OpenOptions::new().write(true).create_new(true).open(file.path()).await;
        let mut writer = BufWriter::with_capacity(BUFFER, open.map_err(disk)?);
        let (mut hash, mut size, mut head) = (Sha256::new(), 0u64, Vec::new());
        let mut look_at = ROOM_IS_LOOKED_AT;
        let mut chunks = body.into_data_stream();
        let pause = self.config.upload_pause;
        while let Some(chunk) = tokio::time::timeout(pause, chunks.next()).await.map_err(|_| broken_off())? {
            let chunk = chunk.map_err(|_| broken_off())?;
            size += chunk.len() as u64;
            if size > self.max_upload {
                return Err(self.too_large());
            }
            if size > look_at {
                self.admit_bytes(0).await?;
                look_at += ROOM_IS_LOOKED_AT;
            }
            head.extend(chunk.iter().take(sniff::HEAD - head.len()));
            hash.update(&chunk);
            writer.write_all(&chunk).await.map_err(disk)?;
        }
        writer.flush().await.map_err(disk)?;
        writer.get_ref().sync_all().await.map_err(disk)?;
        let hash = hex(&hash.finalize());
        Ok(Arrived { file, hash, size, head })
    }
}

fn broken_off() -> ApiError {
    ApiError::new(
        http::StatusCode::REQUEST_TIMEOUT,
        "M_UNKNOWN",
        "The upload broke off: send the file again.",
    )
}

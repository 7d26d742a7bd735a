//! Taking a file in: streamed to disk while it is hashed and counted, never held in memory.

use std::time::Duration;

use axum::body::Body;
use futures_util::StreamExt;
use ruma::UserId;
use sha2::{Digest, Sha256};
use tokio::{
    fs::OpenOptions,
    io::{AsyncWriteExt, BufWriter},
};

use super::{Media, disk, files::Arriving};
use crate::{clock, hex::hex, http::ApiError, store::media::MediaRow};

/// How long a client may pause.
const PAUSE: Duration = Duration::from_mins(1);
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

struct Arrived {
    file: Arriving,
    hash: String,
    size: u64,
}

impl Media {
    /// Stores a file and returns its `mxc://` address. When this returns, the file is on disk.
    pub(crate) async fn upload(
        &self,
        user: &UserId,
        declared: Declared,
        body: Body,
    ) -> Result<String, ApiError> {
        let row = self.take_in(user, declared, body).await?;
        let id = Self::new_id();
        let address = self.address(&id);
        self.store.write::<_, ApiError, _>(move |tx| Ok(tx.add_media(&id, &row, clock::now_ms())?)).await?;
        Ok(address)
    }

    /// Takes a file in and puts it where it stays. What is left is to write the row.
    pub(super) async fn take_in(
        &self,
        user: &UserId,
        declared: Declared,
        body: Body,
    ) -> Result<MediaRow, ApiError> {
        if declared.length.is_some_and(|length| length > self.max_upload) {
            return Err(self.too_large());
        }
        let arrived = self.receive(body).await?;
        let row = MediaRow {
            content_hash: arrived.hash,
            size: arrived.size,
            content_type: declared.content_type.unwrap_or_else(|| "application/octet-stream".to_owned()),
            filename: declared.filename.filter(|name| !name.is_empty()),
            user_id: user.to_string(),
        };
        let (files, hash) = (self.files.clone(), row.content_hash.clone());
        let kept = tokio::task::spawn_blocking(move || files.keep(&arrived.file, &hash));
        kept.await.map_err(|_| ApiError::internal())?.map_err(disk)?;
        Ok(row)
    }

    async fn receive(&self, body: Body) -> Result<Arrived, ApiError> {
        let file = self.files.arriving();
        let open = OpenOptions::new().write(true).create_new(true).open(file.path()).await;
        let mut writer = BufWriter::with_capacity(BUFFER, open.map_err(disk)?);
        let (mut hash, mut size) = (Sha256::new(), 0u64);
        let mut chunks = body.into_data_stream();
        while let Some(chunk) = tokio::time::timeout(PAUSE, chunks.next()).await.map_err(|_| broken_off())? {
            let chunk = chunk.map_err(|_| broken_off())?;
            size += chunk.len() as u64;
            if size > self.max_upload {
                return Err(self.too_large());
            }
            hash.update(&chunk);
            writer.write_all(&chunk).await.map_err(disk)?;
        }
        writer.flush().await.map_err(disk)?;
        writer.get_ref().sync_all().await.map_err(disk)?;
        let hash = hex(&hash.finalize());
        Ok(Arrived { file, hash, size })
    }

    fn too_large(&self) -> ApiError {
        ApiError::too_large(format!("A file may have at most {} bytes on this server.", self.max_upload))
    }
}

fn broken_off() -> ApiError {
    ApiError::new(
        http::StatusCode::REQUEST_TIMEOUT,
        "M_UNKNOWN",
        "The upload broke off: send the file again.",
    )
}

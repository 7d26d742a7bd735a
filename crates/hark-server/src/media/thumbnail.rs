//! Thumbnails: found among those made before, or made by one of few workers.

use std::{fs, io::Write, time::Duration};

use axum::response::Response;
use http::StatusCode;

use super::{
    Conditions, Media, Wanted, disk,
    download::{self, Sent},
    picture::{self, Made},
};
use crate::{http::ApiError, platform, store::media::MediaRow};

/// How long one waits for a thumbnail.
const PATIENCE: Duration = Duration::from_secs(10);
/// How the two forms a thumbnail is kept in are named.
const FORMS: [(&str, &str); 2] = [("jpg", "image/jpeg"), ("png", "image/png")];

impl Media {
    /// A smaller picture of the file behind `mxc://server/id`, or the file itself when it is small already.
    pub(crate) async fn thumbnail(
        &self,
        server: &str,
        id: &str,
        wanted: Wanted,
        conditions: &Conditions,
    ) -> Result<Response, ApiError> {
        let row = self.find(server, id, conditions.patience).await?;
        self.note_fetch(conditions.asker.as_deref(), id, &row).await?;
        // What is encrypted is declared as this, and nobody here can see what it is.
        if row.content_type == super::UNKNOWN_TYPE {
            return Err(not_possible("This file is not a picture that can be made smaller."));
        }
        if let Some(found) = self.made_before(&row, wanted, conditions).await? {
            return Ok(found);
        }
        match self.make(&row, wanted).await? {
            None => self.made_before(&row, wanted, conditions).await?.ok_or_else(ApiError::internal),
            Some(content_type) => {
                let sent = Sent { tag: &row.content_hash, content_type, filename: None };
                download::send(&self.files.content(&row.content_hash), &sent, conditions).await
            }
        }
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

    /// Makes and keeps a thumbnail; `Some` with its type when the file itself will do.
    async fn make(&self, row: &MediaRow, wanted: Wanted) -> Result<Option<&'static str>, ApiError> {
        let (files, hash) = (self.files.clone(), row.content_hash.clone());
        let decoder = self.decoders.clone().acquire_owned();
        let work = async {
            let decoder = decoder.await.map_err(|_| ApiError::unavailable("The server is shutting down."))?;
            let work = tokio::task::spawn_blocking(move || {
                let _decoder = decoder;
                let made = picture::make(&files.content(&hash), wanted).map_err(|why| not_possible(why.0))?;
                let (content_type, bytes) = match made {
                    Made::Original { content_type } => return Ok(Some(content_type)),
                    Made::Thumbnail { content_type, bytes } => (content_type, bytes),
                };
                let ending = FORMS.iter().find(|form| form.1 == content_type).map_or("png", |form| form.0);
                let arriving = files.arriving();
                let place = files.thumbnail(&hash, &format!("{}.{ending}", wanted.name()));
                let folder = place.parent().unwrap_or(&place);
                platform::create_private_dir(folder)
                    .and_then(|()| platform::open_private_file(arriving.path()))
                    .and_then(|mut file| file.write_all(&bytes))
                    .and_then(|()| fs::rename(arriving.path(), &place))
                    .map_err(disk)?;
                Ok(None)
            });
            // A decoder that panics on a hostile picture is a picture without a thumbnail.
            work.await.unwrap_or_else(|_| Err(not_possible("This picture is damaged.")))
        };
        let late = || not_possible("This picture took too long.");
        tokio::time::timeout(PATIENCE, work).await.unwrap_or_else(|_| Err(late()))
    }
}

/// 400 `M_UNKNOWN`: clients then show the file itself.
fn not_possible(why: &'static str) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "M_UNKNOWN", why)
}

//! Which files are let in: of which types, how large, how many bytes of one person, and only while the disk has room.

use http::StatusCode;
use ruma::UserId;
use serde_json::json;

use super::{Declared, Media, disk};
use crate::http::ApiError;

impl Media {
    /// Refuses a file before a byte of it is read, where what is said of it is reason enough.
    pub(super) async fn admit(&self, user: &UserId, declared: &Declared) -> Result<(), ApiError> {
        self.admit_type(declared.content_type.as_deref().unwrap_or(super::UNKNOWN_TYPE))?;
        let length = declared.length.unwrap_or(0);
        if length > self.max_upload {
            return Err(self.too_large());
        }
        self.admit_bytes(length).await?;
        self.admit_person(user, length).await
    }

    /// Refuses types that are not on the list, where there is one.
    pub(super) fn admit_type(&self, content_type: &str) -> Result<(), ApiError> {
        let accepted = &self.config.accepted_types;
        if accepted.is_empty() || accepted.iter().any(|pattern| fits(pattern, content_type)) {
            return Ok(());
        }
        let sentence = format!("Files of this type are not taken here. These are: {}.", accepted.join(", "));
        Err(ApiError::invalid_param(sentence).with("app.hark.accepted_types", json!(accepted)))
    }

    /// Refuses when these bytes would leave the disk without the room that is kept free.
    pub(super) async fn admit_bytes(&self, bytes: u64) -> Result<(), ApiError> {
        let files = self.files.clone();
        let free = tokio::task::spawn_blocking(move || files.free_space());
        let free = free.await.map_err(|_| ApiError::internal())?.map_err(disk)?;
        if free.saturating_sub(bytes) >= self.config.min_free {
            return Ok(());
        }
        tracing::warn!(free, "the disk has no room for more files");
        Err(ApiError::unavailable("The server's disk is nearly full. Try again when there is room."))
    }

    /// Refuses when these bytes would be more than one person may keep here.
    pub(super) async fn admit_person(&self, user: &UserId, bytes: u64) -> Result<(), ApiError> {
        let Some(most) = self.config.max_per_user else { return Ok(()) };
        let user = user.to_owned();
        let held = self.store.read::<_, ApiError, _>(move |snap| Ok(snap.media_bytes_of(&user)?)).await?;
        if held.saturating_add(bytes) <= most {
            return Ok(());
        }
        let sentence = format!("Your files have {held} bytes here. All of them together may have {most}.");
        let info = self.config.limits_uri.clone().unwrap_or_else(|| format!("https://{}/", self.server_name));
        Err(ApiError::new(StatusCode::FORBIDDEN, "M_USER_LIMIT_EXCEEDED", sentence)
            .with("info_uri", json!(info)))
    }

    pub(super) fn too_large(&self) -> ApiError {
        ApiError::too_large(format!("A file may have at most {} bytes on this server.", self.max_upload))
    }
}

/// `image/png` and `image/*` fit `image/png; x=y`, in any case.
fn fits(pattern: &str, content_type: &str) -> bool {
    let bare = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let pattern = pattern.to_ascii_lowercase();
    match pattern.strip_suffix('*') {
        Some(kind) => bare.starts_with(kind),
        None => bare == pattern,
    }
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn a_type_fits_its_name_and_its_kind() {
        assert!(fits("image/png", "Image/PNG; charset=x"));
        assert!(fits("image/*", "image/webp"));
        assert!(!fits("image/*", "imagery/webp"));
        assert!(!fits("image/png", "image/pngx"));
    }
}

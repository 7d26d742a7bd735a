//! Media of other people, shown without trusting what they say it is.

use super::App;
use crate::api::ApiError;

/// Bytes behind an `mxc://` address.
pub struct Media {
    /// All of them.
    pub bytes: Vec<u8>,
    /// Media type, where it is a picture a page cannot run anything from; anything else is to be offered as a file.
    pub picture: Option<&'static str>,
}

impl App {
    /// Fetches, or takes from what was fetched, the media at `mxc://…`.
    pub async fn media(&self, mxc: &str) -> Result<Media, ApiError> {
        let bytes = self.engine().media(mxc, hark_client::MediaKind::Other).await?;
        let picture = safe_picture(&bytes);
        Ok(Media { bytes, picture })
    }
}

/// What the first bytes say; SVG and everything else that may hold a script is no picture here.
fn safe_picture(bytes: &[u8]) -> Option<&'static str> {
    let is_webp = bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP");
    match bytes {
        _ if bytes.starts_with(b"\x89PNG\r\n\x1a\n") => Some("image/png"),
        _ if bytes.starts_with(b"\xff\xd8\xff") => Some("image/jpeg"),
        _ if bytes.starts_with(b"GIF87a") || bytes.starts_with(b"GIF89a") => Some("image/gif"),
        _ if is_webp => Some("image/webp"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_known_by_its_bytes() {
        assert_eq!(safe_picture(b"\x89PNG\r\n\x1a\n...."), Some("image/png"));
        assert_eq!(safe_picture(b"RIFF\x00\x00\x00\x00WEBPVP8 "), Some("image/webp"));
    }

    #[test]
    fn what_could_run_a_script_is_no_picture() {
        for bytes in
            [&b"<svg xmlns='http://www.w3.org/2000/svg'>"[..], b"<!doctype html>", b"%PDF-1.7", b"RIFF", b""]
        {
            assert_eq!(safe_picture(bytes), None);
        }
    }
}

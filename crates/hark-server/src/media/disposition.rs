//! What a browser may do with a file it is given: show it, or only save it, and under which name.

use std::fmt::Write as _;

/// Types that cannot run anything when shown (the specification's list).
const SHOWN: [&str; 29] = [
    "text/css",
    "text/plain",
    "text/csv",
    "application/json",
    "application/ld+json",
    "image/jpeg",
    "image/gif",
    "image/png",
    "image/apng",
    "image/webp",
    "image/avif",
    "video/mp4",
    "video/webm",
    "video/ogg",
    "video/quicktime",
    "audio/mp4",
    "audio/webm",
    "audio/aac",
    "audio/mpeg",
    "audio/ogg",
    "audio/wave",
    "audio/wav",
    "audio/x-wav",
    "audio/x-pn-wav",
    "audio/flac",
    "audio/x-flac",
    "audio/opus",
    "audio/3gpp",
    "audio/x-m4a",
];

/// The `Content-Disposition` of a file.
pub(crate) fn of(content_type: &str, filename: Option<&str>) -> String {
    let bare = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let mut header = if SHOWN.contains(&bare.as_str()) { "inline" } else { "attachment" }.to_owned();
    match filename.filter(|name| !name.is_empty()) {
        None => {}
        Some(name)
            if name.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\') =>
        {
            let _infallible = write!(header, "; filename=\"{name}\"");
        }
        Some(name) => {
            header.push_str("; filename*=utf-8''");
            for byte in name.bytes() {
                if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                    header.push(char::from(byte));
                } else {
                    let _infallible = write!(header, "%{byte:02X}");
                }
            }
        }
    }
    header
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn only_harmless_types_are_shown() {
        assert_eq!(of("image/png", None), "inline");
        assert_eq!(of("TEXT/Plain; charset=utf-8", None), "inline");
        for dangerous in
            ["text/html", "image/svg+xml", "application/xhtml+xml", "", "application/octet-stream"]
        {
            assert_eq!(of(dangerous, None), "attachment", "{dangerous}");
        }
    }

    #[test]
    fn a_name_cannot_break_out_of_the_header() {
        assert_eq!(of("image/png", Some("cat one.png")), "inline; filename=\"cat one.png\"");
        assert_eq!(of("image/png", Some("a\"; x=\"b")), "inline; filename*=utf-8''a%22%3B%20x%3D%22b");
        assert_eq!(of("image/png", Some("a\r\nX: y")), "inline; filename*=utf-8''a%0D%0AX%3A%20y");
        assert_eq!(of("image/png", Some("☕.png")), "inline; filename*=utf-8''%E2%98%95.png");
    }
}

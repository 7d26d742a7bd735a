//! From bytes of a page to text: by its byte order mark, what its header says, what it says itself, else UTF-8.

use encoding_rs::{Encoding, UTF_8};

/// Where a page says itself how it is written, it does so this early.
const EARLY: usize = 1024;

/// The text of a page; what cannot be read becomes replacement characters.
pub(super) fn text(bytes: &[u8], content_type: &str) -> String {
    let early = String::from_utf8_lossy(&bytes[..bytes.len().min(EARLY)]);
    let said = charset(content_type).or_else(|| charset(&early));
    let encoding = said.unwrap_or(UTF_8);
    encoding.decode(bytes).0.into_owned()
}

/// What stands behind `charset=`.
fn charset(text: &str) -> Option<&'static Encoding> {
    let lower = text.to_ascii_lowercase();
    let (_, rest) = lower.split_once("charset")?;
    let name = rest.trim_start().strip_prefix('=')?.trim_start().trim_start_matches(['"', '\'']);
    let end = name.find(|c: char| !c.is_ascii_alphanumeric() && !"-_:.".contains(c)).unwrap_or(name.len());
    Encoding::for_label(&name.as_bytes()[..end])
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn a_page_is_read_in_its_own_letters() {
        assert_eq!(text("Füße".as_bytes(), "text/html"), "Füße");
        assert_eq!(text(b"F\xfc\xdfe", "text/html; charset=ISO-8859-1"), "Füße");
        assert_eq!(text(b"F\xfc\xdfe", "text/html;charset = \"windows-1252\""), "Füße");
        let own = text(b"<meta charset='shift_jis'>\x93\xfa\x96{", "text/html");
        assert!(own.ends_with("日本"), "{own}");
        assert_eq!(text(b"\xff\xfeh\0i\0", "text/html; charset=utf-8"), "hi", "the mark says so");
        assert_eq!(text(b"a\xffb", "text/html; charset=nonsense"), "a\u{FFFD}b");
        assert_eq!(text(b"", ""), "");
    }
}

//! What a file is by its first bytes, whatever it was called.

/// How many bytes tell.
pub(super) const HEAD: usize = 1024;
/// Fewer bytes of text than this could as well be ciphertext.
const ENOUGH_TEXT: usize = 64;

/// The type the first bytes of a file say, where they say one.
pub(super) fn content_type(head: &[u8]) -> Option<&'static str> {
    infer::get(head).map(|kind| kind.mime_type()).or_else(|| is_text(head).then_some("text/plain"))
}

/// Whether this is text beyond doubt: none of its bytes would be out of place.
fn is_text(head: &[u8]) -> bool {
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        // Cut in the middle of a character.
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    text.len() >= ENOUGH_TEXT && !text.chars().any(|c| c.is_control() && !c.is_whitespace())
}

#[cfg(test)]
mod tests {
    use super::content_type;

    #[test]
    fn bytes_say_what_a_file_is_and_ciphertext_says_nothing() {
        assert_eq!(content_type(b"\x89PNG\r\n\x1a\n and more"), Some("image/png"));
        assert_eq!(content_type(b"\xff\xd8\xff\xe0 and more"), Some("image/jpeg"));
        assert_eq!(content_type(b"OggS and more"), Some("audio/ogg"));
        assert_eq!(content_type("ünd \u{1F642}".repeat(30).as_bytes()), Some("text/plain"));
        let cut = "\u{1F642}".repeat(40);
        assert_eq!(content_type(&cut.as_bytes()[..cut.len() - 2]), Some("text/plain"));
        assert_eq!(content_type(b"short"), None);
        assert_eq!(content_type(b""), None);
        for seed in 1..200u32 {
            let noise: Vec<u8> =
                (0..300u32).map(|n| (n.wrapping_mul(seed.wrapping_mul(2_654_435_761)) >> 13) as u8).collect();
            let sniffed = content_type(&noise);
            assert_ne!(sniffed, Some("text/plain"), "{seed}");
        }
    }
}

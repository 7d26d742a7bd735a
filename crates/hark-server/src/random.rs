//! The only place of this crate that draws randomness: the operating system's generator, nothing else.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// `N` random bytes.
///
/// # Panics
/// When the operating system has no randomness to give. Nothing that follows could be safe, so the process must not go on.
pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    let mut buffer = [0; N];
    getrandom::fill(&mut buffer).expect("the operating system's random generator works");
    buffer
}

/// An unguessable id of `N` random bytes, written in the URL-safe alphabet without padding.
pub(crate) fn url_safe<const N: usize>() -> String {
    URL_SAFE_NO_PAD.encode(bytes::<N>())
}

/// `length` random characters out of `alphabet`, evenly distributed.
pub(crate) fn letters(alphabet: &[u8], length: usize) -> String {
    let fair = 256 - 256 % alphabet.len();
    std::iter::repeat_with(|| usize::from(bytes::<1>()[0]))
        .filter(|drawn| *drawn < fair)
        .map(|drawn| char::from(alphabet[drawn % alphabet.len()]))
        .take(length)
        .collect()
}

/// A random index below `length`, which must not be 0.
pub(crate) fn below(length: usize) -> usize {
    (u64::from_le_bytes(bytes()) % length as u64) as usize
}

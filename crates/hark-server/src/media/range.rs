//! `Range: bytes=…` (RFC 9110, section 14): one range is served, anything else gets the whole file.

use std::ops::RangeInclusive;

/// What of a file is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// All of it.
    Whole,
    /// These bytes.
    Bytes(RangeInclusive<u64>),
    /// Bytes the file does not have.
    Unsatisfiable,
}

/// What `header` asks for of a file of `size` bytes.
pub(crate) fn asked(header: Option<&str>, size: u64) -> Part {
    let Some((first, last)) = header.and_then(single) else { return Part::Whole };
    let wanted = match (first, last) {
        (Some(first), Some(last)) if first > last => return Part::Whole,
        (Some(first), last) => first..=last.unwrap_or(u64::MAX).min(size.saturating_sub(1)),
        (None, Some(0)) => return Part::Unsatisfiable,
        (None, Some(suffix)) => size.saturating_sub(suffix)..=size.saturating_sub(1),
        (None, None) => return Part::Whole,
    };
    if size == 0 || *wanted.start() >= size { Part::Unsatisfiable } else { Part::Bytes(wanted) }
}

/// The two ends of a header that names one range and is well formed.
fn single(header: &str) -> Option<(Option<u64>, Option<u64>)> {
    let (first, last) = header.trim().strip_prefix("bytes=")?.split_once('-')?;
    let end = |text: &str| match text.trim() {
        "" => Some(None),
        digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().ok().map(Some),
        _ => None,
    };
    Some((end(first)?, end(last)?))
}

#[cfg(test)]
mod tests {
    use super::{Part, asked};

    #[test]
    fn one_range_is_served_and_nothing_else() {
        let part = |header| asked(Some(header), 10);
        assert_eq!(asked(None, 10), Part::Whole);
        assert_eq!(part("bytes=0-3"), Part::Bytes(0..=3));
        assert_eq!(part("bytes=4-"), Part::Bytes(4..=9));
        assert_eq!(part("bytes=-3"), Part::Bytes(7..=9));
        assert_eq!(part("bytes=-30"), Part::Bytes(0..=9));
        assert_eq!(part("bytes=8-100"), Part::Bytes(8..=9));
        assert_eq!(part("bytes=10-"), Part::Unsatisfiable);
        assert_eq!(part("bytes=-0"), Part::Unsatisfiable);
        assert_eq!(asked(Some("bytes=0-"), 0), Part::Unsatisfiable);
        for odd in
            ["bytes=0-1,3-4", "bytes=5-2", "bytes=a-b", "bytes=-", "lines=1-2", "bytes=99999999999999999999-"]
        {
            assert_eq!(part(odd), Part::Whole, "{odd}");
        }
    }
}

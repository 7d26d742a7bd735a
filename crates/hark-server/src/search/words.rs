//! From texts to words.
//!
//! The index splits texts at what is neither letter nor digit, folds case and drops accents. That does nothing for languages that
//! are written without spaces, so each of their characters is made a word of its own before it goes in, and what is searched for
//! becomes a phrase of such characters. Indexing every three characters instead (a trigram index) would find no word of two
//! characters, which most of these are, and no number of one or two digits.

/// What a person searches for.
#[derive(Clone, Debug)]
pub(crate) struct Words(Vec<String>);

/// Words of one search; more are left out.
const MAX_WORDS: usize = 32;

impl Words {
    /// The words of a search term; all of them must be there.
    pub(crate) fn of(term: &str) -> Self {
        let words = term.split_whitespace().filter(|word| word.chars().any(char::is_alphanumeric));
        Self(words.take(MAX_WORDS).map(str::to_lowercase).collect())
    }

    /// True if there is nothing to search for.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// An expression of the index.
    pub(crate) fn expression(&self) -> String {
        let phrase = |word: &String| format!("\"{}\"", spaced(&word.replace('"', " ")));
        self.0.iter().map(phrase).collect::<Vec<_>>().join(" AND ")
    }

    /// The words to mark in what was found.
    pub(crate) fn highlights(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()))
    }
}

/// The text with spaces around each character of a script that has none.
pub(super) fn spaced(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if is_written_without_spaces(character) {
            out.extend([' ', character, ' ']);
        } else {
            out.push(character);
        }
    }
    out
}

fn is_written_without_spaces(character: char) -> bool {
    matches!(
        u32::from(character),
        // Thai, Lao; Myanmar; Khmer
        0x0E00..=0x0EFF | 0x1000..=0x109F | 0x1780..=0x17FF
        // Kana and their small forms; Han with its extensions
        | 0x3040..=0x30FF | 0x31F0..=0x31FF | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0xFF66..=0xFF9F
        | 0x20000..=0x3FFFF
        // Hangul has spaces, but endings grow onto its words.
        | 0xAC00..=0xD7AF
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_become_phrases_and_nothing_of_them_is_taken_for_syntax() {
        for (term, expected) in [
            ("Message 4", r#""message" AND "4""#),
            ("  ", ""),
            ("!!! ?", ""),
            (r#"a"b NEAR( col:x"#, r#""a b" AND "near(" AND "col:x""#),
            ("東京", r#"" 東  京 ""#),
        ] {
            assert_eq!(Words::of(term).expression(), expected, "{term}");
        }
    }
}

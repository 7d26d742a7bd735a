//! Glob patterns of push rules (spec: "Glob-style matching"): `*` for any number of characters, `?` for one, letters of either
//! case alike.
//!
//! A pattern is a line of places, each with the letter that leads on to the next. Matching keeps the set of places that can be
//! reached, one bit for each, and moves all of them at once with each character of the value. So the time is the length of the
//! value times the length of the pattern in machine words, whatever the pattern: there is no way back to try another way.

use std::collections::BTreeMap;

/// Longer patterns, in bytes, match nothing.
pub(crate) const MAX_PATTERN: usize = 256;

const WORD: usize = u64::BITS as usize;

/// How a pattern is laid on a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    /// The whole value.
    Whole,
    /// Anywhere between two words: in the body of a message.
    Words,
}

/// A compiled pattern.
#[derive(Clone, Debug)]
pub(super) struct Glob {
    /// Places are numbered from 0 to this one, where the pattern ends.
    end: usize,
    /// The places from which a letter leads on to the next.
    steps: BTreeMap<char, Box<[u64]>>,
    /// The places from which any character leads on to the next.
    any: Box<[u64]>,
    /// The places with a star: any character leads back to them.
    stars: Box<[u64]>,
    fit: Fit,
}

/// One sign of a pattern.
enum Sign {
    Letter(char),
    /// `?`
    Any,
    /// `*`
    Star,
}

impl Glob {
    /// `None` for a pattern that is too long to match anything.
    pub(super) fn new(pattern: &str, fit: Fit) -> Option<Self> {
        let signs = pattern.chars().map(|letter| match letter {
            '*' => Sign::Star,
            '?' => Sign::Any,
            letter => Sign::Letter(letter),
        });
        (pattern.len() <= MAX_PATTERN).then(|| Self::build(signs, pattern.len(), fit))
    }

    /// The pattern that fits this text alone.
    pub(super) fn literally(text: &str, fit: Fit) -> Option<Self> {
        (text.len() <= MAX_PATTERN).then(|| Self::build(text.chars().map(Sign::Letter), text.len(), fit))
    }

    /// No letter is written with more letters in lower case than it has bytes, so there are at most `bytes` steps.
    fn build(signs: impl Iterator<Item = Sign>, bytes: usize, fit: Fit) -> Self {
        let empty = || vec![0; bytes / WORD + 1].into_boxed_slice();
        let mut glob = Self { end: 0, steps: BTreeMap::new(), any: empty(), stars: empty(), fit };
        for sign in signs {
            match sign {
                Sign::Star => set(&mut glob.stars, glob.end),
                Sign::Any => {
                    set(&mut glob.any, glob.end);
                    glob.end += 1;
                }
                Sign::Letter(letter) => {
                    for letter in letter.to_lowercase() {
                        set(glob.steps.entry(letter).or_insert_with(empty), glob.end);
                        glob.end += 1;
                    }
                }
            }
        }
        glob
    }

    pub(super) fn matches(&self, value: &str) -> bool {
        match self.fit {
            Fit::Whole => self.fits_whole(value),
            Fit::Words => self.fits_words(value),
        }
    }

    fn fits_whole(&self, value: &str) -> bool {
        let mut places = vec![0; self.any.len()];
        set(&mut places, 0);
        for letter in value.chars().flat_map(char::to_lowercase) {
            self.step(&mut places, letter);
            if places.iter().all(|word| *word == 0) {
                return false;
            }
        }
        has(&places, self.end)
    }

    fn fits_words(&self, value: &str) -> bool {
        if self.end == 0 && !has(&self.stars, 0) {
            return value.is_empty();
        }
        let mut places = vec![0; self.any.len()];
        let mut letters = value.chars().flat_map(char::to_lowercase);
        let mut before = None;
        loop {
            let after = letters.next();
            // Both ends of the pattern may stand wherever not two characters of one word meet.
            if !(before.is_some_and(in_word) && after.is_some_and(in_word)) {
                set(&mut places, 0);
                if has(&places, self.end) {
                    return true;
                }
            }
            let Some(letter) = after else { return false };
            self.step(&mut places, letter);
            before = after;
        }
    }

    /// From the places reached so far to those reached with one more character.
    fn step(&self, places: &mut [u64], letter: char) {
        let on = self.steps.get(&letter);
        let mut carry = 0;
        for (index, place) in places.iter_mut().enumerate() {
            let leading = self.any[index] | on.map_or(0, |on| on[index]);
            let moving = *place & leading;
            *place = *place & self.stars[index] | moving << 1 | carry;
            carry = moving >> (WORD - 1);
        }
    }
}

fn set(places: &mut [u64], place: usize) {
    places[place / WORD] |= 1 << (place % WORD);
}

fn has(places: &[u64], place: usize) -> bool {
    places[place / WORD] & 1 << (place % WORD) != 0
}

/// Words are made of the letters and digits of ASCII and the underscore (spec: "Word boundaries").
fn in_word(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(pattern: &str, value: &str) -> bool {
        Glob::new(pattern, Fit::Whole).unwrap().matches(value)
    }

    fn words(pattern: &str, value: &str) -> bool {
        Glob::new(pattern, Fit::Words).unwrap().matches(value)
    }

    #[test]
    fn a_pattern_is_the_whole_value_whatever_the_case() {
        assert!(whole("m.notice", "M.Notice") && whole("ÄPFEL", "äpfel"));
        assert!(!whole("notice", "m.notice") && !whole("m.notice", "m.notices"));
        assert!(whole("", "") && !whole("", "x") && whole("*", "") && whole("a*c", "abbc"));
        assert!(whole("a?c", "aéc") && !whole("a?c", "ac") && whole("*?", "x") && !whole("?*?", "x"));
    }

    #[test]
    fn a_word_is_found_between_other_words_but_not_inside_one() {
        assert!(words("cake", "Cake!") && words("cake", "the cake, is") && words("ca*s", "no cakes here"));
        assert!(!words("cake", "cupcake") && !words("cake", "cakes") && !words("cake", "cake_1"));
        assert!(words("foo*bar", "x foo and bar y") && !words("foo*bar", "xfoo and bar"));
        assert!(!words("kuchen", "Kasekuchen") && words("sekuchen", "Käsekuchen"));
        assert!(words(":)", "well:)now") && words("*", "anything") && words("**a?*", "say ab"));
    }

    #[test]
    fn a_text_taken_literally_has_no_wildcards() {
        let name = Glob::literally("a*?", Fit::Words).unwrap();
        assert!(name.matches("hello A*?!") && !name.matches("hello abc"));
    }

    #[test]
    fn the_longest_pattern_and_value_are_matched_without_trying_twice() {
        // A matcher that goes back to try another way would not come to an end here.
        let pattern = "*a".repeat(MAX_PATTERN / 2 - 1) + "b";
        let value = "a".repeat(60_000);
        assert!(!whole(&pattern, &value) && !words(&pattern, &value));
        assert!(whole(&pattern, &(value + "b")));
        let growing = "İ".repeat(MAX_PATTERN / 2);
        assert!(whole(&growing, &growing));
        assert!(Glob::new(&"x".repeat(MAX_PATTERN + 1), Fit::Whole).is_none());
    }
}

//! Finding messages and people.

use ruma::api::client::user_directory::search_users;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::Engine;
use crate::error::Error;
use crate::model::{Content, Hit, Person};
use crate::store::{index, members};
use crate::transport::PATIENCE;

/// Hits of one search at most.
const MOST: u32 = 500;
/// Characters of a snippet.
const SNIPPET: usize = 120;

impl Engine {
    /// Finds messages by words, newest first. Each word must occur; the last may be the beginning of one (SR1).
    pub async fn search(&self, words: &str, limit: u32) -> Result<Vec<Hit>, Error> {
        let query = words.to_owned();
        let found = self.core().store.read(move |db| index::find(db, &query, limit.clamp(1, MOST))).await?;
        let terms = terms(words);
        Ok(found
            .into_iter()
            .map(|(message, conversation_name)| {
                let snippet = match &message.content {
                    Content::Text { body }
                    | Content::Attachment { body, .. }
                    | Content::Unsupported { body } => snippet(body, &terms),
                    _ => String::new(),
                };
                Hit { message, conversation_name, snippet }
            })
            .collect())
    }

    /// Finds people among my contacts and, where it answers, in the server's directory (DM10).
    pub async fn search_people(&self, term: &str) -> Result<Vec<Person>, Error> {
        let session = self.core().session.borrow().clone();
        let me = self.account().ok_or(Error::SignedOut)?.user_id;
        let (wanted, mine) = (term.trim().to_owned(), me.clone());
        let mut found = self.core().store.read(move |db| members::find(db, &wanted, &mine, 50)).await?;
        let Some(session) = session.filter(|_| !term.trim().is_empty()) else { return Ok(found) };
        let mut request = search_users::v3::Request::new(term.trim().to_owned());
        request.limit = ruma::uint!(20);
        match session.http.call(request, PATIENCE).await {
            Ok(answer) => {
                for user in answer.results {
                    let user_id = user.user_id.to_string();
                    if user_id != me && found.iter().all(|person| person.user_id != user_id) {
                        found.push(Person {
                            display_name: crate::store::messages::display_name(user.display_name, &user_id),
                            avatar: user.avatar_url.map(|url| url.to_string()),
                            user_id,
                        });
                    }
                }
            }
            Err(failure) => tracing::debug!(%failure, "the server's directory does not answer"),
        }
        Ok(found)
    }
}

/// The words looked for, folded as the index folds them.
fn terms(words: &str) -> Vec<String> {
    words.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(fold).collect()
}

fn fold(word: &str) -> String {
    word.nfd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect()
}

/// The part of a text around the first word found; every word found stands between U+0002 and U+0003.
fn snippet(body: &str, terms: &[String]) -> String {
    let words = words_of(body);
    let hit = |(_, word): &&(usize, &str)| {
        let folded = fold(word);
        terms
            .iter()
            .enumerate()
            .any(|(at, term)| if at + 1 == terms.len() { folded.starts_with(term) } else { folded == *term })
    };
    let first = words.iter().find(hit).map_or(0, |(at, _)| *at);
    let from = match body[..first].char_indices().rev().nth(SNIPPET / 3) {
        // Begin with a whole word.
        Some((cut, _)) => body[cut..first]
            .split_inclusive(char::is_whitespace)
            .next()
            .map_or(first, |part| cut + part.len()),
        None => 0,
    };
    let to = body[from..].char_indices().nth(SNIPPET).map_or(body.len(), |(at, _)| from + at);
    let mut out = String::with_capacity(to - from + 16);
    if from > 0 {
        out.push('…');
    }
    let mut done = from;
    for (at, word) in words.iter().filter(hit).filter(|(at, word)| *at >= from && at + word.len() <= to) {
        out.push_str(&clean(&body[done..*at]));
        out.push('\u{2}');
        out.push_str(word);
        out.push('\u{3}');
        done = at + word.len();
    }
    out.push_str(&clean(&body[done..to]));
    if to < body.len() {
        out.push('…');
    }
    out
}

/// A message cannot fake the marks.
fn clean(text: &str) -> String {
    text.replace(['\u{2}', '\u{3}'], "").replace('\n', " ")
}

fn words_of(body: &str) -> Vec<(usize, &str)> {
    let mut words = Vec::new();
    let mut start = None;
    for (at, c) in body.char_indices() {
        let inside = c.is_alphanumeric() || is_combining_mark(c);
        match (inside, start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                words.push((from, &body[from..at]));
                start = None;
            }
            _ => {}
        }
    }
    if let Some(from) = start {
        words.push((from, &body[from..]));
    }
    words
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{snippet, terms};

    fn marked(body: &str, words: &str) -> String {
        snippet(body, &terms(words)).replace('\u{2}', "[").replace('\u{3}', "]")
    }

    #[test]
    fn found_words_are_marked_also_without_their_accents_and_as_beginnings() {
        assert_eq!(marked("Das Café öffnet um neun", "cafe of"), "Das [Café] [öffnet] um neun");
        assert_eq!(marked("offen und öffentlich", "offen"), "[offen] und [öffentlich]");
        assert_eq!(marked("one two", "tw one"), "[one] two");
    }

    #[test]
    fn a_long_text_is_cut_around_the_first_word_found() {
        let body = format!("{} needle {}", "straw ".repeat(100), "hay ".repeat(100));
        let cut = marked(&body, "needle");
        assert!(cut.starts_with('…') && cut.ends_with('…') && cut.contains("[needle]"), "{cut}");
        assert!(cut.chars().count() < 140, "{cut}");
    }

    proptest! {
        #[test]
        fn any_text_and_any_words_give_a_snippet(body in "\\PC{0,300}", words in "\\PC{0,20}") {
            let cut = snippet(&body, &terms(&words));
            prop_assert_eq!(cut.matches('\u{2}').count(), cut.matches('\u{3}').count());
        }
    }
}

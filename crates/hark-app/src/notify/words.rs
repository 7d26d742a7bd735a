//! What a notification says. What others wrote is cut to a line or two and cannot turn the direction of the text.

use hark_client::model::{AttachmentKind, Content};
use unicode_segmentation::UnicodeSegmentation as _;

/// Longest title, in characters as a person counts them.
const TITLE: usize = 60;

/// Longest preview.
const PREVIEW: usize = 180;

/// Code points a character may consist of on average; more is not writing.
const POINTS: usize = 8;

/// A name as a title.
pub(super) fn title(name: &str) -> String {
    clean(name, TITLE)
}

/// One line of what a message holds; none where there is nothing to tell of.
pub(super) fn preview(content: &Content) -> Option<String> {
    let words = match content {
        Content::Text { body } | Content::Unsupported { body } => clean(body, PREVIEW),
        Content::Voice { duration_ms: 0, .. } => "Voice message".to_owned(),
        Content::Voice { duration_ms, .. } => {
            let seconds = duration_ms.div_ceil(1000);
            format!("Voice message, {}:{:02}", seconds / 60, seconds % 60)
        }
        Content::Attachment { attachment, body, .. } => {
            let kind = match attachment {
                AttachmentKind::Image => "Picture",
                AttachmentKind::Video => "Video",
                AttachmentKind::File => "File",
            };
            let name = clean(body, PREVIEW);
            if name.is_empty() { kind.to_owned() } else { format!("{kind}: {name}") }
        }
        Content::System { .. } | Content::Redacted => return None,
    };
    Some(if words.is_empty() { one(false) } else { words })
}

/// What is said of messages whose words are not.
pub(super) fn count(count: u32) -> String {
    if count == 1 { one(true) } else { format!("{count} new messages") }
}

fn one(new: bool) -> String {
    if new { "New message".to_owned() } else { "Message".to_owned() }
}

/// One line of at most `most` characters, without what commands a terminal or turns the direction of writing.
fn clean(text: &str, most: usize) -> String {
    let mut line = String::new();
    let mut points = text.chars();
    let mut room = most * POINTS;
    for c in points.by_ref().take(most * POINTS * 4) {
        if c.is_whitespace() {
            if !line.is_empty() && !line.ends_with(' ') {
                line.push(' ');
                room -= 1;
            }
        } else if !c.is_control() && !turns(c) {
            line.push(c);
            room -= 1;
        }
        if room == 0 {
            break;
        }
    }
    let more = points.any(|c| !c.is_whitespace());
    let line = line.trim_end();
    let mut ends: Vec<usize> =
        line.grapheme_indices(true).map(|(at, character)| at + character.len()).take(most + 1).collect();
    if more {
        // It may have been cut in two.
        ends.pop();
    }
    if !more && ends.len() <= most {
        return line.to_owned();
    }
    ends.truncate(most - 1);
    let end = ends.last().copied().unwrap_or(0);
    format!("{}…", line[..end].trim_end())
}

/// Marks, embeddings, overrides and isolates of the bidirectional algorithm.
fn turns(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_voice_message_tells_its_length() {
        let voice = |duration_ms| {
            preview(&Content::Voice {
                source: String::new(),
                duration_ms,
                waveform: Vec::new(),
                played: false,
            })
        };
        assert_eq!(voice(41_200).as_deref(), Some("Voice message, 0:42"));
        assert_eq!(voice(0).as_deref(), Some("Voice message"));
        assert_eq!(preview(&Content::Redacted), None);
    }

    #[test]
    fn what_others_wrote_stays_one_line_in_its_own_direction() {
        let body = "  pay\u{202e}fdp.exe\u{2069}\n\n\tnow\u{7}  ".to_owned();
        assert_eq!(preview(&Content::Text { body }).as_deref(), Some("payfdp.exe now"));
        assert_eq!(preview(&Content::Text { body: "\u{202e} \n".to_owned() }).as_deref(), Some("Message"));
    }

    #[test]
    fn a_long_line_is_cut_between_characters() {
        let family = "👨\u{200d}👩\u{200d}👧\u{200d}👦";
        let cut = title(&family.repeat(61));
        assert_eq!(cut, format!("{}…", family.repeat(59)));
        assert_eq!(title(&family.repeat(60)), family.repeat(60));
        assert_eq!(title("Ä".repeat(60).as_str()), "Ä".repeat(60));
    }

    proptest! {
        #[test]
        fn no_text_is_long_or_turns_the_line(text in "\\PC{0,40}|[e\u{301}\u{202e}\n👩\u{200d}]{0,900}|.{0,600}") {
            let line = title(&text);
            prop_assert!(line.graphemes(true).count() <= TITLE);
            prop_assert!(line.chars().count() <= TITLE * POINTS + 1);
            prop_assert!(!line.chars().any(|c| c.is_control() || turns(c)));
            prop_assert!(line == line.trim());
        }
    }
}

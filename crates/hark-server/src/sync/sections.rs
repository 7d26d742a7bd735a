//! The rooms of an answer as they are written: section after section, room after room, every section there though it be empty.

use crate::json;

/// The sections, in the order they are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Section {
    Join,
    Invite,
    Knock,
    Leave,
}

const ALL: [(Section, &str); 4] = [
    (Section::Join, "join"),
    (Section::Invite, "invite"),
    (Section::Knock, "knock"),
    (Section::Leave, "leave"),
];

/// How far the sections are written.
#[derive(Debug, Default)]
pub(super) struct Sections {
    opened: usize,
    /// The open one has a room.
    has_room: bool,
    /// Any has.
    has_any: bool,
}

impl Sections {
    /// Writes a room into its section, which must not come before the one that is open.
    pub(super) fn room(&mut self, out: &mut String, section: Section, id: &str, json: &str) {
        while self.opened == 0 || ALL[self.opened - 1].0 < section {
            self.open(out);
        }
        if self.has_room {
            out.push(',');
        }
        out.push_str(&json::text(id));
        out.push(':');
        out.push_str(json);
        (self.has_room, self.has_any) = (true, true);
    }

    /// Writes what is missing of the object. True if there was a room in it.
    pub(super) fn close(mut self, out: &mut String) -> bool {
        while self.opened < ALL.len() {
            self.open(out);
        }
        out.push_str("}}");
        self.has_any
    }

    fn open(&mut self, out: &mut String) {
        out.push_str(if self.opened == 0 { "{" } else { "}," });
        out.push_str(&json::text(ALL[self.opened].1));
        out.push_str(":{");
        self.opened += 1;
        self.has_room = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_section_is_there_and_each_room_in_its_own() {
        let mut out = String::new();
        let mut sections = Sections::default();
        sections.room(&mut out, Section::Invite, "!a:x", r#"{"n":1}"#);
        sections.room(&mut out, Section::Invite, "!b:x", "{}");
        assert!(sections.close(&mut out));
        assert_eq!(out, r#"{"join":{},"invite":{"!a:x":{"n":1},"!b:x":{}},"knock":{},"leave":{}}"#);
        let mut none = String::new();
        assert!(!Sections::default().close(&mut none));
        assert_eq!(none, r#"{"join":{},"invite":{},"knock":{},"leave":{}}"#);
    }
}

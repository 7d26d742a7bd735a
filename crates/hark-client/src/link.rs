//! Links that name a person or a room: `matrix:` and `https://matrix.to/#/…`.

use ruma::matrix_uri::MatrixId;
use ruma::{MatrixToUri, MatrixUri};

/// Longest link that is looked at, in bytes.
const LONGEST: usize = 4096;

/// The user id, room id or alias a link names; of a message, its room. `None` where it names nobody.
pub fn named_by(link: &str) -> Option<String> {
    let link = link.trim();
    if link.len() > LONGEST {
        return None;
    }
    let id = match MatrixUri::parse(link) {
        Ok(uri) => uri.id().clone(),
        Err(_) => MatrixToUri::parse(link).ok()?.id().clone(),
    };
    Some(match id {
        MatrixId::User(user) => user.to_string(),
        MatrixId::Room(room) => room.to_string(),
        MatrixId::RoomAlias(alias) => alias.to_string(),
        MatrixId::Event(room_or_alias, _) => room_or_alias.to_string(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_names_a_person_a_room_or_the_room_of_a_message() {
        for (link, named) in [
            ("matrix:u/bob:oak.home.arpa", "@bob:oak.home.arpa"),
            ("matrix:u/bob:oak.home.arpa?action=chat", "@bob:oak.home.arpa"),
            ("matrix:r/family:oak.home.arpa", "#family:oak.home.arpa"),
            ("matrix:roomid/abc:oak.home.arpa?via=oak.home.arpa", "!abc:oak.home.arpa"),
            ("matrix:r/family:oak.home.arpa/e/abc", "#family:oak.home.arpa"),
            ("https://matrix.to/#/@bob:oak.home.arpa", "@bob:oak.home.arpa"),
            ("https://matrix.to/#/%23family:oak.home.arpa", "#family:oak.home.arpa"),
        ] {
            assert_eq!(named_by(link).as_deref(), Some(named), "{link}");
        }
    }

    #[test]
    fn what_names_nobody_is_no_link() {
        let long = format!("matrix:u/{}:x", "a".repeat(LONGEST));
        for link in [
            "",
            "matrix:",
            "https://example.org/#/@bob:x",
            "file:///etc/passwd",
            "--data",
            "matrix:u/",
            &long,
        ] {
            assert_eq!(named_by(link), None, "{link}");
        }
    }
}

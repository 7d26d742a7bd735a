//! Who names which file: every `mxc://…` address in an event, a profile or account data, as far as the server can read it.
//!
//! Every place that writes one of these calls [`Tx::refer_anew_to_media`] (or, where nothing can have been written before,
//! [`Tx::refer_to_media`]), in the transaction that writes it. A file whose last reference goes is marked with the time.

use std::collections::BTreeSet;

use ruma::{RoomId, UserId};

use super::{Position, Snapshot, StoreError, Tx};
use crate::clock;

/// Letters of an id, see [`media`](crate::media).
const ID_LENGTH: usize = 24;
/// A server's name has at most this many bytes, and a slash behind it.
const LONGEST_SERVER_NAME: usize = 256;

/// What names a file.
#[derive(Clone, Copy, Debug)]
pub(super) enum Holder<'a> {
    /// The event at this position.
    Event(Position),
    /// A field of somebody's profile.
    Profile(&'a UserId, &'a str),
    /// Account data of somebody, of a room or of the account, of a type.
    Account(&'a UserId, Option<&'a RoomId>, &'a str),
}

impl Holder<'_> {
    fn key(self) -> String {
        match self {
            Self::Event(pos) => format!("event {}", pos.0),
            Self::Profile(user, field) => format!("profile {user} {field}"),
            Self::Account(user, room, kind) => {
                format!("account {user} {} {kind}", room.map_or("", RoomId::as_str))
            }
        }
    }
}

impl Snapshot<'_> {
    /// Whether anything refers to this file.
    pub(super) fn is_media_referred(&self, id: &str) -> Result<bool, StoreError> {
        Ok(self
            .prepare("SELECT EXISTS (SELECT 1 FROM media_refs WHERE media_id = $1)")?
            .query_row([id], |row| row.get(0))?)
    }

    /// Whether a file with this id is here or is to come.
    fn is_media(&self, id: &str) -> Result<bool, StoreError> {
        Ok(self
            .prepare(
                "SELECT EXISTS (SELECT 1 FROM media WHERE media_id = $1)
                     OR EXISTS (SELECT 1 FROM media_pending WHERE media_id = $1)",
            )?
            .query_row([id], |row| row.get(0))?)
    }
}

impl Tx<'_> {
    /// Notes what a holder that is new names.
    pub(super) fn refer_to_media(&mut self, holder: Holder<'_>, json: &str) -> Result<(), StoreError> {
        let named = named(json);
        if named.is_empty() {
            return Ok(());
        }
        let holder = holder.key();
        for id in named {
            if self.is_media(id)? {
                self.prepare(
                    "INSERT INTO media_refs (holder, media_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                )?
                .execute((holder.as_str(), id))?;
                self.prepare("UPDATE media SET unused_since_ms = NULL, referred = 1 WHERE media_id = $1")?
                    .execute([id])?;
            }
        }
        Ok(())
    }

    /// Notes what a holder names now in place of what it named before.
    pub(super) fn refer_anew_to_media(&mut self, holder: Holder<'_>, json: &str) -> Result<(), StoreError> {
        self.refer_to_media(holder, json)?;
        let (holder, named) = (holder.key(), named(json));
        let mut statement = self.prepare("SELECT media_id FROM media_refs WHERE holder = $1")?;
        let before = statement.query_map([&holder], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?;
        drop(statement);
        for id in before.iter().filter(|id| !named.contains(id.as_str())) {
            self.prepare("DELETE FROM media_refs WHERE holder = $1 AND media_id = $2")?
                .execute((&holder, id))?;
            if !self.is_media_referred(id)? {
                self.prepare("UPDATE media SET unused_since_ms = $1 WHERE media_id = $2")?
                    .execute((clock::now_ms(), id))?;
            }
        }
        Ok(())
    }
}

/// The ids in all `mxc://server/id` of a text, whatever the server, that have the length of ours.
fn named(json: &str) -> BTreeSet<&str> {
    json.match_indices("mxc:").filter_map(|(at, scheme)| id_in(&json[at + scheme.len()..])).collect()
}

/// The id behind `//server/`. Some writers of JSON escape the slash. Looks at a bounded part of the text.
fn id_in(address: &str) -> Option<&str> {
    let server = address.strip_prefix("//").or_else(|| address.strip_prefix("\\/\\/"))?;
    let slash = server.bytes().take(LONGEST_SERVER_NAME).position(|byte| byte == b'/')?;
    let id = &server[slash + 1..];
    let is_of_id = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-' || *byte == b'_';
    let length = id.bytes().take_while(is_of_id).take(ID_LENGTH + 1).count();
    (length == ID_LENGTH).then(|| &id[..ID_LENGTH])
}

#[cfg(test)]
mod tests {
    use super::named;

    #[test]
    fn every_address_in_a_text_is_found() {
        let json = r#"{"url":"mxc://a.org/Ab-1_567890123456789012a","info":{"thumbnail_url":"mxc:\/\/a.org\/b234567890123456789012ab"},
            "formatted_body":"<img src=\"mxc://a.org/c234567890123456789012ab\">","body":"mxc: mxc:// mxc://a.org mxc:",
            "x":"mxc://[::1]:80/d234567890123456789012ab#x mxc://a.org/short mxc://a.org/e2345678901234567890123456"}"#;
        let found: Vec<_> = named(json).into_iter().collect();
        let ours = ["Ab-1_567890123456789012a", "b234567890123456789012ab", "c234567890123456789012ab"];
        assert_eq!(found, [&ours[..], &["d234567890123456789012ab"]].concat());
        assert!(named(r#"{"body":"nothing here"}"#).is_empty());
    }

    #[test]
    fn addresses_without_an_end_are_not_searched_for_one() {
        assert!(named(&"mxc://".repeat(50_000)).is_empty());
        assert!(named(&"mxc:".repeat(50_000)).is_empty());
    }
}

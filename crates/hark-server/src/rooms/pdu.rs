//! Building an event: hash, signature, id (server-server spec: "Signing events", room versions 10 to 12).
//!
//! The three texts an event needs (the one that is hashed, the one that is signed and gives the id, the one that is stored)
//! differ in a few members only. They are written next to each other from the content's canonical text, instead of building,
//! cloning and redacting a tree; tests check them against ruma's own hashing and verification.

use std::fmt::Write as _;

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use ruma::{
    EventId, MilliSecondsSinceUnixEpoch, OwnedEventId, OwnedRoomId, OwnedUserId, RoomVersionId,
    room_version_rules::{AuthorizationRules, RoomVersionRules},
};
use sha2::{Digest as _, Sha256};

use super::{Content, RoomError, Signer, auth::AuthState};
use crate::store::Slot;

/// Bytes of a whole event (spec: "Size limits").
const MAX_EVENT: usize = 65_536;
/// Bytes of each of its ids, its type and its state key.
const MAX_ID: usize = 255;

/// What the author of an event decides.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    /// The room; `None` for the create event of a version whose room id is made from it.
    pub(crate) room_id: Option<OwnedRoomId>,
    /// Event type.
    pub(crate) kind: String,
    /// Who sends it.
    pub(crate) sender: OwnedUserId,
    /// State key of a state event.
    pub(crate) state_key: Option<String>,
    /// Content.
    pub(crate) content: Content,
    /// Top-level `redacts` (room version 10).
    pub(crate) redacts: Option<OwnedEventId>,
    /// When the author's server saw it.
    pub(crate) ts: MilliSecondsSinceUnixEpoch,
}

/// Where in the room's history an event stands.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    /// The event before it; none for the create event.
    pub(crate) prev: Option<OwnedEventId>,
    /// One more than the depth of `prev`.
    pub(crate) depth: i64,
    /// The state events that allow it.
    pub(crate) auth: Vec<OwnedEventId>,
}

/// A finished event.
#[derive(Clone, Debug)]
pub(crate) struct Pdu {
    /// Made from the reference hash.
    pub(crate) event_id: OwnedEventId,
    /// Canonical JSON with hashes and signatures.
    pub(crate) json: String,
    /// Where in `json` the content starts.
    pub(crate) content_at: usize,
    /// Bytes of the content.
    pub(crate) content_len: usize,
}

impl Link {
    /// The link of an event that takes `place` and is allowed by `auth`.
    pub(super) fn after(slot: Slot, auth: &AuthState, rules: &AuthorizationRules) -> Self {
        Self { prev: slot.event, depth: slot.depth + 1, auth: auth.ids(rules) }
    }
}

impl Draft {
    /// Hashes, signs and names the event at this place in the room.
    pub(crate) fn sign(
        &self,
        link: &Link,
        signer: &Signer,
        rules: &RoomVersionRules,
    ) -> Result<Pdu, RoomError> {
        self.check_ids()?;
        let parts = Parts::of(self, link);
        let content = self.content.json();
        let hash = STANDARD_NO_PAD.encode(Sha256::digest(parts.text(content, None, true, None)));
        let signed =
            parts.text(&self.content.redacted(&self.kind, &rules.redaction), Some(&hash), false, None);
        let id = format!("${}", URL_SAFE_NO_PAD.encode(Sha256::digest(&signed)));
        let event_id = EventId::parse(id).map_err(|error| RoomError::BadJson(error.to_string()))?;
        let json = parts.text(content, Some(&hash), true, Some(&signer.signatures(&signed)));
        if json.len() > MAX_EVENT {
            return Err(RoomError::TooLarge);
        }
        Ok(Pdu { event_id, json, content_at: parts.before_content.len(), content_len: content.len() })
    }

    fn check_ids(&self) -> Result<(), RoomError> {
        let state_key = self.state_key.as_deref().unwrap_or_default();
        if [self.kind.as_str(), self.sender.as_str(), state_key].iter().any(|id| id.len() > MAX_ID) {
            return Err(RoomError::TooLarge);
        }
        if self.kind.contains('\0') || state_key.contains('\0') {
            return Err(RoomError::BadJson("A NUL character is not allowed in an event.".into()));
        }
        Ok(())
    }
}

/// The members of an event around those that differ between its texts, in canonical order.
struct Parts {
    /// `{"auth_events":[…],"content":`
    before_content: String,
    /// `,"depth":…`
    depth: String,
    /// `,"origin_server_ts":…,"prev_events":[…]`
    history: String,
    /// `,"redacts":…` or nothing
    redacts: String,
    /// `,"room_id":…,"sender":…`
    origin: String,
    /// `,"state_key":…,"type":…}`
    kind: String,
}

impl Parts {
    fn of(draft: &Draft, link: &Link) -> Self {
        let mut before_content = r#"{"auth_events":["#.to_owned();
        for (index, id) in link.auth.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            let _infallible = write!(before_content, r#"{comma}"{id}""#);
        }
        before_content.push_str(r#"],"content":"#);
        let prev = link.prev.as_ref().map(|id| format!(r#""{id}""#)).unwrap_or_default();
        let member = |name: &str, value: Option<&str>| {
            value.map(|value| format!(r#","{name}":{}"#, serde_json::Value::from(value))).unwrap_or_default()
        };
        Self {
            before_content,
            depth: format!(r#","depth":{}"#, link.depth),
            history: format!(r#","origin_server_ts":{},"prev_events":[{prev}]"#, draft.ts.0),
            redacts: member("redacts", draft.redacts.as_deref().map(EventId::as_str)),
            origin: member("room_id", draft.room_id.as_ref().map(|id| id.as_str()))
                + &member("sender", Some(draft.sender.as_str())),
            kind: member("state_key", draft.state_key.as_deref()) + &member("type", Some(&draft.kind)) + "}",
        }
    }

    fn text(&self, content: &str, hash: Option<&str>, redacts: bool, signatures: Option<&str>) -> String {
        let mut text = String::with_capacity(content.len() + 1024);
        text.push_str(&self.before_content);
        text.push_str(content);
        text.push_str(&self.depth);
        if let Some(hash) = hash {
            let _infallible = write!(text, r#","hashes":{{"sha256":"{hash}"}}"#);
        }
        text.push_str(&self.history);
        if redacts {
            text.push_str(&self.redacts);
        }
        text.push_str(&self.origin);
        if let Some(signatures) = signatures {
            let _infallible = write!(text, r#","signatures":{signatures}"#);
        }
        text.push_str(&self.kind);
        text
    }
}

/// An event's JSON and the place of its content after redaction by the rules of its room version.
pub(crate) fn redact(json: &str, rules: &RoomVersionRules) -> Result<(String, usize, usize), RoomError> {
    let damaged =
        |reason: String| RoomError::Store(crate::store::StoreError::Damaged { what: "event", reason });
    let mut object: ruma::CanonicalJsonObject =
        serde_json::from_str(json).map_err(|error| damaged(error.to_string()))?;
    ruma::canonical_json::redact_in_place(&mut object, &rules.redaction, None)
        .map_err(|error| damaged(error.to_string()))?;
    let json = ruma::CanonicalJsonValue::Object(object.clone()).to_string();
    let content = object.remove("content").unwrap_or_default().to_string();
    // `auth_events` (ids only) is the one member that sorts before `content`.
    let marker = r#","content":"#;
    let at = json.find(marker).ok_or_else(|| damaged("no content".into()))? + marker.len();
    Ok((json, at, content.len()))
}

/// What a redaction would leave of an event of a room of `version`, and where in it the content is.
pub(crate) fn emptied(json: &str, version: &RoomVersionId) -> Option<(String, std::ops::Range<usize>)> {
    let (json, at, length) = redact(json, super::version::rules(version)?).ok()?;
    Some((json, at..at + length))
}

#[cfg(test)]
mod tests {
    use ruma::{
        CanonicalJsonObject, RoomVersionId, event_id, owned_server_name, owned_user_id, room_id,
        signatures::{Verified, reference_hash, verify_event},
    };

    use super::*;
    use crate::rooms::version;

    fn draft(kind: &str, state_key: Option<&str>, content: &str) -> Draft {
        Draft {
            room_id: Some(room_id!("!room:hark.test").to_owned()),
            kind: kind.to_owned(),
            sender: owned_user_id!("@ann:hark.test"),
            state_key: state_key.map(ToOwned::to_owned),
            content: Content::parse(content).unwrap(),
            redacts: None,
            ts: MilliSecondsSinceUnixEpoch(1_700_000_000_u32.into()),
        }
    }

    fn link() -> Link {
        Link {
            prev: Some(event_id!("$prev-event").to_owned()),
            depth: 7,
            auth: vec![event_id!("$power").to_owned(), event_id!("$member").to_owned()],
        }
    }

    fn drafts() -> Vec<Draft> {
        let mut redaction = draft("m.room.redaction", None, r#"{"reason":"no"}"#);
        redaction.redacts = Some(event_id!("$target").to_owned());
        let mut create = draft("m.room.create", Some(""), r#"{"room_version":"12","type":"m.space"}"#);
        create.room_id = None;
        vec![
            draft("m.room.message", None, r#"{"msgtype":"m.text","body":"\"quoted\" é \u0007"}"#),
            draft("m.room.member", Some("@ann:hark.test"), r#"{"membership":"join","displayname":"Ann"}"#),
            draft("m.room.power_levels", Some(""), r#"{"users":{"@ann:hark.test":100},"odd":1}"#),
            draft("m.room.redaction", None, r#"{"redacts":"$target","reason":"no"}"#),
            draft("odd \"type\"\n", Some("odd \"key\""), "{}"),
            redaction,
            create,
        ]
    }

    #[test]
    fn hashes_signatures_and_ids_are_those_ruma_computes_in_every_room_version() {
        let signer = Signer::for_test([7; 32], owned_server_name!("hark.test"));
        for version in version::SUPPORTED {
            let rules = version::rules(&version).unwrap();
            for draft in drafts().into_iter().filter(|d| d.room_id.is_some() || version == RoomVersionId::V12)
            {
                let pdu = draft.sign(&link(), &signer, rules).unwrap();
                let object: CanonicalJsonObject = serde_json::from_str(&pdu.json).unwrap();
                assert_eq!(
                    ruma::CanonicalJsonValue::Object(object.clone()).to_string(),
                    pdu.json,
                    "canonical"
                );
                assert_eq!(pdu.event_id.as_str(), format!("${}", reference_hash(&object, rules).unwrap()));
                let verified = verify_event(&signer.public_keys(), &object, rules).unwrap();
                assert!(matches!(verified, Verified::All), "{version} {}", draft.kind);
                assert_eq!(&pdu.json[pdu.content_at..][..pdu.content_len], draft.content.json());
            }
        }
    }

    #[test]
    fn a_redacted_event_keeps_its_id_and_says_where_its_content_is() {
        let signer = Signer::for_test([7; 32], owned_server_name!("hark.test"));
        let rules = version::rules(&RoomVersionId::V11).unwrap();
        for draft in drafts().into_iter().filter(|draft| draft.room_id.is_some()) {
            let pdu = draft.sign(&link(), &signer, rules).unwrap();
            let (json, at, len) = redact(&pdu.json, rules).unwrap();
            let object: CanonicalJsonObject = serde_json::from_str(&json).unwrap();
            assert_eq!(pdu.event_id.as_str(), format!("${}", reference_hash(&object, rules).unwrap()));
            assert_eq!(&json[at..][..len], draft.content.redacted(&draft.kind, &rules.redaction));
        }
    }

    #[test]
    fn the_size_limit_counts_hashes_and_signatures() {
        let signer = Signer::for_test([7; 32], owned_server_name!("hark.test"));
        let rules = version::rules(&RoomVersionId::V11).unwrap();
        let body = "x".repeat(65_400);
        let large = draft("m.room.message", None, &format!(r#"{{"body":"{body}"}}"#));
        assert!(large.content.json().len() < MAX_EVENT);
        assert!(matches!(large.sign(&link(), &signer, rules), Err(RoomError::TooLarge)));
        let long_key = draft("m.x", Some(&"é".repeat(128)), "{}");
        assert!(matches!(long_key.sign(&link(), &signer, rules), Err(RoomError::TooLarge)));
    }
}

//! Proves that a room is valid Matrix: reads its events as they are stored and computes again, with nothing but ruma and the
//! published key, everything another server would check before it believed them.

use std::collections::{BTreeSet, HashMap};

use ruma::{
    CanonicalJsonObject, CanonicalJsonValue, MilliSecondsSinceUnixEpoch, OwnedEventId, OwnedRoomId,
    OwnedUserId, RoomId, RoomVersionId, UInt, UserId,
    canonical_json::redact,
    events::{StateEventType, TimelineEventType},
    room_version_rules::RoomVersionRules,
    signatures::{PublicKeyMap, Verified, reference_hash, verify_event, verify_json},
    state_res::{Event, check_state_dependent_auth_rules, check_state_independent_auth_rules},
};
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, value::RawValue};

use crate::support::House;

/// A room that passed: how its events were, and the state they end in.
pub(crate) struct Checked {
    pub(crate) events: usize,
    pub(crate) redacted: usize,
    /// Event ids by type and state key.
    pub(crate) state: HashMap<(String, String), String>,
}

/// Goes through every event of a room, oldest first, and panics at the first that another server would refuse.
pub(crate) async fn check(house: &House, room: &str) -> Checked {
    let keys = published_keys(house).await;
    let stored = stored(house, room);
    let first: CanonicalJsonObject = serde_json::from_str(&stored[0].json).unwrap();
    let CanonicalJsonValue::Object(create) = &first["content"] else { panic!("no content: {first:?}") };
    let version = create["room_version"].as_str().unwrap();
    let rules = RoomVersionId::try_from(version).unwrap().rules().unwrap();
    let mut replay =
        Replay { rules: &rules, room, keys: &keys, state: HashMap::new(), before: None, depth: 0 };
    for event in &stored {
        replay.take(event);
    }
    let ids = replay.state.into_iter().map(|(key, event)| (key, event.id.to_string())).collect();
    Checked {
        events: stored.len(),
        redacted: stored.iter().filter(|event| event.redacted).count(),
        state: ids,
    }
}

struct Stored {
    id: String,
    json: String,
    redacted: bool,
}

fn stored(house: &House, room: &str) -> Vec<Stored> {
    let path = house.path().join("hark.db");
    let database = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let mut statement = database
        .prepare(
            "SELECT event_id, json, redacted_by IS NOT NULL FROM events JOIN rooms USING (room_nid)
             WHERE room_id = ?1 ORDER BY pos",
        )
        .unwrap();
    let rows = statement
        .query_map([room], |row| Ok(Stored { id: row.get(0)?, json: row.get(1)?, redacted: row.get(2)? }))
        .unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

/// The keys the server publishes, after checking that it signed them.
pub(crate) async fn published_keys(house: &House) -> PublicKeyMap {
    let answer = reqwest::get(format!("{}/_matrix/key/v2/server", house.server.url())).await.unwrap();
    let published: CanonicalJsonObject = answer.json().await.unwrap();
    let server = published["server_name"].as_str().unwrap().to_owned();
    let Some(CanonicalJsonValue::Object(keys)) = published.get("verify_keys") else { panic!("no keys") };
    let key = |value: &CanonicalJsonValue| {
        let CanonicalJsonValue::Object(key) = value else { panic!("a key is an object") };
        ruma::serde::Base64::parse(key["key"].as_str().unwrap()).unwrap()
    };
    let keys: PublicKeyMap =
        [(server, keys.iter().map(|(id, value)| (id.clone(), key(value))).collect())].into();
    verify_json(&keys, &published).unwrap();
    keys
}

/// The room as far as it was read.
struct Replay<'a> {
    rules: &'a RoomVersionRules,
    room: &'a str,
    keys: &'a PublicKeyMap,
    state: HashMap<(String, String), Pdu>,
    before: Option<String>,
    depth: i64,
}

impl Replay<'_> {
    fn take(&mut self, stored: &Stored) {
        let object: CanonicalJsonObject = serde_json::from_str(&stored.json).unwrap();
        self.check_bytes(stored, &object);
        self.check_members(stored, &object);
        let pdu = Pdu::read(&stored.id, &stored.json);
        self.check_history(&pdu);
        self.check_rules(&pdu);
        self.before = Some(stored.id.clone());
        if let Some(state_key) = pdu.state_key.clone() {
            self.state.insert((pdu.kind.to_string(), state_key), pdu);
        }
    }

    /// Canonical form, size, id, content hash, signature, and the redacted form of what was redacted.
    fn check_bytes(&self, stored: &Stored, object: &CanonicalJsonObject) {
        let json = &stored.json;
        assert_eq!(&CanonicalJsonValue::Object(object.clone()).to_string(), json, "canonical JSON");
        assert!(json.len() <= 65_536, "{} bytes", json.len());
        assert_eq!(stored.id, format!("${}", reference_hash(object, self.rules).unwrap()), "{json}");
        let verified = verify_event(self.keys, object, self.rules).unwrap_or_else(|e| panic!("{e}: {json}"));
        if stored.redacted {
            assert_eq!(&redact(object.clone(), &self.rules.redaction, None).unwrap(), object, "redacted");
        } else {
            assert!(matches!(verified, Verified::All), "content hash of {json}");
        }
    }

    /// The members an event of this version has, and no others.
    fn check_members(&self, stored: &Stored, object: &CanonicalJsonObject) {
        let is_create = self.before.is_none();
        let names_room = !(is_create && self.rules.authorization.room_create_event_id_as_room_id);
        let mut expected: BTreeSet<&str> = [
            "auth_events",
            "content",
            "depth",
            "hashes",
            "origin_server_ts",
            "prev_events",
            "sender",
            "signatures",
            "type",
        ]
        .into();
        if names_room {
            expected.insert("room_id");
            assert_eq!(object["room_id"].as_str(), Some(self.room));
        } else {
            assert_eq!(
                self.room,
                stored.id.replacen('$', "!", 1),
                "the room is named after its create event"
            );
        }
        let is_redaction = object["type"].as_str() == Some("m.room.redaction");
        if is_redaction && !self.rules.redaction.content_field_redacts {
            // A redacted redaction has lost its target.
            expected.extend((!stored.redacted).then_some("redacts"));
        } else if is_redaction {
            let CanonicalJsonValue::Object(content) = &object["content"] else { panic!("{object:?}") };
            assert!(content["redacts"].as_str().is_some_and(|id| id.starts_with('$')));
        }
        expected.extend(object.contains_key("state_key").then_some("state_key"));
        assert_eq!(object.keys().map(String::as_str).collect::<BTreeSet<_>>(), expected, "{}", stored.json);
    }

    /// One chain, each event one deeper than the one before it, authorised by exactly what the specification selects.
    fn check_history(&mut self, pdu: &Pdu) {
        let prev: Vec<String> = pdu.prev.iter().map(ToString::to_string).collect();
        assert_eq!(prev, self.before.iter().cloned().collect::<Vec<_>>(), "prev_events of {}", pdu.id);
        assert_eq!(pdu.depth, self.depth + 1, "depth of {}", pdu.id);
        self.depth = pdu.depth;
        let mut auth: Vec<String> = pdu.auth.iter().map(ToString::to_string).collect();
        let mut expected = self.selection(pdu);
        auth.sort();
        expected.sort();
        assert_eq!(auth, expected, "auth_events of {} {:?}", pdu.kind, pdu.content);
    }

    /// The auth events of an event (server-server spec: "Auth events selection"), in the words of the specification.
    fn selection(&self, pdu: &Pdu) -> Vec<String> {
        if pdu.kind == TimelineEventType::RoomCreate {
            return Vec::new();
        }
        let mut keys = BTreeSet::from([("m.room.power_levels", ""), ("m.room.member", pdu.sender.as_str())]);
        if !self.rules.authorization.room_create_event_id_as_room_id {
            keys.insert(("m.room.create", ""));
        }
        let content: Value = serde_json::from_str(pdu.content.get()).unwrap();
        let voucher = content["join_authorised_via_users_server"].as_str();
        if pdu.kind == TimelineEventType::RoomMember {
            keys.insert(("m.room.member", pdu.state_key.as_deref().unwrap()));
            if matches!(content["membership"].as_str(), Some("join" | "invite" | "knock")) {
                keys.insert(("m.room.join_rules", ""));
            }
            keys.extend(voucher.map(|voucher| ("m.room.member", voucher)));
        }
        let found =
            keys.into_iter().filter_map(|(kind, key)| self.state.get(&(kind.to_owned(), key.to_owned())));
        found.map(|event| event.id.to_string()).collect()
    }

    /// The rules of the room version, as another implementation knows them.
    fn check_rules(&self, pdu: &Pdu) {
        let by_id = |id: &ruma::EventId| self.state.values().find(|event| event.id == id);
        let current = |kind: &StateEventType, key: &str| self.state.get(&(kind.to_string(), key.to_owned()));
        let rules = &self.rules.authorization;
        let refused = |reason: String| panic!("{reason}: {} of {}: {:?}", pdu.kind, pdu.sender, pdu.content);
        check_state_independent_auth_rules(rules, pdu, by_id).unwrap_or_else(refused);
        check_state_dependent_auth_rules(rules, pdu, current).unwrap_or_else(refused);
    }
}

/// An event as ruma's rules look at it.
#[derive(Debug)]
struct Pdu {
    id: OwnedEventId,
    room: Option<OwnedRoomId>,
    sender: OwnedUserId,
    ts: MilliSecondsSinceUnixEpoch,
    kind: TimelineEventType,
    content: Box<RawValue>,
    state_key: Option<String>,
    prev: Vec<OwnedEventId>,
    auth: Vec<OwnedEventId>,
    depth: i64,
}

impl Pdu {
    fn read(id: &str, json: &str) -> Self {
        let event: Value = serde_json::from_str(json).unwrap();
        let ids = |name: &str| -> Vec<OwnedEventId> { serde_json::from_value(event[name].clone()).unwrap() };
        Self {
            id: OwnedEventId::try_from(id).unwrap(),
            room: event["room_id"].as_str().map(|room| RoomId::parse(room).unwrap()),
            sender: UserId::parse(event["sender"].as_str().unwrap()).unwrap(),
            ts: MilliSecondsSinceUnixEpoch(UInt::new(event["origin_server_ts"].as_u64().unwrap()).unwrap()),
            kind: event["type"].as_str().unwrap().into(),
            content: RawValue::from_string(event["content"].to_string()).unwrap(),
            state_key: event["state_key"].as_str().map(ToOwned::to_owned),
            prev: ids("prev_events"),
            auth: ids("auth_events"),
            depth: event["depth"].as_i64().unwrap(),
        }
    }
}

impl Event for Pdu {
    type Id = OwnedEventId;

    fn event_id(&self) -> &OwnedEventId {
        &self.id
    }

    fn room_id(&self) -> Option<&RoomId> {
        self.room.as_deref()
    }

    fn sender(&self) -> &UserId {
        &self.sender
    }

    fn origin_server_ts(&self) -> MilliSecondsSinceUnixEpoch {
        self.ts
    }

    fn event_type(&self) -> &TimelineEventType {
        &self.kind
    }

    fn content(&self) -> &RawValue {
        &self.content
    }

    fn state_key(&self) -> Option<&str> {
        self.state_key.as_deref()
    }

    fn prev_events(&self) -> Box<dyn DoubleEndedIterator<Item = &OwnedEventId> + '_> {
        Box::new(self.prev.iter())
    }

    fn auth_events(&self) -> Box<dyn DoubleEndedIterator<Item = &OwnedEventId> + '_> {
        Box::new(self.auth.iter())
    }

    fn redacts(&self) -> Option<&OwnedEventId> {
        None
    }

    fn rejected(&self) -> bool {
        false
    }
}

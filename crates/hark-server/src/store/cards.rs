//! Room cards: what a room shows to those outside it, copied out of its state so that looking at many rooms asks no state.

use ruma::{OwnedRoomId, RoomId};
use rusqlite::{OptionalExtension, Row};

use super::{RoomNid, Snapshot, StoreError, Tx, to_json_error};

/// What is known of a room without its state.
#[derive(Clone, Debug)]
pub(crate) struct Card {
    pub(crate) nid: RoomNid,
    pub(crate) id: OwnedRoomId,
    pub(crate) version: String,
    pub(crate) joined: i64,
    /// Published in the directory.
    pub(crate) listed: bool,
    pub(crate) name: Option<String>,
    pub(crate) topic: Option<String>,
    pub(crate) alias: Option<String>,
    pub(crate) avatar: Option<String>,
    /// `None`: an ordinary room.
    pub(crate) kind: Option<String>,
    pub(crate) join_rule: String,
    /// Rooms whose members may join.
    pub(crate) allowed_rooms: Vec<OwnedRoomId>,
    pub(crate) world_readable: bool,
    pub(crate) guest_can_join: bool,
    pub(crate) encryption: Option<String>,
}

/// Something on a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CardField {
    Name,
    Topic,
    Alias,
    Avatar,
    Kind,
    JoinRule,
    Allow,
    Visibility,
    Guests,
    Encryption,
}

impl CardField {
    fn column(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Topic => "topic",
            Self::Alias => "alias",
            Self::Avatar => "avatar",
            Self::Kind => "type",
            Self::JoinRule => "join_rule",
            Self::Allow => "allow",
            Self::Visibility => "visibility",
            Self::Guests => "guests",
            Self::Encryption => "encryption",
        }
    }
}

impl Tx<'_> {
    /// Makes the empty card of a new room.
    pub(crate) fn insert_card(&mut self, room: RoomNid) -> Result<(), StoreError> {
        self.prepare("INSERT INTO room_cards (room_nid) VALUES ($1)")?.execute([room])?;
        Ok(())
    }

    /// Writes something on a room's card, or wipes it off.
    pub(crate) fn set_card(
        &mut self,
        room: RoomNid,
        field: CardField,
        value: Option<&str>,
    ) -> Result<(), StoreError> {
        let column = field.column();
        self.prepare(&format!("UPDATE room_cards SET {column} = $1 WHERE room_nid = $2"))?
            .execute((value, room))?;
        Ok(())
    }
}

const COLUMNS: &str = "r.room_nid, r.room_id, r.version, r.joined, r.listed, c.name, c.topic, c.alias, c.avatar, c.type, \
     c.join_rule, c.allow, c.visibility, c.guests, c.encryption";

impl Snapshot<'_> {
    /// A room's card.
    pub(crate) fn card(&self, room: RoomNid) -> Result<Option<Card>, StoreError> {
        self.prepare(&format!(
            "SELECT {COLUMNS} FROM rooms r JOIN room_cards c ON c.room_nid = r.room_nid WHERE r.room_nid = $1"
        ))?
        .query_row([room], |row| Ok(read(row)))
        .optional()?
        .transpose()
    }

    /// The cards of all rooms in the directory, the largest first, then by id.
    pub(crate) fn listed_cards(&self) -> Result<Vec<Card>, StoreError> {
        let mut statement = self.prepare(&format!(
            "SELECT {COLUMNS} FROM rooms r JOIN room_cards c ON c.room_nid = r.room_nid
             WHERE r.listed = 1 ORDER BY r.joined DESC, r.room_id"
        ))?;
        let mut rows = statement.query(())?;
        let mut cards = Vec::new();
        while let Some(row) = rows.next()? {
            cards.push(read(row)?);
        }
        Ok(cards)
    }
}

fn read(row: &Row<'_>) -> Result<Card, StoreError> {
    let text = |index| row.get::<_, Option<String>>(index).map(|text| text.filter(|text| !text.is_empty()));
    let join_rule = text(10)?.unwrap_or_else(|| "invite".to_owned());
    let restricted = matches!(join_rule.as_str(), "restricted" | "knock_restricted");
    let allow = text(11)?.filter(|_| restricted);
    Ok(Card {
        nid: row.get(0)?,
        id: RoomId::parse(row.get::<_, String>(1)?).map_err(to_json_error("room id"))?,
        version: row.get(2)?,
        joined: row.get(3)?,
        listed: row.get(4)?,
        name: text(5)?,
        topic: text(6)?,
        alias: text(7)?,
        avatar: text(8)?,
        kind: text(9)?,
        join_rule,
        allowed_rooms: allow.as_deref().map(rooms_in).unwrap_or_default(),
        world_readable: text(12)?.as_deref() == Some("world_readable"),
        guest_can_join: text(13)?.as_deref() == Some("can_join"),
        encryption: text(14)?,
    })
}

/// The rooms of an `allow` list. What is mangled in it allows nobody.
fn rooms_in(allow: &str) -> Vec<OwnedRoomId> {
    let conditions: Vec<serde_json::Value> = serde_json::from_str(allow).unwrap_or_default();
    conditions
        .iter()
        .filter(|condition| condition["type"] == "m.room_membership")
        .filter_map(|condition| RoomId::parse(condition["room_id"].as_str()?).ok())
        .collect()
}

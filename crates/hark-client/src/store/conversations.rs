//! The inbox: one row per conversation, kept as it is shown. A row follows from its rooms and messages at the end of
//! every transaction that touched it; a listing is one indexed query, whatever there is to list.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::messages::{self, display_name};
use super::{Result, Tx, members};
use crate::Change;
use crate::model::{Conversation, ConversationId, ConversationKind, Membership};

/// Unread messages are counted up to here; nobody reads the rest of the number.
const MOST_UNREAD: i64 = 9_999;

/// A conversation's newest message; its plan is tested.
pub(super) const NEWEST: &str = "SELECT key, timestamp FROM messages WHERE conversation = ?1 AND counts = 1
     ORDER BY sort DESC, seq DESC, key DESC LIMIT 1";

/// What is unread in a room; its plan is tested.
pub(super) const UNREAD: &str = "SELECT count(*), coalesce(sum(highlight), 0) FROM (
         SELECT m.highlight FROM rooms r JOIN messages m ON m.room_id = r.room_id
         WHERE r.room_id = ?1 AND m.mine = 0 AND m.counts = 1 AND (m.sort, m.seq) > (r.read_sort, r.read_seq)
         LIMIT ?2)";

/// What decides whether a message may be sent there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConversationState {
    pub(crate) membership: Membership,
    pub(crate) encrypted: bool,
    pub(crate) person: bool,
    pub(crate) room_id: Option<String>,
}

fn columns() -> String {
    format!(
        "c.id, c.person, c.room_id, c.name, c.avatar, c.membership, c.draft, c.unread, c.highlights, c.typing, \
         c.waiting, c.activity_ts, c.encrypted, coalesce(q.level <> 'all', 0), c.last_key, {}",
        messages::COLUMNS
    )
}

fn select() -> String {
    format!(
        "SELECT {} FROM conversations c LEFT JOIN messages m ON m.key = c.last_key {}
         LEFT JOIN push_levels q ON q.scope = c.room_id",
        columns(),
        messages::NAMES
    )
}

/// The query of the inbox; its plan is tested.
pub(super) fn list_sql() -> String {
    format!("{} ORDER BY c.activity_ts DESC, c.id", select())
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Conversation> {
    let last = match row.get::<_, Option<i64>>(15)? {
        Some(_) => Some(messages::from_row(row, 15)?),
        None => None,
    };
    Ok(Conversation {
        id: ConversationId(row.get(0)?),
        room_id: row.get(2)?,
        kind: if row.get(1)? { ConversationKind::Person } else { ConversationKind::Group },
        name: row.get(3)?,
        avatar: row.get(4)?,
        membership: membership(&row.get::<_, String>(5)?),
        last,
        draft: row.get(6)?,
        unread: row.get(7)?,
        highlights: row.get(8)?,
        typing: serde_json::from_str(&row.get::<_, String>(9)?).unwrap_or_default(),
        waiting: row.get(10)?,
        activity_ts: row.get::<_, i64>(11)?.max(0).unsigned_abs(),
        encrypted: row.get(12)?,
        muted: row.get(13)?,
    })
}

fn membership(word: &str) -> Membership {
    match word {
        "join" => Membership::Joined,
        "invite" => Membership::Invited,
        _ => Membership::Left,
    }
}

/// The inbox, newest first; every word of the filter stands in title or id.
pub(crate) fn list(db: &Connection, filter: &str) -> rusqlite::Result<Vec<Conversation>> {
    let words: Vec<String> = filter.split_whitespace().map(str::to_lowercase).collect();
    let mut rows: Vec<Conversation> =
        db.prepare_cached(&list_sql())?.query_map([], from_row)?.collect::<rusqlite::Result<_>>()?;
    if !words.is_empty() {
        rows.retain(|row| {
            let text = format!("{} {}", row.name, row.id.0).to_lowercase();
            words.iter().all(|word| text.contains(word.as_str()))
        });
    }
    Ok(rows)
}

pub(crate) fn get(db: &Connection, id: &str) -> rusqlite::Result<Option<Conversation>> {
    db.prepare_cached(&format!("{} WHERE c.id = ?1", select()))?.query_row([id], from_row).optional()
}

/// Follows a conversation's row from its parts. Answers what listeners are told.
pub(super) fn refresh(tx: &Tx<'_>, id: &str) -> Result<Option<Change>> {
    let db = tx.db();
    let Some(line) = Line::of(db, id, &tx.me, tx.now)? else {
        let gone = db.prepare_cached("DELETE FROM conversations WHERE id = ?1")?.execute([id])?;
        return Ok((gone > 0).then(|| Change::ConversationRemoved(ConversationId(id.to_owned()))));
    };
    db.prepare_cached(
        "INSERT INTO conversations (id, person, room_id, name, avatar, membership, last_key, unread,
             highlights, typing, waiting, activity_ts, encrypted)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
         ON CONFLICT (id) DO UPDATE SET person = ?2, room_id = ?3, name = ?4, avatar = ?5, membership = ?6,
             last_key = ?7, unread = ?8, highlights = ?9, typing = ?10, waiting = ?11, activity_ts = ?12,
             encrypted = ?13",
    )?
    .execute(params![
        id,
        line.person,
        line.room_id,
        line.name,
        line.avatar,
        line.membership,
        line.last_key,
        line.unread,
        line.highlights,
        serde_json::to_string(&line.typing)?,
        line.waiting,
        line.activity_ts,
        line.encrypted
    ])?;
    Ok(get(db, id)?.map(|conversation| Change::Conversation(Box::new(conversation))))
}

struct Line {
    person: bool,
    room_id: Option<String>,
    name: String,
    avatar: Option<String>,
    membership: String,
    last_key: Option<i64>,
    unread: i64,
    highlights: i64,
    typing: Vec<String>,
    waiting: i64,
    activity_ts: i64,
    encrypted: bool,
}

struct RoomPart {
    room_id: String,
    membership: String,
    name: Option<String>,
    alias: Option<String>,
    avatar: Option<String>,
    encrypted: bool,
    heroes: String,
    typing: String,
    created_ts: i64,
    invite_ts: i64,
    inviter: Option<String>,
}

impl Line {
    /// None: nothing is left of the conversation that the inbox would show.
    fn of(db: &Connection, id: &str, me: &str, now: i64) -> Result<Option<Self>> {
        let rooms = rooms(db, id)?;
        let waiting: i64 = db
            .prepare_cached("SELECT count(*) FROM outbox WHERE conversation = ?1")?
            .query_row([id], |row| row.get(0))?;
        let drafted = db
            .prepare_cached("SELECT 1 FROM conversations WHERE id = ?1 AND draft IS NOT NULL")?
            .exists([id])?;
        if rooms.is_empty() && waiting == 0 && !drafted {
            return Ok(None);
        }
        let last: Option<(i64, i64)> =
            db.prepare_cached(NEWEST)?.query_row([id], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        let person = id.starts_with('@');
        let main = rooms.first();
        let (unread, highlights) = unread(db, &rooms)?;
        let since = main.map_or(0, |room| match room.membership.as_str() {
            "invite" => room.invite_ts,
            _ => room.created_ts.min(super::place::WAITING),
        });
        Ok(Some(Self {
            person,
            room_id: main.map(|room| room.room_id.clone()),
            name: title(db, id, main, me)?,
            avatar: picture(db, id, main)?,
            membership: main.map_or_else(|| "join".to_owned(), |room| room.membership.clone()),
            last_key: last.map(|(key, _)| key),
            unread,
            highlights,
            typing: typing(db, &rooms)?,
            waiting,
            // A clock that runs ahead does not stay on top for ever.
            activity_ts: last.map_or(since, |(_, ts)| ts).min(now),
            encrypted: main.is_some_and(|room| room.encrypted),
        }))
    }
}

/// Shown rooms, the primary one first: joined before invited before left, usable before not, then the oldest.
fn rooms(db: &Connection, id: &str) -> Result<Vec<RoomPart>> {
    Ok(db
        .prepare_cached(
            "SELECT r.room_id, r.membership, r.name, r.alias, r.avatar, r.encrypted, r.heroes, r.typing, r.created_ts,
                    r.invite_ts, r.inviter
             FROM rooms r LEFT JOIN members m ON m.room_id = r.room_id AND m.user_id = r.contact
             WHERE r.conversation = ?1 AND r.hidden = 0
             ORDER BY CASE r.membership WHEN 'join' THEN 0 WHEN 'invite' THEN 1 ELSE 2 END, r.usable = 0,
                      coalesce(m.membership, 'join') NOT IN ('join', 'invite'), r.created_ts, r.room_id",
        )?
        .query_map([id], |row| {
            Ok(RoomPart {
                room_id: row.get(0)?,
                membership: row.get(1)?,
                name: row.get(2)?,
                alias: row.get(3)?,
                avatar: row.get(4)?,
                encrypted: row.get(5)?,
                heroes: row.get(6)?,
                typing: row.get(7)?,
                created_ts: row.get(8)?,
                invite_ts: row.get(9)?,
                inviter: row.get(10)?,
            })
        })?
        .collect::<rusqlite::Result<_>>()?)
}

fn unread(db: &Connection, rooms: &[RoomPart]) -> Result<(i64, i64)> {
    let mut sum = (0, 0);
    for room in rooms.iter().filter(|room| room.membership == "join") {
        let (unread, highlights): (i64, i64) = db
            .prepare_cached(UNREAD)?
            .query_row(params![room.room_id, MOST_UNREAD], |row| Ok((row.get(0)?, row.get(1)?)))?;
        sum = (sum.0 + unread, sum.1 + highlights);
    }
    Ok(sum)
}

fn title(db: &Connection, id: &str, main: Option<&RoomPart>, me: &str) -> Result<String> {
    let Some(room) = main else { return Ok(display_name(None, id)) };
    if id.starts_with('@') {
        return Ok(members::name_of(db, &room.room_id, id)?);
    }
    if let Some(name) = room.name.as_deref().or(room.alias.as_deref()).filter(|name| !name.trim().is_empty())
    {
        return Ok(name.to_owned());
    }
    let mut people: Vec<String> = serde_json::from_str(&room.heroes).unwrap_or_default();
    if people.is_empty() {
        people = db
            .prepare_cached(
                "SELECT user_id FROM members WHERE room_id = ?1 AND user_id <> ?2
                 ORDER BY membership NOT IN ('join', 'invite'), user_id LIMIT 5",
            )?
            .query_map([&room.room_id, me], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
    }
    if people.is_empty() {
        people.extend(room.inviter.clone());
    }
    let names: Vec<String> = people
        .iter()
        .map(|user| members::name_of(db, &room.room_id, user))
        .collect::<rusqlite::Result<_>>()?;
    Ok(if names.is_empty() { room.room_id.clone() } else { names.join(", ") })
}

fn picture(db: &Connection, id: &str, main: Option<&RoomPart>) -> Result<Option<String>> {
    let Some(room) = main else { return Ok(None) };
    if id.starts_with('@') {
        let face = members::get(db, &room.room_id, id)?.and_then(|member| member.avatar);
        return Ok(face.or_else(|| room.avatar.clone()));
    }
    Ok(room.avatar.clone())
}

fn typing(db: &Connection, rooms: &[RoomPart]) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for room in rooms.iter().filter(|room| room.typing != "[]") {
        let users: Vec<String> = serde_json::from_str(&room.typing).unwrap_or_default();
        for user in users {
            let name = members::name_of(db, &room.room_id, &user)?;
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    Ok(names)
}

impl Tx<'_> {
    /// The conversation's standing; none where there is no such conversation.
    pub(crate) fn conversation_state(&self, id: &str) -> Result<Option<ConversationState>> {
        Ok(get(self.db(), id)?.map(|c| ConversationState {
            membership: c.membership,
            encrypted: c.encrypted,
            person: c.kind == ConversationKind::Person,
            room_id: c.room_id,
        }))
    }

    /// Keeps the composer's text; empty = none (MF8).
    pub(crate) fn set_draft(&mut self, id: &str, text: &str) -> Result<()> {
        let text = Some(text).filter(|text| !text.is_empty());
        self.db()
            .prepare_cached(
                "INSERT INTO conversations (id, person, name, membership, draft) VALUES (?1, ?2, ?3, 'join', ?4)
                 ON CONFLICT (id) DO UPDATE SET draft = ?4",
            )?
            .execute(params![id, id.starts_with('@'), display_name(None, id), text])?;
        self.touch(id);
        Ok(())
    }
}

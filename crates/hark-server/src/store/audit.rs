//! Whether a database is whole: what `SQLite` can say of the file, and what must hold between our own tables.

use std::path::Path;

use rusqlite::Connection;

use super::{StoreError, copy};

/// Findings of one kind that are told; the rest is as bad.
const TOLD: usize = 20;

/// What must find nothing. Each selects one sentence per fault.
const RULES: &[&str] = &[
    // The log is the only clock: positions without gaps from 1 on.
    "SELECT 'The log has ' || count(*) || ' entries but ends at ' || max(pos) || '.' FROM log
     HAVING count(*) > 0 AND (count(*) != max(pos) OR min(pos) != 1)",
    "SELECT 'Event ' || event_id || ' is not in the log.' FROM events
     WHERE NOT EXISTS (SELECT 1 FROM log WHERE log.pos = events.pos AND log.kind = 0)",
    "SELECT 'The head of room ' || room_id || ' is not its newest event.' FROM rooms
     WHERE NOT EXISTS (SELECT 1 FROM events WHERE events.pos = rooms.head_pos AND events.room_nid = rooms.room_nid
                       AND events.event_id = rooms.head_event)
        OR rooms.head_pos != (SELECT max(pos) FROM events WHERE events.room_nid = rooms.room_nid)",
    "SELECT 'Room ' || room_id || ' counts ' || joined || ' members.' FROM rooms
     WHERE joined != (SELECT count(*) FROM memberships WHERE memberships.room_nid = rooms.room_nid
                      AND to_pos = 9223372036854775807 AND membership = 'join')",
    "SELECT 'State ' || type || ' of room number ' || room_nid || ' is in force ' || count(*) || ' times.' FROM room_state
     WHERE to_pos = 9223372036854775807 GROUP BY room_nid, type, state_key HAVING count(*) > 1",
    "SELECT 'State ' || type || ' of room number ' || room_nid || ' has no event.' FROM room_state
     WHERE NOT EXISTS (SELECT 1 FROM events WHERE events.pos = room_state.from_pos AND events.room_nid = room_state.room_nid
                       AND events.type = room_state.type AND events.state_key = room_state.state_key)",
    "SELECT 'A membership in room number ' || room_nid || ' is not the state of the room.' FROM memberships
     WHERE to_pos = 9223372036854775807
       AND NOT EXISTS (SELECT 1 FROM room_state WHERE room_state.room_nid = memberships.room_nid AND type = 'm.room.member'
                       AND state_key = memberships.user_id AND room_state.from_pos = memberships.from_pos
                       AND room_state.to_pos = memberships.to_pos)",
    "SELECT 'Room ' || room_id || ' has counted other messages than its newest event.' FROM rooms
     WHERE NOT EXISTS (SELECT 1 FROM events WHERE events.pos = rooms.head_pos AND events.notify_total = rooms.notify_total
                       AND events.main_total = rooms.main_total)",
    "SELECT 'The thread at event number ' || root || ' has counted other messages than its newest event.' FROM threads
     WHERE NOT EXISTS (SELECT 1 FROM events WHERE events.pos = threads.newest AND events.thread = threads.root
                       AND events.thread_total = threads.total)",
];

/// What was looked at, and everything that is wrong with it.
#[derive(Debug)]
pub(crate) struct Audit {
    pub(crate) events: u64,
    pub(crate) rooms: u64,
    /// Content hash of every upload.
    pub(crate) media: Vec<String>,
    /// A sentence each.
    pub(crate) faults: Vec<String>,
}

/// Looks at all of the database at `path`, which may be in use.
pub(crate) fn audit(path: &Path) -> Result<Audit, StoreError> {
    let connection = copy::open_to_look(path)?;
    connection.execute_batch("BEGIN")?;
    let mut faults =
        sentences(&connection, "SELECT 'The file: ' || integrity_check FROM pragma_integrity_check")?;
    faults.retain(|fault| fault != "The file: ok");
    // A damaged file would only be read into nonsense.
    if faults.is_empty() {
        for rule in RULES {
            faults.extend(sentences(&connection, rule)?);
        }
    }
    let count = |table: &str| {
        let count =
            connection.query_row(&format!("SELECT count(*) FROM {table}"), (), |row| row.get::<_, i64>(0));
        count.map_or(0, |count| count as u64)
    };
    let media = if faults.is_empty() {
        let mut statement = connection.prepare("SELECT DISTINCT content_hash FROM media")?;
        statement.query_map((), |row| row.get(0))?.collect::<Result<_, _>>()?
    } else {
        Vec::new()
    };
    Ok(Audit { events: count("events"), rooms: count("rooms"), media, faults })
}

fn sentences(connection: &Connection, sql: &str) -> Result<Vec<String>, StoreError> {
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map((), |row| row.get(0))?;
    Ok(rows.take(TOLD).collect::<Result<_, _>>()?)
}

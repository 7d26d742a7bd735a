//! Numbered steps that build the tables. `PRAGMA user_version` counts the steps applied.

#[cfg(test)]
mod upgrade;

use rusqlite::{Connection, TransactionBehavior, config::DbConfig};

use super::StoreError;

/// In order. A step that was released is never changed; a new one is added.
const STEPS: &[&str] = &[
    include_str!("migrations/0001_core.sql"),
    include_str!("migrations/0002_accounts.sql"),
    include_str!("migrations/0003_played.sql"),
    include_str!("migrations/0004_relations.sql"),
    include_str!("migrations/0005_discovery.sql"),
    include_str!("migrations/0006_counts.sql"),
    include_str!("migrations/0007_media.sql"),
    include_str!("migrations/0008_pushers.sql"),
    include_str!("migrations/0009_accounts.sql"),
    include_str!("migrations/0010_operators.sql"),
    include_str!("migrations/0011_keys.sql"),
];

/// Refuses a database that a newer program wrote, and leaves every byte of it as it is: the write-ahead log of a server that
/// was killed is not moved into the file either.
pub(super) fn refuse_newer(connection: &Connection) -> Result<(), StoreError> {
    let leave = |on: bool| connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, on);
    leave(true)?;
    let found: usize = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if found > STEPS.len() {
        return Err(StoreError::TooNew { found, known: STEPS.len() });
    }
    leave(false)?;
    Ok(())
}

/// Applies the steps that are missing, each in a transaction of its own.
pub(super) fn apply(connection: &mut Connection) -> Result<(), StoreError> {
    let done: usize = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    for (index, step) in STEPS.iter().enumerate().skip(done) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", index + 1)?;
        transaction.commit()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::{STEPS, apply};

    /// The layout before there were cards.
    const BEFORE_CARDS: usize = 3;
    /// The layout before threads were counted.
    const BEFORE_COUNTS: usize = 5;

    fn older(layout: usize) -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        for step in &STEPS[..layout] {
            connection.execute_batch(step).unwrap();
        }
        connection.pragma_update(None, "user_version", layout).unwrap();
        connection
    }

    fn state_event(connection: &Connection, pos: i64, kind: &str, content: &str) {
        let json = format!(r#"{{"content":{content},"type":"{kind}"}}"#);
        connection
            .execute(
                "INSERT INTO events (pos, event_id, room_nid, type, sender, state_key, ts, json, content_at, content_len, notify_total)
                 VALUES ($1, $2, 1, $3, '@a:x', '', 0, $4, 0, 0, 0)",
                (pos, format!("${pos}"), kind, json),
            )
            .unwrap();
        connection
            .execute("UPDATE room_state SET to_pos = $1 WHERE type = $2 AND to_pos > $1", (pos, kind))
            .unwrap();
        connection
            .execute("INSERT INTO room_state VALUES (1, $1, '', $2, $3)", (kind, pos, i64::MAX))
            .unwrap();
    }

    #[test]
    fn rooms_of_an_older_database_get_their_cards() {
        let mut connection = older(BEFORE_CARDS);
        connection.execute("INSERT INTO rooms VALUES (1, '!r:x', '11', '$6', 6, 6, 1, 0, 0, 1)", ()).unwrap();
        state_event(&connection, 1, "m.room.create", r#"{"type":"m.space"}"#);
        state_event(&connection, 2, "m.room.name", r#"{"name":"old"}"#);
        state_event(&connection, 3, "m.room.name", r#"{"name":"new"}"#);
        state_event(&connection, 4, "m.room.topic", r#"{"topic":{"not":"a text"}}"#);
        state_event(
            &connection,
            5,
            "m.room.join_rules",
            r#"{"join_rule":"restricted","allow":[{"type":"t"}]}"#,
        );
        state_event(&connection, 6, "m.room.encryption", r#"{"algorithm":"a"}"#);
        apply(&mut connection).unwrap();
        let card: [Option<String>; 6] = connection
            .query_row("SELECT type, name, topic, join_rule, allow, encryption FROM room_cards", (), |row| {
                Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?])
            })
            .unwrap();
        let card = card.each_ref().map(Option::as_deref);
        let expected =
            [Some("m.space"), Some("new"), None, Some("restricted"), Some(r#"[{"type":"t"}]"#), Some("a")];
        assert_eq!(card, expected);
    }

    #[test]
    fn an_older_database_counts_its_threads() {
        let mut connection = older(BEFORE_COUNTS);
        connection.execute("INSERT INTO rooms VALUES (1, '!r:x', '11', '$7', 7, 7, 2, 0, 6, 0)", ()).unwrap();
        // A root, a reply, a reaction to the reply, a message beside, a redacted one, a reply, a notice that mentions somebody.
        for (pos, relates_to, rel_type, total, redacted_by, msgtype) in [
            (1, None, None, 1, None, "m.text"),
            (2, Some("$1"), Some("m.thread"), 2, None, "m.text"),
            (3, Some("$2"), Some("m.annotation"), 2, None, ""),
            (4, None, None, 3, None, "m.text"),
            (5, None, None, 4, Some(9), "m.text"),
            (6, Some("$1"), Some("m.thread"), 5, None, "m.text"),
            (7, None, None, 5, None, "m.notice"),
        ] {
            connection
                .execute(
                    "INSERT INTO events (pos, event_id, room_nid, type, sender, ts, json, content_at, content_len, notify_total,
                                         relates_to, rel_type, redacted_by)
                     VALUES ($1, '$' || $1, 1, 'm.room.message', '@a:x', 0, json_object('content', json_object('msgtype', $2)), 0, 0,
                             $3, $4, $5, $6)",
                    (pos, msgtype, total, relates_to, rel_type, redacted_by),
                )
                .unwrap();
        }
        connection
            .execute(
                "INSERT INTO highlights VALUES (1, '@b:x', 3), (1, '@b:x', 6), (1, '', 6), (1, '@b:x', 7)",
                (),
            )
            .unwrap();
        apply(&mut connection).unwrap();

        let rows = |sql: &str| -> Vec<String> {
            let mut statement = connection.prepare(sql).unwrap();
            statement.query_map((), |row| row.get(0)).unwrap().map(Result::unwrap).collect()
        };
        let events =
            "SELECT concat_ws(' ', pos, thread, notifies, main_total, thread_total) FROM events ORDER BY pos";
        let expected =
            ["1 0 1 1 0", "2 1 1 1 1", "3 1 0 1 1", "4 0 1 2 0", "5 0 0 3 0", "6 1 1 3 2", "7 0 0 3 0"];
        assert_eq!(rows(events), expected);
        assert_eq!(rows("SELECT concat_ws(' ', root, total, newest) FROM threads"), ["1 2 6"]);
        assert_eq!(rows("SELECT concat_ws(' ', thread, pos) FROM uncounted"), ["0 5"]);
        let highlights =
            "SELECT concat_ws(' ', quote(user_id), thread, pos, extra) FROM highlights ORDER BY pos";
        assert_eq!(rows(highlights), ["'@b:x' 1 3 1", "'' 1 6 0"]);
        assert_eq!(rows("SELECT concat_ws(' ', main_total) FROM rooms"), ["3"]);
    }
}

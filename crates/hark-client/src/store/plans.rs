//! The hot queries use their indexes, a full disk loses nothing, and the store's own rules hold.

use rusqlite::Connection;
use tokio::sync::broadcast;
use zeroize::Zeroizing;

use super::{Store, StoreError, conversations, index, messages, open, push_levels};

fn opened(dir: &tempfile::TempDir) -> super::Opened {
    open(&dir.path().join("store.db"), &Zeroizing::new([1; 32]), 0).expect("opened")
}

fn plan(db: &Connection, sql: &str) -> Vec<String> {
    let mut statement = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).expect("a query");
    let parameters = vec![rusqlite::types::Value::Null; statement.parameter_count()];
    let rows = statement.query_map(rusqlite::params_from_iter(parameters), |row| row.get(3)).expect("a plan");
    rows.collect::<Result<_, _>>().expect("a plan")
}

#[test]
fn hot_queries_read_no_table_from_end_to_end_and_sort_nothing() {
    let dir = tempfile::tempdir().expect("a folder");
    let db = opened(&dir).connection;
    let hot = [
        ("a page of a thread", messages::page_sql()),
        ("search", index::find_sql()),
        ("the newest message", conversations::NEWEST.to_owned()),
        ("what is unread", conversations::UNREAD.to_owned()),
        ("what is told of", push_levels::TOLD.to_owned()),
    ];
    for (name, sql) in hot {
        let plan = plan(&db, &sql);
        let scans = |step: &&String| {
            step.starts_with("SCAN") && !step.contains("VIRTUAL TABLE") && !step.contains("(subquery")
        };
        assert_eq!(plan.iter().find(scans), None, "{name}: {plan:#?}");
        assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE")), "{name}: {plan:#?}");
    }
    let inbox = plan(&db, &conversations::list_sql());
    assert!(inbox[0].contains("USING INDEX conversations_by_activity"), "{inbox:#?}");
    assert!(!inbox.iter().any(|step| step.contains("TEMP B-TREE")), "{inbox:#?}");
}

#[test]
fn every_table_is_strict_and_every_column_has_a_comment() {
    let dir = tempfile::tempdir().expect("a folder");
    let db = opened(&dir).connection;
    let sql = "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'search%'
               AND name NOT LIKE 'sqlite_%'";
    let mut statement = db.prepare(sql).expect("a query");
    let tables = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("tables");
    for table in tables {
        let (name, sql): (String, String) = table.expect("a table");
        assert!(sql.contains("STRICT"), "{name}");
        let columns = sql.lines().filter(|line| line.starts_with("    ") && !line.contains("PRIMARY KEY ("));
        for column in columns {
            assert!(column.contains("-- "), "{name}: {column}");
        }
    }
}

#[tokio::test]
async fn a_full_disk_says_so_and_loses_nothing() {
    let dir = tempfile::tempdir().expect("a folder");
    let opened = opened(&dir);
    opened.connection.pragma_update(None, "max_page_count", 120).expect("a small disk");
    let store = Store::start(opened, broadcast::channel(4).0).expect("started");
    store.write(|tx| tx.set_draft("!r:x", "kept")).await.expect("room for this");
    let long = "x".repeat(2 << 20);
    let outcome = store.write(move |tx| tx.set_draft("!r:x", &long)).await;
    assert!(matches!(outcome, Err(StoreError::Full)), "{outcome:?}");
    let draft =
        store.read(|db| conversations::get(db, "!r:x")).await.expect("read").and_then(|row| row.draft);
    assert_eq!(draft.as_deref(), Some("kept"));
    store.write(|tx| tx.set_draft("!r:x", "and more")).await.expect("goes on");
}

#[tokio::test]
async fn the_file_holds_nothing_readable() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = Store::start(opened(&dir), broadcast::channel(4).0).expect("started");
    store.write(|tx| tx.set_draft("!r:x", "for nobody else")).await.expect("kept");
    store.close().await;
    let bytes = std::fs::read(dir.path().join("store.db")).expect("a file");
    assert!(!bytes.windows(10).any(|part| part == b"for nobody"));
    assert!(!bytes.starts_with(b"SQLite format"));
}

//! Statements that take longer than they should: logged as they are written, without the values put into them, and counted.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use rusqlite::{
    Connection,
    trace::{TraceEvent, TraceEventCodes},
};

/// What counts as slow.
const SLOW: Duration = Duration::from_millis(100);

/// All connections of the process: `SQLite` hands no state of ours to what it calls.
static COUNT: AtomicU64 = AtomicU64::new(0);

/// Watches the connection's statements from now on.
pub(super) fn watch(connection: &Connection) {
    connection.trace_v2(TraceEventCodes::SQLITE_TRACE_PROFILE, Some(noticed));
}

/// How many there were.
pub(crate) fn slow_statements() -> u64 {
    COUNT.load(Relaxed)
}

fn noticed(event: TraceEvent<'_>) {
    let TraceEvent::Profile(statement, took) = event else { return };
    if took < SLOW {
        return;
    }
    COUNT.fetch_add(1, Relaxed);
    // The text as it was prepared: parameters stand in it as $1.
    let milliseconds = took.as_millis() as u64;
    tracing::warn!(statement = %statement.sql(), milliseconds, "a slow statement");
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::{slow_statements, watch};

    #[test]
    fn a_statement_that_takes_long_is_counted() {
        let connection = Connection::open_in_memory().unwrap();
        watch(&connection);
        let before = slow_statements();
        // Counts until it has taken long enough on any machine.
        let mut rows = 100_000_i64;
        while slow_statements() == before {
            let sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1) SELECT max(i) FROM n";
            connection.query_row(sql, [rows], |row| row.get::<_, i64>(0)).unwrap();
            rows *= 2;
        }
    }
}

//! In debug builds: every statement, when it first runs, numbers its parameters as they appear and looks at no table from end to
//! end. So the whole of the tests is the test of the query plans.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

use rusqlite::{Connection, Statement};

use super::StoreError;

/// Tables that are looked through on purpose: they are small, or somebody searches for a word.
const LOOKED_THROUGH: [&str; 5] = ["users", "profiles", "registration_tokens", "meta", "search"];
/// Written into a statement that is meant to look at every row, once in a while.
const ON_PURPOSE: &str = "/* every row */";

static CHECKED: Mutex<Option<HashSet<String>>> = Mutex::new(None);

/// Panics if the statement breaks one of the rules.
pub(super) fn check(connection: &Connection, sql: &str, statement: &Statement<'_>) -> Result<(), StoreError> {
    let mut checked = CHECKED.lock().unwrap_or_else(PoisonError::into_inner);
    if !checked.get_or_insert_default().insert(sql.to_owned()) {
        return Ok(());
    }
    drop(checked);
    for index in 1..=statement.parameter_count() {
        let expected = format!("${index}");
        assert_eq!(statement.parameter_name(index), Some(expected.as_str()), "parameter order in: {sql}");
    }
    if sql.contains(ON_PURPOSE) || sql.starts_with("PRAGMA") {
        return Ok(());
    }
    let mut plan = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
    let steps = plan.raw_query().mapped(|row| row.get::<_, String>("detail"));
    for step in steps {
        let step = step?;
        let Some(table) = step.strip_prefix("SCAN ").and_then(|rest| rest.split_whitespace().next()) else {
            continue;
        };
        assert!(
            LOOKED_THROUGH.contains(&table) || table == "CONSTANT" || table.starts_with('('),
            "{step} in: {sql}"
        );
    }
    Ok(())
}

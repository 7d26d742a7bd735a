//! Numbered steps that build the tables. `PRAGMA user_version` counts the steps applied.

use rusqlite::{Connection, TransactionBehavior};

use super::StoreError;

/// In order. A step that was released is never changed; a new one is added.
const STEPS: &[&str] = &[
    include_str!("migrations/0001_core.sql"),
    include_str!("migrations/0002_accounts.sql"),
    include_str!("migrations/0003_played.sql"),
    include_str!("migrations/0006_relations.sql"),
];

/// Applies the steps that are missing, each in a transaction of its own.
pub(super) fn apply(connection: &mut Connection) -> Result<(), StoreError> {
    let done: usize = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if done > STEPS.len() {
        return Err(StoreError::TooNew { found: done, known: STEPS.len() });
    }
    for (index, step) in STEPS.iter().enumerate().skip(done) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", index + 1)?;
        transaction.commit()?;
    }
    Ok(())
}

//! One consistent view of the database. Table families add their reads to it.

use rusqlite::{CachedStatement, Connection};

use super::StoreError;

/// A view that does not change while it is held.
pub(crate) struct Snapshot<'a> {
    connection: &'a Connection,
}

impl<'a> Snapshot<'a> {
    pub(super) fn over(connection: &'a Connection) -> Self {
        Self { connection }
    }

    /// A cached statement. Its parameters must be `$1`, `$2`, … first appearing in that order: `SQLite` numbers named parameters
    /// by appearance, other databases by name, and only this order means the same to both.
    pub(super) fn prepare(&self, sql: &str) -> Result<CachedStatement<'a>, StoreError> {
        let statement = self.connection.prepare_cached(sql)?;
        #[cfg(debug_assertions)]
        super::plan::check(self.connection, sql, &statement)?;
        Ok(statement)
    }
}

/// Turns a failure to parse a stored value into an error that says which.
pub(crate) fn to_json_error<E: std::fmt::Display>(what: &'static str) -> impl Fn(E) -> StoreError {
    move |error| StoreError::Damaged { what, reason: error.to_string() }
}

#[cfg(test)]
impl super::Tx<'_> {
    /// Makes the disk look full once the database has `pages` pages.
    pub(super) fn limit_pages_for_test(&mut self, pages: u32) -> Result<(), StoreError> {
        Ok(self.connection.query_row(&format!("PRAGMA max_page_count = {pages}"), (), |_| Ok(()))?)
    }
}

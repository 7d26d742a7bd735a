//! Finding people by name or id.

use ruma::{OwnedUserId, UserId};
use serde_json::Value;

use super::{Snapshot, StoreError, to_json_error};

impl Snapshot<'_> {
    /// Users whose id or profile name contains `term` (compared without case), `limit` at most: those that begin with it first,
    /// then by id. The comparison is made here and not in SQL, whose idea of case ends at ASCII.
    pub(crate) fn search_users(&self, term: &str, limit: usize) -> Result<Vec<OwnedUserId>, StoreError> {
        let term = term.to_lowercase();
        let mut statement = self.prepare(
            "SELECT users.user_id, profiles.value
             FROM users LEFT JOIN profiles
               ON profiles.user_id = users.user_id AND profiles.field = 'displayname'
             WHERE users.closed_ms IS NULL
             ORDER BY users.user_id",
        )?;
        let mut rows = statement.query(())?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let user = UserId::parse(row.get::<_, String>(0)?).map_err(to_json_error("user id"))?;
            let name =
                row.get::<_, Option<String>>(1)?.and_then(|json| serde_json::from_str::<Value>(&json).ok());
            let name = name.as_ref().and_then(Value::as_str).unwrap_or_default().to_lowercase();
            let places = [name.find(&term), user.localpart().find(&term), user.as_str().find(&term)];
            if let Some(place) = places.into_iter().flatten().min() {
                found.push((place > 0, user));
            }
        }
        found.sort();
        Ok(found.into_iter().take(limit).map(|(_, user)| user).collect())
    }
}

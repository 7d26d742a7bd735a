//! Account data of all rooms: `m.direct`, the directory as other clients see it (DM1), and push rules (NO1).

use serde_json::Value;

use super::body::Events;
use super::push_rules;
use crate::store::{Result, Tx};

/// Takes over new push rules and a new `m.direct`. Answers the rooms that may belong to another conversation now.
pub(super) fn apply(section: &Events, tx: &mut Tx<'_>) -> Result<Vec<String>> {
    let newest = |kind: &str| section.events.iter().rev().find(|event| event.kind == kind);
    if let Some(rules) = newest("m.push_rules") {
        tx.set_push_levels(&push_rules::levels(&rules.content))?;
    }
    match newest("m.direct") {
        Some(direct) => tx.set_direct(&entries(&direct.content)),
        None => Ok(Vec::new()),
    }
}

/// Contact and room, of whatever in it makes sense: other clients damage it (DM5).
fn entries(content: &serde_json::Map<String, Value>) -> Vec<(String, String)> {
    content
        .iter()
        .filter(|(contact, _)| contact.starts_with('@') && contact.contains(':'))
        .filter_map(|(contact, rooms)| Some((contact, rooms.as_array()?)))
        .flat_map(|(contact, rooms)| {
            let rooms = rooms.iter().filter_map(Value::as_str).filter(|room| room.starts_with('!'));
            rooms.map(|room| (contact.clone(), room.to_owned()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::entries;

    #[test]
    fn a_damaged_directory_keeps_what_makes_sense() {
        let direct = json!({"@a:x": ["!1:x", 7, "nonsense"], "a:x": ["!2:x"], "@b:x": "!3:x", "@c:x": null, "@d:x": []});
        let found = entries(direct.as_object().expect("an object"));
        assert_eq!(found, [("@a:x".to_owned(), "!1:x".to_owned())]);
    }
}

//! `m.direct` on the server: read, merge, write, so that what other clients entered stays (DM3).

use http::Method;
use serde_json::{Value, json};

use crate::core::{Core, Session};
use crate::error::Error;
use crate::store::direct;
use crate::transport::{Failure, LONG_PATIENCE};

/// Writes what the server lacks. Nothing lacking costs no call.
pub(super) async fn write(core: &Core, session: &Session) -> Result<(), Error> {
    let pending = core.store.read(direct::pending).await?;
    if pending.is_empty() {
        return Ok(());
    }
    let me = url::form_urlencoded::byte_serialize(session.account.user_id.as_bytes()).collect::<String>();
    let path = format!("/_matrix/client/v3/user/{me}/account_data/m.direct");
    let mut direct = match session.http.json(Method::GET, &path, None, LONG_PATIENCE).await {
        Ok(direct) => direct,
        Err(failure) if failure.errcode() == Some("M_NOT_FOUND") => json!({}),
        Err(failure) => return give_up(core, session, failure),
    };
    merge(&mut direct, &pending);
    if let Err(failure) = session.http.json(Method::PUT, &path, Some(&direct), LONG_PATIENCE).await {
        return give_up(core, session, failure);
    }
    core.store.write(move |tx| tx.direct_written(&pending)).await?;
    Ok(())
}

fn give_up(core: &Core, session: &Session, failure: Failure) -> Result<(), Error> {
    core.check_login(session, &failure);
    Err(failure.into())
}

/// Adds rooms under their contacts. What does not make sense at those places is replaced, the rest is left alone.
fn merge(direct: &mut Value, pending: &[(String, String)]) {
    if !direct.is_object() {
        *direct = json!({});
    }
    let Value::Object(contacts) = direct else { return };
    for (room_id, contact) in pending {
        let rooms = contacts.entry(contact.clone()).or_insert_with(|| json!([]));
        if !rooms.is_array() {
            *rooms = json!([]);
        }
        if let Value::Array(rooms) = rooms
            && !rooms.iter().any(|room| room == room_id)
        {
            rooms.push(json!(room_id));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::merge;

    #[test]
    fn what_others_entered_stays() {
        let mut direct = json!({"@a:x": ["!1:x"], "@b:x": "broken", "odd": 5});
        let pending = [("!2:x", "@a:x"), ("!3:x", "@b:x"), ("!1:x", "@a:x"), ("!4:x", "@c:x")]
            .map(|(room, contact)| (room.to_owned(), contact.to_owned()));
        merge(&mut direct, &pending);
        let wanted = json!({"@a:x": ["!1:x", "!2:x"], "@b:x": ["!3:x"], "odd": 5, "@c:x": ["!4:x"]});
        assert_eq!(direct, wanted);
    }
}

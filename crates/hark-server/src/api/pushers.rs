//! Reading, setting and removing pushers.

use serde_json::{Value, json};

use crate::{
    clock,
    http::{
        Answer, ApiError, Json, Session,
        extract::{Raw, Shared},
    },
    push::pusher::Request,
    store::{Pusher, to_json_error},
};

/// Pushers one user may have.
const MAX_PUSHERS: usize = 100;

/// `GET …/pushers`
pub(super) async fn list(app: Shared, session: Session, _: Raw) -> Result<impl Answer, ApiError> {
    let pushers = app.store.read::<_, ApiError, _>(move |snap| Ok(snap.pushers(&session.user_id)?)).await?;
    let shown = pushers.iter().map(shown).collect::<Result<Vec<_>, _>>()?;
    Ok(Json(json!({ "pushers": shown })))
}

fn shown(pusher: &Pusher) -> Result<Value, ApiError> {
    let mut data: Value = serde_json::from_str(&pusher.data).map_err(to_json_error("pusher"))?;
    if let Value::Object(data) = &mut data {
        data.insert("url".to_owned(), pusher.url.as_str().into());
    }
    let mut shown = json!({
        "app_id": pusher.key.app_id,
        "pushkey": pusher.key.pushkey,
        "kind": "http",
        "app_display_name": pusher.app_display_name,
        "device_display_name": pusher.device_display_name,
        "lang": pusher.lang,
        "data": data,
    });
    if let (Value::Object(shown), Some(tag)) = (&mut shown, &pusher.profile_tag) {
        shown.insert("profile_tag".to_owned(), tag.as_str().into());
    }
    Ok(shown)
}

/// `POST …/pushers/set`
pub(super) async fn set(app: Shared, session: Session, request: Raw) -> Result<impl Answer, ApiError> {
    let request: Request = request.body()?;
    let key = request.key(session.user_id.clone())?;
    if request.kind.is_none() {
        app.store.write::<_, ApiError, _>(move |tx| Ok(tx.remove_pusher(&key)?)).await?;
        app.bell.ring();
        return Ok(Json(json!({})));
    }
    let append = request.append;
    let now = (clock::now_ms(), app.store.committed());
    let pusher = request.pusher(key, session.device_id, now, &app.config.push_gateways)?;
    app.store
        .write(move |tx| {
            let others = tx.pushers(&pusher.key.user)?;
            if others.len() >= MAX_PUSHERS && !others.iter().any(|other| other.key == pusher.key) {
                return Err(ApiError::forbidden("You have too many pushers: remove some first."));
            }
            if !append {
                tx.remove_same_pushers_of_others(&pusher.key)?;
            }
            Ok(tx.set_pusher(&pusher)?)
        })
        .await?;
    app.bell.ring();
    Ok(Json(json!({})))
}

//! `GET …/keys/changes`

use serde::Deserialize;
use serde_json::json;

use crate::{
    http::{
        Answer, ApiError, Json, Session,
        extract::{Raw, Shared},
    },
    sync::{Token, device_lists},
};

#[derive(Deserialize)]
struct Query {
    from: Option<String>,
    to: Option<String>,
}

/// Whose devices and keys changed between two syncs, and who went out of view.
pub(in crate::api) async fn changes(
    app: Shared,
    session: Session,
    request: Raw,
) -> Result<impl Answer, ApiError> {
    let query: Query = request.query()?;
    let from = query.from.ok_or_else(|| ApiError::missing_param("missing field `from`"))?;
    let head = app.store.committed();
    let from = Token::parse(&from, app.store.epoch(), head)?.pos;
    let to = match query.to {
        Some(to) => Token::parse(&to, app.store.epoch(), head)?.pos,
        None => head,
    };
    let lists = app.store.read::<_, ApiError, _>(move |snapshot| {
        let rooms = snapshot.rooms_changed(from, to)?;
        Ok(device_lists::between(snapshot, &session.user_id, from, to, &rooms)?)
    });
    let lists = lists.await?;
    Ok(Json(json!({ "changed": lists.changed, "left": lists.left })))
}

//! The threads of a room.

use serde::Deserialize;

use super::{
    paging::{limit, position},
    room_history::renderer,
    room_id,
};
use crate::{
    gate::Viewer,
    http::{
        Answer, ApiError, Session,
        answer::Body,
        extract::{Raw, Shared},
    },
    json::Object,
    relations,
    render::Form,
    sync::Token,
};

#[derive(Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Include {
    #[default]
    All,
    Participated,
}

#[derive(Deserialize)]
struct Query {
    from: Option<String>,
    limit: Option<u64>,
    #[serde(default)]
    include: Include,
}

/// `GET …/rooms/{roomId}/threads`
pub(super) async fn list(app: Shared, session: Session, request: Raw) -> Result<impl Answer, ApiError> {
    let query: Query = request.query()?;
    let room = room_id(&request.path[0])?;
    let from = position(&app.store, query.from.as_deref())?;
    let epoch = app.store.epoch().to_owned();
    app.store
        .read::<_, ApiError, _>(move |snapshot| {
            let (viewer, room) = Viewer::of_request(snapshot, &session.user_id, &room)?;
            let upto = from.map_or_else(|| snapshot.position(), Ok)?;
            let only_mine = query.include == Include::Participated;
            let (roots, next) = relations::threads(&viewer, room.nid, upto, limit(query.limit), only_mine)?;
            let form = Form::default();
            let mut body = String::new();
            let mut out = Object::new(&mut body);
            out.array("chunk", renderer(&viewer, &session, &room, &form).events(&roots)?);
            if let Some(next) = next {
                out.text("next_batch", &Token::at(&epoch, next).to_string());
            }
            drop(out);
            Ok(Body(body))
        })
        .await
}

//! `GET …/rooms/{roomId}/hierarchy`: the rooms of a space, in pages.

use ruma::OwnedRoomId;
use serde::{Deserialize, Serialize};

use super::{
    card::{self, Names},
    cursor, room_id,
};
use crate::{
    gate::Visible,
    http::{
        Answer, ApiError, Session,
        answer::Body,
        extract::{Raw, Shared},
    },
    json::Object,
    rooms::RoomError,
    spaces::{Place, Walk},
    store::Position,
};

/// Rooms of a page if the client does not say, and at most.
const DEFAULT_LIMIT: u64 = 50;
const MAX_LIMIT: u64 = 100;
/// The deepest one may look.
const MAX_DEPTH: u64 = 50;

#[derive(Deserialize)]
struct Query {
    #[serde(default)]
    suggested_only: bool,
    limit: Option<u64>,
    max_depth: Option<u64>,
    from: Option<String>,
}

/// What the next page goes on with. The first page's parameters are in it, for they must not change on the way.
#[derive(Deserialize, Serialize)]
struct Cursor {
    epoch: String,
    pos: i64,
    skip: usize,
    root: OwnedRoomId,
    suggested_only: bool,
    max_depth: u64,
}

/// The part of the tree below a room that the asker may know of.
pub(super) async fn get(app: Shared, session: Session, request: Raw) -> Result<impl Answer, ApiError> {
    let query: Query = request.query()?;
    let root = room_id(&request.path[0])?;
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT).min(MAX_LIMIT) as usize;
    if limit == 0 {
        return Err(ApiError::invalid_param("The limit must be greater than 0."));
    }
    let first = Cursor {
        epoch: app.store.epoch().to_owned(),
        pos: app.store.committed().0,
        skip: 0,
        root,
        suggested_only: query.suggested_only,
        max_depth: query.max_depth.unwrap_or(MAX_DEPTH).min(MAX_DEPTH),
    };
    let place = match &query.from {
        None => first,
        Some(token) => first.resumed(token)?,
    };
    app.store
        .read::<_, ApiError, _>(move |snapshot| {
            let walk = Walk {
                suggested_only: place.suggested_only,
                max_depth: place.max_depth,
                at: Position(place.pos),
            };
            let page = walk.page(snapshot, &session.user_id, &place.root, (place.skip, limit))?;
            if page.places.is_empty() && place.skip == 0 {
                return Err(RoomError::not_in_room().into());
            }
            let mut body = String::new();
            let mut out = Object::new(&mut body);
            out.array("rooms", page.places.iter().map(shown));
            if page.more {
                let next = Cursor { skip: place.skip + page.places.len(), ..place };
                out.text("next_batch", &cursor::seal(&next)?);
            }
            drop(out);
            Ok(Body(body))
        })
        .await
}

impl Cursor {
    /// Where `token` says to go on, if it was given out for the same request to this database.
    fn resumed(&self, token: &str) -> Result<Self, ApiError> {
        let given: Self = cursor::open(token)?;
        let same = given.epoch == self.epoch
            && (0..=self.pos).contains(&given.pos)
            && given.root == self.root
            && given.suggested_only == self.suggested_only
            && given.max_depth == self.max_depth;
        if same { Ok(given) } else { Err(cursor::unknown()) }
    }
}

fn shown(place: &Place) -> String {
    let mut json = String::new();
    let mut out = Object::new(&mut json);
    card::summary(place.preview.card(), &Names::STABLE, &mut out);
    out.array("children_state", place.children.iter().map(child));
    drop(out);
    json
}

/// A stripped state event with its time.
fn child(visible: &Visible) -> String {
    let event = visible.event();
    let mut json = String::new();
    Object::new(&mut json)
        .raw("content", visible.content())
        .number("origin_server_ts", event.ts)
        .text("sender", event.sender.as_str())
        .text("state_key", event.state_key.as_deref().unwrap_or_default())
        .text("type", &event.kind);
    json
}

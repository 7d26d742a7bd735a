//! The directory: the rooms this server publishes, in pages, the largest first.

use std::cmp::Reverse;

use ruma::OwnedRoomId;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{card, cursor, room_id};
use crate::{
    http::{
        Answer, ApiError, Json, Session,
        answer::Body,
        extract::{Raw, Shared},
    },
    json::Object,
    store::{Card, Snapshot},
};

/// Rooms of a page if the client does not say, and at most.
const DEFAULT_LIMIT: u64 = 100;
const MAX_LIMIT: u64 = 500;

/// What a client asks for.
#[derive(Default, Deserialize)]
struct Search {
    limit: Option<u64>,
    since: Option<String>,
    #[serde(default)]
    filter: Filter,
}

#[derive(Default, Deserialize)]
struct Filter {
    generic_search_term: Option<String>,
    /// `null` stands for rooms without a type (MSC3827).
    room_types: Option<Vec<Option<String>>>,
}

#[derive(Deserialize)]
struct Where {
    server: Option<String>,
}

/// Where a page starts: before or after the room that had this many members.
#[derive(Deserialize, Serialize)]
struct Cursor {
    before: bool,
    joined: i64,
    room: OwnedRoomId,
}

/// `GET …/publicRooms`
pub(super) async fn list(app: Shared, (): (), request: Raw) -> Result<impl Answer, ApiError> {
    #[derive(Deserialize)]
    struct Query {
        limit: Option<u64>,
        since: Option<String>,
    }
    let Query { limit, since } = request.query()?;
    answer(&app, &request, Search { limit, since, filter: Filter::default() }).await
}

/// `POST …/publicRooms`
pub(super) async fn search(app: Shared, _: Session, request: Raw) -> Result<impl Answer, ApiError> {
    let search = request.body()?;
    answer(&app, &request, search).await
}

/// `GET …/directory/list/room/{roomId}`: a room that is not listed answers as one that does not exist, so that nobody learns of it.
pub(super) async fn is_listed(app: Shared, (): (), request: Raw) -> Result<impl Answer, ApiError> {
    let room = room_id(&request.path[0])?;
    let card = app.store.read::<_, ApiError, _>(move |snapshot| {
        let Some(nid) = snapshot.room_nid(&room)? else { return Ok(None) };
        Ok(snapshot.card(nid)?)
    });
    let is_listed = card.await?.is_some_and(|card| card.listed);
    Ok(Json(json!({ "visibility": if is_listed { "public" } else { "private" } })))
}

/// `PUT …/directory/list/room/{roomId}`
pub(super) async fn set_listed(app: Shared, session: Session, request: Raw) -> Result<impl Answer, ApiError> {
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Visibility {
        #[default]
        Public,
        Private,
    }
    #[derive(Deserialize)]
    struct Body {
        #[serde(default)]
        visibility: Visibility,
    }
    let room = room_id(&request.path[0])?;
    let Body { visibility } = request.body()?;
    app.rooms.set_listed(room, session.user_id, matches!(visibility, Visibility::Public)).await?;
    Ok(Json(json!({})))
}

async fn answer(app: &Shared, request: &Raw, search: Search) -> Result<Body, ApiError> {
    let Where { server } = request.query()?;
    if server.is_some_and(|server| server != *app.server_name) {
        return Err(ApiError::not_found(
            "This server does not talk to other servers and knows none of their rooms.",
        ));
    }
    let cursor = search.since.as_deref().filter(|since| !since.is_empty()).map(cursor::open).transpose()?;
    let limit = search.limit.filter(|limit| *limit > 0).unwrap_or(DEFAULT_LIMIT).min(MAX_LIMIT) as usize;
    app.store
        .read::<_, ApiError, _>(move |snapshot| page(snapshot, &search.filter, cursor.as_ref(), limit))
        .await
}

fn page(
    snapshot: &Snapshot<'_>,
    filter: &Filter,
    cursor: Option<&Cursor>,
    limit: usize,
) -> Result<Body, ApiError> {
    let term = filter.generic_search_term.as_deref().unwrap_or_default().trim().to_lowercase();
    let mut cards = snapshot.listed_cards()?;
    cards.retain(|card| filter.wants_type(card) && contains(card, &term));
    let (start, end) = match cursor {
        None => (0, limit),
        Some(cursor) => {
            let place = (Reverse(cursor.joined), &cursor.room);
            let before = cards.partition_point(|card| order(card) < place);
            let upto = cards.partition_point(|card| order(card) <= place);
            if cursor.before { (before.saturating_sub(limit), before) } else { (upto, upto + limit) }
        }
    };
    let end = end.min(cards.len());
    let mut body = String::new();
    let mut out = Object::new(&mut body);
    out.array("chunk", cards[start..end].iter().map(published));
    out.number("total_room_count_estimate", cards.len() as i64);
    if end < cards.len()
        && let Some(last) = cards[start..end].last()
    {
        out.text("next_batch", &token(last, false)?);
    }
    if start > 0
        && let Some(first) = cards.get(start)
    {
        out.text("prev_batch", &token(first, true)?);
    }
    drop(out);
    Ok(Body(body))
}

impl Filter {
    fn wants_type(&self, card: &Card) -> bool {
        self.room_types.as_ref().is_none_or(|types| types.contains(&card.kind))
    }
}

/// The directory's order. What has not changed its place keeps it from page to page.
fn order(card: &Card) -> (Reverse<i64>, &OwnedRoomId) {
    (Reverse(card.joined), &card.id)
}

fn token(card: &Card, before: bool) -> Result<String, ApiError> {
    cursor::seal(&Cursor { before, joined: card.joined, room: card.id.clone() })
}

/// True if the room's name, topic or main alias contains `term`, which is in lower case.
fn contains(card: &Card, term: &str) -> bool {
    let texts = [&card.name, &card.topic, &card.alias];
    term.is_empty() || texts.into_iter().flatten().any(|text| text.to_lowercase().contains(term))
}

fn published(card: &Card) -> String {
    let mut json = String::new();
    card::published(card, &mut Object::new(&mut json));
    json
}

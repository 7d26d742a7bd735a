//! The events that relate to one.

use std::collections::HashSet;

use serde::Deserialize;

use super::{
    paging::{Direction, limit, position},
    room_history::{event_id, renderer},
    room_id,
};
use crate::{
    gate::{Viewer, Visible},
    http::{
        Answer, ApiError, Session,
        answer::Body,
        extract::{Raw, Shared},
    },
    json::Object,
    relations::MAX_DEPTH,
    render::Form,
    store::{Child, Position, StoreError},
    sync::Token,
};

/// Relations looked at for one answer.
const MAX_CHILDREN: usize = 20_000;

#[derive(Deserialize)]
struct Query {
    from: Option<String>,
    to: Option<String>,
    #[serde(default)]
    dir: Direction,
    limit: Option<u64>,
    #[serde(default)]
    recurse: bool,
}

/// `GET …/rooms/{roomId}/relations/{eventId}[/{relType}[/{eventType}]]`
pub(super) async fn list(app: Shared, session: Session, request: Raw) -> Result<impl Answer, ApiError> {
    let query: Query = request.query()?;
    let (room, parent) = (room_id(&request.path[0])?, event_id(&request.path[1])?);
    let (rel_type, kind) = (request.path.get(2).cloned(), request.path.get(3).cloned());
    let (from, to) =
        (position(&app.store, query.from.as_deref())?, position(&app.store, query.to.as_deref())?);
    let epoch = app.store.epoch().to_owned();
    app.store
        .read::<_, ApiError, _>(move |snapshot| {
            let (viewer, room) = Viewer::of_request(snapshot, &session.user_id, &room)?;
            let unknown = || ApiError::not_found("There is no such event that you may see.");
            let parent = viewer.event(&parent)?.ok_or_else(unknown)?;
            let mut children = children(&viewer, &parent, if query.recurse { MAX_DEPTH } else { 1 })?;
            children.retain(|child| {
                rel_type.as_ref().is_none_or(|wanted| *wanted == child.rel_type)
                    && kind.as_ref().is_none_or(|wanted| *wanted == child.kind)
                    && lies_between(child.pos, query.dir, from, to)
            });
            if query.dir == Direction::Backwards {
                children.reverse();
            }
            let (page, next) = cut(&viewer, children, query.dir, limit(query.limit))?;
            let form = Form::default();
            let mut body = String::new();
            let mut out = Object::new(&mut body);
            out.array("chunk", renderer(&viewer, &session, &room, &form).events(&page)?);
            if let Some(next) = next {
                out.text("next_batch", &Token::at(&epoch, next).to_string());
            }
            if let Some(from) = from {
                out.text("prev_batch", &Token::at(&epoch, from).to_string());
            }
            if query.recurse {
                out.number("recursion_depth", MAX_DEPTH as i64);
            }
            drop(out);
            Ok(Body(body))
        })
        .await
}

/// What relates to an event, directly or over at most `depth - 1` others, oldest first.
fn children(viewer: &Viewer<'_>, parent: &Visible, depth: usize) -> Result<Vec<Child>, StoreError> {
    let room = parent.event().room;
    let mut found: Vec<Child> = Vec::new();
    let mut seen = HashSet::new();
    let mut parents = if parent.event().related { vec![parent.event().event_id.clone()] } else { Vec::new() };
    for _ in 0..depth {
        let mut next = Vec::new();
        for parent in parents {
            if found.len() >= MAX_CHILDREN {
                break;
            }
            for child in viewer.snapshot().children(room, &parent)? {
                if seen.insert(child.pos) {
                    next.extend(child.related.then(|| child.event_id.clone()));
                    found.push(child);
                }
            }
        }
        parents = next;
    }
    found.sort_by_key(|child| child.pos);
    Ok(found)
}

/// Tokens stand between events: `from` is where a page starts, `to` where it must end.
fn lies_between(pos: Position, dir: Direction, from: Option<Position>, to: Option<Position>) -> bool {
    let (after, upto) = match dir {
        Direction::Backwards => (to, from),
        Direction::Forwards => (from, to),
    };
    after.is_none_or(|after| pos > after) && upto.is_none_or(|upto| pos <= upto)
}

/// The first of the children that may be seen, and where the next page starts.
fn cut(
    viewer: &Viewer<'_>,
    children: Vec<Child>,
    dir: Direction,
    limit: usize,
) -> Result<(Vec<Visible>, Option<Position>), StoreError> {
    let mut page = Vec::new();
    for child in children {
        let event = viewer.snapshot().event_at(child.pos)?;
        let Some(visible) = event.and_then(|event| viewer.see(event)) else { continue };
        if page.len() == limit {
            let next = if dir == Direction::Backwards { child.pos } else { child.pos.before() };
            return Ok((page, Some(next)));
        }
        page.push(visible);
    }
    Ok((page, None))
}

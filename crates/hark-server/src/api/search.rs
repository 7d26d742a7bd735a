//! Searching for words in rooms.

use std::collections::{BTreeMap, BTreeSet, HashMap, hash_map::Entry};

use ruma::{OwnedUserId, UserId, api::client::filter::RoomEventFilter};
use serde::Deserialize;
use serde_json::json;

use super::room_history::renderer;
use crate::{
    filter,
    gate::{Ignored, Viewer, Visible},
    http::{
        Answer, ApiError, Session,
        answer::Body,
        extract::{Raw, Shared},
    },
    json::{self as writing, Object},
    render::Form,
    rooms,
    search::{self, Words},
    store::{Hit, Members, Position, Room, RoomNid, Snapshot, StoreError},
    sync::Token,
    timeline,
};

/// Results of a page if the client does not say, and at most.
const DEFAULT_LIMIT: u64 = 10;
const MAX_LIMIT: u64 = 100;
/// Events around a result, at most.
const MAX_CONTEXT: u64 = 50;
/// Of what fits, the newest are looked at.
const MAX_HITS: usize = 2_000;
/// Rooms of one look into the index.
const ROOMS_AT_ONCE: usize = 64;
/// Rooms a room was upgraded from that are searched with it.
const MAX_PREDECESSORS: usize = 16;

#[derive(Deserialize)]
struct Request {
    search_categories: Categories,
}

#[derive(Deserialize)]
struct Categories {
    room_events: Option<Criteria>,
}

#[derive(Deserialize)]
struct Criteria {
    search_term: String,
    keys: Option<Vec<String>>,
    #[serde(default)]
    filter: RoomEventFilter,
    #[serde(default)]
    order_by: Order,
    event_context: Option<Context>,
    #[serde(default)]
    include_state: bool,
    #[serde(default)]
    groupings: Groupings,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Order {
    #[default]
    Rank,
    Recent,
}

#[derive(Deserialize)]
struct Context {
    #[serde(default = "five")]
    before_limit: u64,
    #[serde(default = "five")]
    after_limit: u64,
    #[serde(default)]
    include_profile: bool,
}

fn five() -> u64 {
    5
}

#[derive(Default, Deserialize)]
struct Groupings {
    #[serde(default)]
    group_by: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    key: String,
}

#[derive(Deserialize)]
struct Query {
    next_batch: Option<String>,
}

/// `POST …/search`
pub(super) async fn search(app: Shared, session: Session, request: Raw) -> Result<impl Answer, ApiError> {
    let Query { next_batch } = request.query()?;
    let Request { search_categories } = request.body()?;
    let Some(criteria) = search_categories.room_events else {
        return Ok(Body(json!({ "search_categories": {} }).to_string()));
    };
    search::catch_up(&app.store).await?;
    let page = Page::read(next_batch.as_deref(), app.store.epoch(), app.store.committed())?;
    let epoch = app.store.epoch().to_owned();
    app.store
        .read::<_, ApiError, _>(move |snapshot| {
            let searcher = Searcher { snapshot, session: &session, criteria: &criteria, epoch: &epoch };
            Ok(Body(searcher.answer(page)?))
        })
        .await
}

/// A place in a list of results: what was said later is left out, so that the list stands still while it is paged through.
#[derive(Clone, Copy)]
struct Page {
    upto: Position,
    skip: usize,
}

impl Page {
    fn read(token: Option<&str>, epoch: &str, head: Position) -> Result<Self, ApiError> {
        let Some(token) = token else { return Ok(Self { upto: head, skip: 0 }) };
        let refused = || ApiError::invalid_param("This is not a token of a search.");
        let (place, skip) = token.rsplit_once('_').ok_or_else(refused)?;
        let upto = Token::parse(place, epoch, head)?.pos;
        Ok(Self { upto, skip: skip.parse().map_err(|_| refused())? })
    }

    fn write(self, epoch: &str) -> String {
        format!("{}_{}", Token::at(epoch, self.upto), self.skip)
    }
}

/// One search by one user.
struct Searcher<'a> {
    snapshot: &'a Snapshot<'a>,
    session: &'a Session,
    criteria: &'a Criteria,
    epoch: &'a str,
}

/// The rooms in which something was found.
type Views<'a> = HashMap<RoomNid, (Viewer<'a>, Room)>;

/// Something found that may be seen.
struct Found {
    visible: Visible,
    rank: f64,
}

impl<'a> Searcher<'a> {
    fn answer(&self, page: Page) -> Result<String, ApiError> {
        let words = Words::of(&self.criteria.search_term);
        let mut views = Views::new();
        let mut found = if words.is_empty() { Vec::new() } else { self.find(&words, page.upto, &mut views)? };
        match self.criteria.order_by {
            Order::Recent => found.sort_by_key(|found| std::cmp::Reverse(found.visible.event().pos)),
            Order::Rank => found.sort_by(|a, b| {
                let newer = b.visible.event().pos.cmp(&a.visible.event().pos);
                b.rank.total_cmp(&a.rank).then(newer)
            }),
        }
        let count = found.len();
        let limit = self.criteria.filter.limit.map_or(DEFAULT_LIMIT, u64::from).min(MAX_LIMIT) as usize;
        let shown: Vec<Found> = found.into_iter().skip(page.skip).take(limit).collect();
        let next = (limit > 0 && shown.len() == limit).then(|| Page { skip: page.skip + limit, ..page });

        let mut body = String::new();
        let mut out = Object::new(&mut body);
        let mut categories = out.object("search_categories");
        let mut events = categories.object("room_events");
        events.number("count", count as i64);
        events.array("highlights", words.highlights().map(writing::text));
        events.array("results", self.results(&views, &shown)?);
        if self.criteria.include_state {
            self.write_state(&views, &shown, events.object("state"))?;
        }
        events.raw("groups", &self.groups(&views, &shown).to_string());
        if let Some(next) = next {
            events.text("next_batch", &next.write(self.epoch));
        }
        drop(events);
        drop(categories);
        drop(out);
        Ok(body)
    }

    /// Everything that fits and may be seen, each room being looked at by the gate.
    fn find(&self, words: &Words, upto: Position, views: &mut Views<'a>) -> Result<Vec<Found>, ApiError> {
        let rooms = self.rooms()?;
        let mut hits: Vec<Hit> = Vec::new();
        for rooms in rooms.chunks(ROOMS_AT_ONCE) {
            hits.extend(self.snapshot.search(rooms, &words.expression(), upto, MAX_HITS)?);
        }
        hits.sort_by_key(|hit| std::cmp::Reverse(hit.pos));
        hits.truncate(MAX_HITS);
        let ignored = Ignored::load(self.snapshot, &self.session.user_id)?;
        // The rooms were chosen before, the rooms they were upgraded from among them.
        let mut filter = self.criteria.filter.clone();
        filter.rooms = None;
        let mut found = Vec::new();
        for hit in hits {
            let (viewer, room) = match views.entry(hit.room) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(place) => {
                    let Some(room) = self.snapshot.room(hit.room)? else { continue };
                    let user = &self.session.user_id;
                    let viewer = Viewer::load(self.snapshot, user, room.nid, ignored.clone())?;
                    place.insert((viewer, room))
                }
            };
            let Some(visible) = self.snapshot.event_at(hit.pos)?.and_then(|event| viewer.see(event)) else {
                continue;
            };
            if self.wants_key(&visible.event().kind) && filter::wants(&filter, &room.id, &visible) {
                found.push(Found { visible, rank: hit.rank });
            }
        }
        Ok(found)
    }

    /// The rooms the user is or was in, as far as the filter asks for them or for one they were upgraded to.
    fn rooms(&self) -> Result<Vec<RoomNid>, StoreError> {
        let memberships = self.snapshot.rooms_of(&self.session.user_id)?;
        let mine = memberships.iter().filter(|membership| !membership.forgotten).map(|own| own.room);
        let Some(wanted) = &self.criteria.filter.rooms else { return Ok(mine.collect()) };
        let mut asked = Vec::new();
        for room in wanted {
            let mut next = self.snapshot.room_nid(room)?;
            for _ in 0..MAX_PREDECESSORS {
                let Some(room) = next.filter(|room| !asked.contains(room)) else { break };
                asked.push(room);
                next = self.predecessor(room)?;
            }
        }
        Ok(mine.filter(|room| asked.contains(room)).collect())
    }

    fn predecessor(&self, room: RoomNid) -> Result<Option<RoomNid>, StoreError> {
        let end = Position::FOREVER.before();
        let Some(pos) = self.snapshot.state_pos(room, "m.room.create", "", end)? else { return Ok(None) };
        match rooms::predecessor(&self.snapshot.content_json(pos)?) {
            Some(before) => self.snapshot.room_nid(&before),
            None => Ok(None),
        }
    }

    fn wants_key(&self, kind: &str) -> bool {
        let key = match kind {
            "m.room.message" => "content.body",
            "m.room.name" => "content.name",
            _ => "content.topic",
        };
        self.criteria.keys.as_ref().is_none_or(|keys| keys.iter().any(|wanted| wanted == key))
    }

    fn results(&self, views: &Views<'a>, shown: &[Found]) -> Result<Vec<String>, ApiError> {
        let form = Form::default();
        let mut results = Vec::with_capacity(shown.len());
        for found in shown {
            let Some((viewer, room)) = views.get(&found.visible.event().room) else { continue };
            let mut json = String::new();
            let mut out = Object::new(&mut json);
            out.raw("rank", &format!("{:.6}", found.rank));
            out.raw("result", &renderer(viewer, self.session, room, &form).event(&found.visible)?);
            if let Some(context) = &self.criteria.event_context {
                self.write_context(context, (viewer, room), &found.visible, out.object("context"))?;
            }
            drop(out);
            results.push(json);
        }
        Ok(results)
    }

    fn write_context(
        &self,
        context: &Context,
        (viewer, room): (&Viewer<'a>, &Room),
        visible: &Visible,
        mut out: Object<'_>,
    ) -> Result<(), ApiError> {
        let pos = visible.event().pos;
        let [before, after] =
            [context.before_limit, context.after_limit].map(|limit| limit.min(MAX_CONTEXT) as usize);
        let range = (Position::START, pos.before());
        let before = timeline::backwards(viewer, room.nid, range, before, |_| true)?.events;
        let range = (pos, self.snapshot.position()?);
        let after = timeline::forwards(viewer, room.nid, range, after, |_| true)?.events;
        let first = before.last().unwrap_or(visible).event().pos.before();
        let last = after.last().unwrap_or(visible).event().pos;
        let form = Form::default();
        let renderer = renderer(viewer, self.session, room, &form);
        out.array("events_before", renderer.events(&before)?);
        out.array("events_after", renderer.events(&after)?);
        out.text("start", &Token::at(self.epoch, first).to_string());
        out.text("end", &Token::at(self.epoch, last).to_string());
        if context.include_profile {
            let mut profiles = out.object("profile_info");
            let senders: BTreeSet<OwnedUserId> = before
                .iter()
                .chain([visible])
                .chain(&after)
                .map(|event| event.event().sender.clone())
                .collect();
            for sender in senders {
                if let Some(profile) = self.profile(viewer, room.nid, &sender, pos)? {
                    profiles.raw(sender.as_str(), &profile);
                }
            }
        }
        Ok(())
    }

    /// What a user was called in a room.
    fn profile(
        &self,
        viewer: &Viewer<'a>,
        room: RoomNid,
        user: &UserId,
        at: Position,
    ) -> Result<Option<String>, StoreError> {
        let member = self.snapshot.state_event(room, "m.room.member", user.as_str(), at)?;
        let Some(member) = member.and_then(|event| viewer.see_state(event)) else { return Ok(None) };
        let content: serde_json::Value = serde_json::from_str(member.content()).unwrap_or_default();
        let mut profile = serde_json::Map::new();
        for name in ["displayname", "avatar_url"] {
            if let Some(value) = content.get(name).filter(|value| value.is_string()) {
                profile.insert(name.to_owned(), value.clone());
            }
        }
        Ok(Some(serde_json::Value::Object(profile).to_string()))
    }

    /// The present state of the rooms of the page.
    fn write_state(&self, views: &Views<'a>, shown: &[Found], mut out: Object<'_>) -> Result<(), ApiError> {
        let form = Form::default();
        let rooms: BTreeSet<RoomNid> = shown.iter().map(|found| found.visible.event().room).collect();
        for (viewer, room) in rooms.iter().filter_map(|room| views.get(room)) {
            let state = viewer.state(Position::FOREVER.before(), Members::All)?;
            out.array(room.id.as_str(), renderer(viewer, self.session, room, &form).events(&state)?);
        }
        Ok(())
    }

    /// The ids of the page's results by room and by sender, as asked.
    fn groups(&self, views: &Views<'a>, shown: &[Found]) -> serde_json::Value {
        let mut groups = serde_json::Map::new();
        for Group { key } in &self.criteria.groupings.group_by {
            let name = |found: &Found| match key.as_str() {
                "room_id" => views.get(&found.visible.event().room).map(|(_, room)| room.id.to_string()),
                "sender" => Some(found.visible.event().sender.to_string()),
                _ => None,
            };
            let mut results: BTreeMap<String, (usize, Vec<&str>)> = BTreeMap::new();
            for (order, found) in shown.iter().enumerate() {
                if let Some(name) = name(found) {
                    let group = results.entry(name).or_insert((order, Vec::new()));
                    group.1.push(found.visible.event().event_id.as_str());
                }
            }
            let results = results
                .into_iter()
                .map(|(name, (order, results))| (name, json!({ "order": order, "results": results })));
            groups.insert(key.clone(), serde_json::Value::Object(results.collect()));
        }
        serde_json::Value::Object(groups)
    }
}

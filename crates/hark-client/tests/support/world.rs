//! Rooms, events and people, in one log; requests are answered from it.

use std::collections::{BTreeMap, HashMap, VecDeque};

use axum::body::Bytes;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::Fault;

/// A request as it came.
pub struct Request {
    pub method: Method,
    pub path: String,
    pub query: String,
    pub token: String,
    pub body: Bytes,
}

impl Request {
    pub fn query_value(&self, name: &str) -> Option<String> {
        url::form_urlencoded::parse(self.query.as_bytes())
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }
}

/// Everything the server knows.
#[derive(Default)]
pub struct World {
    pub calls: Vec<String>,
    pub faults: VecDeque<(String, Fault)>,
    /// Room and event, in the server's order.
    pub log: Vec<(String, Value)>,
    /// Position and content, by user and type.
    pub account_data: HashMap<(String, String), (usize, Value)>,
    /// Positions in the log take part in the order of everything.
    ephemeral: Vec<(usize, String, Value)>,
    tokens: HashMap<String, (String, String)>,
    txns: HashMap<(String, String), String>,
    pub uploads: Vec<Bytes>,
    /// Own messages come back without their transaction id.
    pub hide_txn_ids: bool,
    /// It takes played receipts.
    pub takes_played: bool,
    /// Events in a timeline at most.
    pub timeline_limit: Option<usize>,
    /// Tokens of before this position are not known any more.
    pub oldest_token: usize,
    next: usize,
}

impl World {
    /// None: a sync that may wait.
    pub fn handle(&mut self, request: &Request, patient: bool) -> Option<Response> {
        let path = request.path.clone();
        let parts: Vec<&str> = path.trim_start_matches("/_matrix/").split('/').collect();
        if let ["client", "versions"] = parts[..] {
            let features = json!({"app.hark.played": self.takes_played});
            return ok(json!({"versions": ["v1.1", "v1.11"], "unstable_features": features}));
        }
        if let ["client", "v3", "login"] = parts[..] {
            return self.login(&request.json());
        }
        let Some((user, device)) = self.tokens.get(&request.token).cloned() else {
            return error(401, "M_UNKNOWN_TOKEN", "Unknown token");
        };
        let body = request.json();
        match (&request.method, &parts[..]) {
            (&Method::GET, ["client", "v3", "sync"]) => self.sync(request, &user, &device, patient),
            (&Method::POST, ["client", "v3", "createRoom"]) => self.create_room(&user, &body),
            (&Method::PUT, ["client", "v3", "rooms", room, "send", kind, txn]) => {
                self.send(&user, &device, room, kind, txn, body)
            }
            (&Method::POST, ["client", "v3", "join", room]) => self.join(&user, room),
            (&Method::POST, ["client", "v3", "rooms", room, "leave"]) => {
                self.member(room, &user, &user, json!({"membership": "leave"}));
                ok(json!({}))
            }
            (&Method::GET, ["client", "v3", "joined_rooms"]) => {
                let rooms: Vec<String> =
                    self.rooms().into_iter().filter(|room| self.membership(room, &user) == "join").collect();
                ok(json!({"joined_rooms": rooms}))
            }
            (&Method::GET, ["client", "v3", "rooms", room, "messages"]) => self.messages(room, request),
            (&Method::GET, ["client", "v3", "user", who, "account_data", kind]) => {
                match self.account_data.get(&((*who).to_owned(), (*kind).to_owned())) {
                    Some((_, content)) => ok(content.clone()),
                    None => error(404, "M_NOT_FOUND", "Not set"),
                }
            }
            (&Method::PUT, ["client", "v3", "user", who, "account_data", kind]) => {
                self.set_account_data(who, kind, body);
                ok(json!({}))
            }
            (&Method::PUT, ["client", "v3", "rooms", room, "typing", who]) => {
                let users = if body["typing"] == json!(true) { vec![*who] } else { vec![] };
                self.signal(room, json!({"type": "m.typing", "content": {"user_ids": users}}));
                ok(json!({}))
            }
            (&Method::POST, ["client", "v3", "rooms", room, "receipt", kind, event]) => {
                self.receipt(room, &user, kind, event);
                ok(json!({}))
            }
            (&Method::POST, ["media", "v3", "upload"]) => {
                self.uploads.push(request.body.clone());
                ok(json!({"content_uri": format!("mxc://x/{}", self.uploads.len() - 1)}))
            }
            (&Method::GET, ["client", "v1", "media", "download", _, id]) => {
                let file = id.parse().ok().and_then(|at: usize| self.uploads.get(at).cloned());
                match file {
                    Some(file) => Some(([("content-type", "audio/ogg")], file).into_response()),
                    None => error(404, "M_NOT_FOUND", "No such file"),
                }
            }
            (&Method::POST, ["client", "v3", "logout"]) => {
                self.tokens.remove(&request.token);
                ok(json!({}))
            }
            (&Method::GET, ["client", "v3", "profile", ..]) => error(404, "M_NOT_FOUND", "Not set"),
            (&Method::POST, ["client", "v3", "user_directory", "search"]) => {
                ok(json!({"results": [{"user_id": "@carol:x", "display_name": "Carol"}], "limited": false}))
            }
            _ => error(404, "M_UNRECOGNIZED", "Unrecognized"),
        }
    }

    fn login(&mut self, body: &Value) -> Option<Response> {
        if body["password"] != json!("secret") {
            return error(403, "M_FORBIDDEN", "Invalid password");
        }
        let name = body["identifier"]["user"].as_str().unwrap_or_default();
        self.next += 1;
        let user = format!("@{}:x", name.trim_start_matches('@').split(':').next().unwrap_or_default());
        let device = body["device_id"].as_str().map_or_else(|| format!("D{}", self.next), str::to_owned);
        let token = format!("t{}-{user}", self.next);
        self.tokens.insert(token.clone(), (user.clone(), device.clone()));
        ok(json!({"user_id": user, "device_id": device, "access_token": token}))
    }

    /// Ends every login.
    pub fn forget_logins(&mut self) {
        self.tokens.clear();
    }

    fn id(&mut self, sigil: char) -> String {
        self.next += 1;
        format!("{sigil}{}:x", self.next)
    }

    /// Appends an event, as if someone had sent it.
    pub fn event(&mut self, room: &str, sender: &str, kind: &str, content: Value) -> String {
        self.append(room, sender, kind, content, None)
    }

    fn append(
        &mut self,
        room: &str,
        sender: &str,
        kind: &str,
        content: Value,
        state_key: Option<&str>,
    ) -> String {
        let id = self.id('$');
        let ts = 1_700_000_000_000_u64 + self.log.len() as u64 * 1000;
        let mut event = json!({"type": kind, "event_id": id, "sender": sender, "origin_server_ts": ts, "content": content});
        if let Some(state_key) = state_key {
            event["state_key"] = json!(state_key);
        }
        self.log.push((room.to_owned(), event));
        id
    }

    /// A message of words.
    pub fn say(&mut self, room: &str, sender: &str, body: &str) -> String {
        self.event(room, sender, "m.room.message", json!({"msgtype": "m.text", "body": body}))
    }

    /// A member event.
    pub fn member(&mut self, room: &str, sender: &str, user: &str, mut content: Value) {
        if content.get("displayname").is_none() && content["membership"] == json!("join") {
            let name = user.trim_start_matches('@').split(':').next().unwrap_or_default().to_owned();
            content["displayname"] = json!(format!("{}{}", name[..1].to_uppercase(), &name[1..]));
        }
        self.append(room, sender, "m.room.member", content, Some(user));
    }

    /// A room of several.
    pub fn group(&mut self, name: &str, members: &[&str]) -> String {
        let room = self.id('!');
        self.append(&room, members[0], "m.room.create", json!({}), Some(""));
        for member in members {
            self.member(&room, member, member, json!({"membership": "join"}));
        }
        self.append(&room, members[0], "m.room.name", json!({"name": name}), Some(""));
        room
    }

    /// Makes a room as `createRoom` does.
    pub fn make_room(&mut self, user: &str, invite: &[&str], direct: bool) -> String {
        let room = self.id('!');
        self.append(&room, user, "m.room.create", json!({}), Some(""));
        self.member(&room, user, user, json!({"membership": "join"}));
        for other in invite {
            let mut content = json!({"membership": "invite"});
            if direct {
                content["is_direct"] = json!(true);
            }
            self.member(&room, user, other, content);
        }
        room
    }

    fn create_room(&mut self, user: &str, body: &Value) -> Option<Response> {
        let invite: Vec<&str> =
            body["invite"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let room = self.make_room(user, &invite, body["is_direct"] == json!(true));
        ok(json!({"room_id": room}))
    }

    fn join(&mut self, user: &str, room: &str) -> Option<Response> {
        if self.membership(room, user) != "invite" && self.membership(room, user) != "join" {
            return error(403, "M_FORBIDDEN", "You are not invited");
        }
        if self.membership(room, user) == "invite" {
            self.member(room, user, user, json!({"membership": "join"}));
        }
        ok(json!({"room_id": room}))
    }

    fn send(
        &mut self,
        user: &str,
        device: &str,
        room: &str,
        kind: &str,
        txn: &str,
        content: Value,
    ) -> Option<Response> {
        if self.membership(room, user) != "join" {
            return error(403, "M_FORBIDDEN", "You are not in this room");
        }
        let scope = (format!("{device}{room}"), txn.to_owned());
        if let Some(known) = self.txns.get(&scope) {
            return ok(json!({"event_id": known}));
        }
        let id = self.event(room, user, kind, content);
        if let Some((_, event)) = self.log.last_mut() {
            event["unsigned"] = json!({"transaction_id": txn, "device": device});
        }
        self.txns.insert(scope, id.clone());
        ok(json!({"event_id": id}))
    }

    pub fn set_account_data(&mut self, user: &str, kind: &str, content: Value) {
        // A place in the order of everything.
        self.ephemeral.push((self.position(), String::new(), Value::Null));
        let at = self.position();
        self.account_data.insert((user.to_owned(), kind.to_owned()), (at, content));
    }

    fn signal(&mut self, room: &str, content: Value) {
        let at = self.position() + 1;
        self.ephemeral.push((at, room.to_owned(), content));
    }

    pub fn receipt(&mut self, room: &str, user: &str, kind: &str, event: &str) {
        let content =
            json!({"type": "m.receipt", "content": {event: {kind: {user: {"ts": 1_700_000_999_000_u64}}}}});
        self.signal(room, content);
    }

    fn position(&self) -> usize {
        self.log.len() + self.ephemeral.len()
    }

    pub fn rooms(&self) -> Vec<String> {
        let mut rooms: Vec<String> = self.log.iter().map(|(room, _)| room.clone()).collect();
        rooms.sort();
        rooms.dedup();
        rooms
    }

    fn membership(&self, room: &str, user: &str) -> String {
        self.member_event(room, user)
            .and_then(|(_, event)| event["content"]["membership"].as_str())
            .unwrap_or("leave")
            .to_owned()
    }

    fn member_event(&self, room: &str, user: &str) -> Option<(usize, &Value)> {
        self.log
            .iter()
            .enumerate()
            .rev()
            .find(|(_, (r, event))| {
                r == room && event["type"] == "m.room.member" && event["state_key"] == *user
            })
            .map(|(at, (_, event))| (at, event))
    }

    fn sync(&mut self, request: &Request, user: &str, device: &str, patient: bool) -> Option<Response> {
        let since = request.query_value("since").map(|token| parse_token(&token));
        if let Some((events, _)) = since
            && events < self.oldest_token
        {
            return error(400, "M_INVALID_PARAM", "Unknown token");
        }
        let first = since.is_none();
        let (from, signals_from) = since.unwrap_or((0, 0));
        let body = self.sync_body(user, device, from, signals_from, first);
        let empty = body["rooms"]["join"].as_object().is_some_and(Map::is_empty)
            && body["rooms"]["invite"].as_object().is_some_and(Map::is_empty)
            && body["rooms"]["leave"].as_object().is_some_and(Map::is_empty)
            && body["account_data"]["events"].as_array().is_some_and(Vec::is_empty);
        if empty && patient && !first && request.query_value("timeout").is_some_and(|ms| ms != "0") {
            return None;
        }
        ok(body)
    }

    fn sync_body(&self, user: &str, device: &str, from: usize, signals_from: usize, first: bool) -> Value {
        let (mut join, mut invite, mut leave) = (Map::new(), Map::new(), Map::new());
        for room in self.rooms() {
            let Some((member_at, member)) = self.member_event(&room, user) else { continue };
            match member["content"]["membership"].as_str() {
                Some("join") => {
                    if let Some(part) = self.joined(&room, user, device, from, signals_from, member_at) {
                        join.insert(room, part);
                    }
                }
                Some("invite") if member_at >= from => {
                    let state: Vec<Value> = self.state(&room, self.log.len()).into_values().collect();
                    invite.insert(room, json!({"invite_state": {"events": state}}));
                }
                Some("leave" | "ban") if member_at >= from && !first => {
                    leave.insert(room, json!({"timeline": {"events": [member.clone()]}}));
                }
                _ => {}
            }
        }
        let account: Vec<Value> = self
            .account_data
            .iter()
            .filter(|((who, _), (at, _))| who == user && *at > from + signals_from)
            .map(|((_, kind), (_, content))| json!({"type": kind, "content": content}))
            .collect();
        json!({
            "next_batch": format!("s{}_{}", self.log.len(), self.ephemeral.len()),
            "rooms": {"join": join, "invite": invite, "leave": leave},
            "account_data": {"events": account},
        })
    }

    fn joined(
        &self,
        room: &str,
        user: &str,
        device: &str,
        from: usize,
        signals_from: usize,
        member_at: usize,
    ) -> Option<Value> {
        // Who has just joined gets the room from its beginning.
        let from = if member_at >= from { 0 } else { from };
        let mut at: Vec<usize> = (from..self.log.len()).filter(|at| self.log[*at].0 == room).collect();
        let ephemeral: Vec<Value> = self
            .ephemeral
            .iter()
            .skip(signals_from)
            .filter(|(_, r, _)| r == room)
            .map(|(_, _, event)| event.clone())
            .collect();
        if at.is_empty() && ephemeral.is_empty() {
            return None;
        }
        let limit = self.timeline_limit.unwrap_or(20);
        let limited = at.len() > limit;
        if limited {
            at.drain(..at.len() - limit);
        }
        let start = at.first().copied().unwrap_or(self.log.len());
        let state: Vec<Value> = self.state(room, start).into_values().collect();
        let events: Vec<Value> = at.iter().map(|at| self.shown(*at, user, device)).collect();
        Some(json!({
            "state": {"events": state},
            "timeline": {"events": events, "limited": limited, "prev_batch": format!("p{start}")},
            "ephemeral": {"events": ephemeral},
            "summary": {},
            "unread_notifications": {},
        }))
    }

    fn shown(&self, at: usize, user: &str, device: &str) -> Value {
        let mut event = self.log[at].1.clone();
        let own = event["sender"] == *user && event["unsigned"]["device"] == *device;
        if !own || self.hide_txn_ids {
            event["unsigned"] = json!({});
        }
        event
    }

    fn state(&self, room: &str, before: usize) -> BTreeMap<(String, String), Value> {
        self.log[..before]
            .iter()
            .filter(|(r, event)| r == room && event.get("state_key").is_some())
            .map(|(_, event)| {
                let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
                ((text("type"), text("state_key")), event.clone())
            })
            .collect()
    }

    fn messages(&self, room: &str, request: &Request) -> Option<Response> {
        let from = request.query_value("from").unwrap_or_default();
        let from: usize = from.trim_start_matches(['p', 's']).split('_').next()?.parse().ok()?;
        let limit = request.query_value("limit").and_then(|limit| limit.parse().ok()).unwrap_or(10);
        let at: Vec<usize> = (0..from).rev().filter(|at| self.log[*at].0 == room).take(limit).collect();
        let mut body = json!({
            "start": format!("p{from}"),
            "chunk": at.iter().map(|at| self.shown(*at, "", "")).collect::<Vec<_>>(),
        });
        if let Some(last) = at.last().filter(|last| self.log[..**last].iter().any(|(r, _)| r == room)) {
            body["end"] = json!(format!("p{last}"));
        }
        ok(body)
    }
}

fn parse_token(token: &str) -> (usize, usize) {
    let mut parts = token.trim_start_matches('s').split('_').map(|part| part.parse().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
}

#[expect(clippy::unnecessary_wraps, reason = "what every answer is")]
fn ok(body: Value) -> Option<Response> {
    Some(axum::Json(body).into_response())
}

#[expect(clippy::unnecessary_wraps, reason = "what every answer is")]
fn error(status: u16, errcode: &str, why: &str) -> Option<Response> {
    let status = StatusCode::from_u16(status).expect("a status");
    Some((status, axum::Json(json!({"errcode": errcode, "error": why}))).into_response())
}

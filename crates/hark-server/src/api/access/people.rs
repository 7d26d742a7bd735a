//! Ten ways to stand towards a room, and a room in which each of ten people stands in one of them.

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, to_bytes},
};
use http::{Method, Request, header};
use ruma::UserId;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::{App, Config, accounts::NewDevice, api::router, folder::Folder, server, store::Position};

/// How somebody stands towards a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    /// Without a token.
    Nobody,
    Stranger,
    Invited,
    Knocked,
    Joined,
    /// By themselves, as those below not.
    Left,
    Banned,
    Kicked,
    /// Joined, and ignores one of those who write.
    Ignoring,
    /// Left, and wants to hear no more of it.
    Forgotten,
}

impl Who {
    pub(super) const ALL: [Self; 10] = [
        Self::Nobody,
        Self::Stranger,
        Self::Invited,
        Self::Knocked,
        Self::Joined,
        Self::Left,
        Self::Banned,
        Self::Kicked,
        Self::Ignoring,
        Self::Forgotten,
    ];

    fn name(self) -> String {
        format!("{self:?}").to_lowercase()
    }

    pub(super) fn user_id(self) -> String {
        format!("@{}:test.home.arpa", self.name())
    }

    pub(super) fn is_inside(self) -> bool {
        matches!(self, Self::Joined | Self::Ignoring)
    }

    /// Whether they left or had to, and may look back.
    pub(super) fn went(self) -> bool {
        matches!(self, Self::Left | Self::Banned | Self::Kicked)
    }

    /// Whether they were in the room at some time.
    fn comes(self) -> bool {
        !matches!(self, Self::Nobody | Self::Stranger | Self::Invited | Self::Knocked)
    }
}

/// What was answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) text: String,
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    pub(super) fn errcode(&self) -> String {
        self.json()["errcode"].as_str().unwrap_or_default().to_owned()
    }
}

/// A server with the ten, the owner of the rooms, and somebody who makes noise.
pub(super) struct People {
    router: Router,
    app: Arc<App>,
    tokens: Vec<(String, String)>,
    _folder: (Folder, tempfile::TempDir),
}

/// A room in which everybody stands in their way.
pub(super) struct Room {
    pub(super) id: String,
    /// The four messages, see [`super::table::history`].
    pub(super) events: Vec<String>,
    /// The words in them, and in the state set at the same times.
    pub(super) messages: [String; 4],
    pub(super) state: [String; 4],
    /// What the one who is ignored said while everybody was in.
    pub(super) noise: String,
}

impl People {
    pub(super) async fn gather() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::take(dir.path()).unwrap();
        let mut config = Config::new(folder.path());
        config.server_name = Some("test.home.arpa".to_owned());
        config.rate_limits = false;
        let app = server::open(&folder, config).await.unwrap();
        let mut people =
            Self { router: router(app.clone()), app, tokens: Vec::new(), _folder: (folder, dir) };
        let ten = Who::ALL.into_iter().skip(1).map(Who::name);
        for name in ten.chain(["owner", "noisy", "other"].map(str::to_owned)) {
            let user_id = server::add_user(&people.app, &name, "password", false).await.unwrap();
            people.sign_in(&user_id).await;
        }
        let ignored = json!({ "ignored_users": { "@noisy:test.home.arpa": {} } });
        let ignoring = Who::Ignoring.user_id();
        people
            .done(&ignoring, "PUT", &format!("user/{ignoring}/account_data/m.ignored_user_list"), ignored)
            .await;
        people
    }

    pub(super) fn pick(who: Who, statuses: &[u16; 10]) -> u16 {
        let at = Who::ALL.iter().position(|one| *one == who).unwrap();
        statuses[at]
    }

    /// A token for a device of its own, so that signing out ends only that.
    pub(super) async fn sign_in(&mut self, user_id: &str) {
        let user = UserId::parse(user_id).unwrap();
        let token = self.app.accounts.sign_in(&user, NewDevice::default()).await.unwrap().tokens.access;
        self.tokens.retain(|(known, _)| known != user_id);
        self.tokens.push((user_id.to_owned(), token.reveal()));
    }

    /// A request, with the token of whoever asks; an unknown one has none.
    pub(super) async fn ask(&self, user_id: &str, method: &str, path: &str, body: &str) -> Answer {
        let mut request = Request::builder().method(method.parse::<Method>().unwrap()).uri(path);
        if let Some((_, token)) = self.tokens.iter().find(|(known, _)| known == user_id) {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let body = if method == "GET" { Body::empty() } else { Body::from(body.to_owned()) };
        let response = self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), 64 << 20).await.unwrap();
        Answer { status, text: String::from_utf8_lossy(&body).into_owned() }
    }

    /// The last change of the database.
    pub(super) fn committed(&self) -> Position {
        self.app.store.committed()
    }

    async fn done(&self, user_id: &str, method: &str, path: &str, body: Value) -> Value {
        let path = format!("/_matrix/client/v3/{path}");
        let answer = self.ask(user_id, method, &path, &body.to_string()).await;
        assert_eq!(answer.status, 200, "{user_id} {method} {path}: {}", answer.text);
        answer.json()
    }

    /// A new room in which everybody stands in their way.
    pub(super) async fn room(&self, visibility: &str, tag: &str) -> Room {
        let owner = "@owner:test.home.arpa";
        let initial = json!([
            { "type": "m.room.history_visibility", "content": { "history_visibility": visibility } },
            { "type": "m.room.join_rules", "content": { "join_rule": "knock" } },
        ]);
        let made = json!({ "initial_state": initial, "name": format!("public name of {tag}") });
        let made = self.done(owner, "POST", "createRoom", made).await;
        let id = made["room_id"].as_str().unwrap().to_owned();
        let words =
            |kind: &str| ["before", "asked", "inside", "after"].map(|when| format!("{kind}-{when}-{tag}"));
        let mut room = Room {
            events: Vec::new(),
            messages: words("message"),
            state: words("state"),
            noise: format!("noise-{tag}"),
            id,
        };
        self.speak(&mut room, 0).await;
        let comers = || Who::ALL.into_iter().filter(|who| who.comes());
        for who in comers().chain([Who::Invited]) {
            self.member(&room, owner, "invite", &who.user_id()).await;
        }
        self.done(&Who::Knocked.user_id(), "POST", &format!("knock/{}", room.id), json!({})).await;
        self.speak(&mut room, 1).await;
        for who in comers() {
            self.done(&who.user_id(), "POST", &format!("rooms/{}/join", room.id), json!({})).await;
        }
        self.speak(&mut room, 2).await;
        let noisy = "@noisy:test.home.arpa";
        self.member(&room, owner, "invite", noisy).await;
        self.done(noisy, "POST", &format!("rooms/{}/join", room.id), json!({})).await;
        self.done(noisy, "PUT", &format!("rooms/{}/send/m.noise/1", room.id), json!({ "body": room.noise }))
            .await;
        for who in [Who::Left, Who::Forgotten] {
            self.done(&who.user_id(), "POST", &format!("rooms/{}/leave", room.id), json!({})).await;
        }
        self.done(&Who::Forgotten.user_id(), "POST", &format!("rooms/{}/forget", room.id), json!({})).await;
        self.member(&room, owner, "ban", &Who::Banned.user_id()).await;
        self.member(&room, owner, "kick", &Who::Kicked.user_id()).await;
        self.speak(&mut room, 3).await;
        room
    }

    async fn member(&self, room: &Room, owner: &str, change: &str, target: &str) {
        self.done(owner, "POST", &format!("rooms/{}/{change}", room.id), json!({ "user_id": target })).await;
    }

    /// The owner says the message of a time, and sets the state of that time.
    async fn speak(&self, room: &mut Room, time: usize) {
        let owner = "@owner:test.home.arpa";
        let path = format!("rooms/{}/send/m.room.message/{time}", room.id);
        let said =
            self.done(owner, "PUT", &path, json!({ "msgtype": "m.text", "body": room.messages[time] })).await;
        room.events.push(said["event_id"].as_str().unwrap().to_owned());
        let path = format!("rooms/{}/state/org.example.secret/{time}", room.id);
        self.done(owner, "PUT", &path, json!({ "word": room.state[time] })).await;
    }

    pub(super) async fn go(self) {
        self.app.store.close().await;
    }
}

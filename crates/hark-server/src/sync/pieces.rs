//! Giving an answer away. Most are one piece, and go as a whole. A large one is read and written piece by piece, each when the one
/// before it was taken: however many rooms a user is in, and however slowly their client reads, the server holds one piece of it.
use std::sync::Arc;

use axum::{body::Body, response::Response};
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use http::header;

use super::{
    Sync,
    request::Wanted,
    response::{self, Draft, Written},
};
use crate::http::{Answer, ApiError, Session};

/// An answer whose first piece is written.
pub(crate) struct Answered {
    sync: Sync,
    session: Session,
    wanted: Arc<Wanted>,
    draft: Draft,
    /// Present: that piece is all.
    written: Option<Written>,
}

impl Answered {
    pub(super) async fn begin(
        sync: &Sync,
        session: &Session,
        wanted: &Arc<Wanted>,
    ) -> Result<Self, ApiError> {
        let (sync, session, wanted) = (sync.clone(), session.clone(), wanted.clone());
        let store = sync.store.clone();
        store
            .read(move |snapshot| {
                let mut draft = response::begin(&sync, snapshot, &session, &wanted)?;
                let written = response::go_on(&sync, snapshot, &session, &wanted, &mut draft)?;
                Ok(Self { sync, session, wanted, draft, written })
            })
            .await
    }

    /// True if there is nothing in it that is news.
    pub(super) fn is_empty(&self) -> bool {
        self.written.is_some_and(|written| written.is_empty)
    }

    async fn go_on(mut self) -> Result<Self, ApiError> {
        let store = self.sync.store.clone();
        store
            .read(move |snapshot| {
                self.written =
                    response::go_on(&self.sync, snapshot, &self.session, &self.wanted, &mut self.draft)?;
                Ok(self)
            })
            .await
    }

    /// Takes what is written, and remembers what it tells the device.
    fn take(&mut self) -> Bytes {
        let members = std::mem::take(&mut self.draft.members);
        self.sync.sent_members.remember(&self.session, self.draft.end(), members);
        if self.written.is_some_and(|written| written.has_to_device) {
            self.sync.acknowledged.give(&self.session);
        }
        std::mem::take(&mut self.draft.body).into()
    }

    fn into_body(mut self) -> Body {
        let first = self.take();
        if self.written.is_some() {
            return first.into();
        }
        let rest = stream::try_unfold(Some(self), |answered| async move {
            let Some(answered) = answered else { return Ok(None) };
            let mut answered = answered.go_on().await?;
            let piece = answered.take();
            let more = answered.written.is_none().then_some(answered);
            Ok::<_, ApiError>(Some((piece, more)))
        });
        let pieces = stream::once(async { Ok(first) }).chain(rest);
        // The client hears that the answer broke off, and asks again.
        Body::from_stream(pieces.map_err(|error| {
            tracing::error!(%error, "an answer to /sync breaks off");
            std::io::Error::other("the answer breaks off")
        }))
    }
}

impl Answer for Answered {
    fn into_answer(self) -> Response {
        let mut response = Response::new(self.into_body());
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
        response
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use axum::{Router, body::HttpBody as _};
    use http::Request;
    use http_body_util::BodyExt;
    use serde_json::{Value, json};
    use tower::ServiceExt;

    use super::*;
    use crate::{Config, api::router, folder::Folder, server};

    /// A server of one person, without a network.
    struct Home {
        router: Router,
        token: String,
    }

    impl Home {
        async fn open(folder: &Folder) -> Self {
            let mut config = Config::new(folder.path());
            config.server_name = Some("test.home.arpa".to_owned());
            config.rate_limits = false;
            let app = server::open(folder, config).await.unwrap();
            server::add_user(&app, "ann", "password", false).await.unwrap();
            let ann = ruma::user_id!("@ann:test.home.arpa");
            let signed_in = app.accounts.sign_in(ann, crate::accounts::NewDevice::default()).await.unwrap();
            let token = signed_in.tokens.access;
            Self { router: router(app), token: token.reveal() }
        }

        async fn ask(&self, method: &str, path: &str, body: &Value) -> Response {
            let bearer = format!("Bearer {}", self.token);
            let request = Request::builder().method(method).uri(format!("/_matrix/client/v3/{path}"));
            let body = if body.is_null() { String::new() } else { body.to_string() };
            let request = request.header(header::AUTHORIZATION, bearer).body(Body::from(body)).unwrap();
            let response = self.router.clone().oneshot(request).await.unwrap();
            assert_eq!(response.status(), 200, "{path}");
            response
        }

        async fn json(&self, method: &str, path: &str, body: Value) -> Value {
            let answer = self.ask(method, path, &body).await.into_body().collect().await.unwrap().to_bytes();
            serde_json::from_slice(&answer).unwrap()
        }

        /// A room with a message that large.
        async fn room(&self, bytes: usize) -> String {
            let made = self.json("POST", "createRoom", json!({ "preset": "public_chat" })).await;
            let room = made["room_id"].as_str().unwrap().to_owned();
            self.say(&room, &"x".repeat(bytes)).await;
            room
        }

        async fn say(&self, room: &str, text: &str) {
            let content = json!({ "msgtype": "m.text", "body": text });
            self.json("PUT", &format!("rooms/{room}/send/m.room.message/{}", text.len()), content).await;
        }
    }

    const LARGE: usize = 50_000;

    /// However many rooms there are, what is held of an answer at one time is a piece and a room; and no piece is written before the
    /// one before it was taken.
    #[tokio::test]
    async fn a_large_answer_is_written_piece_by_piece() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::take(dir.path()).unwrap();
        let home = Home::open(&folder).await;
        let mut rooms = Vec::new();
        for _ in 0..16 {
            rooms.push(home.room(LARGE).await);
        }
        let mut body = home.ask("GET", "sync", &Value::Null).await.into_body();
        let (mut whole, mut pieces) = (Vec::new(), 0);
        while let Some(frame) = body.frame().await {
            let piece = frame.unwrap().into_data().unwrap();
            assert!(piece.len() < response::PIECE + 2 * LARGE, "{}", piece.len());
            whole.extend_from_slice(&piece);
            pieces += 1;
            if pieces == 1 {
                // The answer ends where it began, though this is said before most of it is written.
                home.say(rooms.last().unwrap(), "later").await;
            }
        }
        assert!(pieces >= 16 * LARGE / (response::PIECE + LARGE), "{pieces}");
        let first: Value = serde_json::from_slice(&whole).unwrap();
        let shown: BTreeMap<String, Value> = serde_json::from_value(first["rooms"]["join"].clone()).unwrap();
        assert_eq!(shown.len(), 16);
        assert!(!String::from_utf8(whole).unwrap().contains("later"));
        let since = first["next_batch"].as_str().unwrap();
        let next = home.json("GET", &format!("sync?since={since}"), Value::Null).await;
        let told = next["rooms"]["join"].as_object().unwrap();
        assert_eq!(told.keys().collect::<Vec<_>>(), [rooms.last().unwrap()]);
        assert!(next.to_string().contains("later"));
    }

    /// Most answers are small, and say how long they are.
    #[tokio::test]
    async fn a_small_answer_is_one_piece() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::take(dir.path()).unwrap();
        let home = Home::open(&folder).await;
        home.room(10).await;
        let answer = home.ask("GET", "sync", &Value::Null).await;
        assert!(answer.body().size_hint().exact().is_some_and(|size| size > 500));
    }
}

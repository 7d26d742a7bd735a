//! Small news for others: what I have read (RC2) and heard (RC3), and that I type (TP1). Receipts wait in the store until
//! they are told; typing is worth nothing later.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use ruma::api::client::receipt::create_receipt::v3::{ReceiptType, Request as Receipt};
use ruma::api::client::typing::create_typing_event::v3::{Request as Typing, Typing as State, TypingInfo};
use ruma::events::receipt::ReceiptThread;
use ruma::{EventId, RoomId, UserId};
use serde_json::{Value, json};
use tokio::sync::{Notify, mpsc};

use crate::clock;
use crate::core::{Core, Session};
use crate::error::Error;
use crate::store::{played, receipts};
use crate::transport::{Failure, PATIENCE};

/// The receipt of a voice message that was heard, Hark's own; the feature of a server that takes it has the same name.
pub(crate) const PLAYED: &str = "app.hark.played";
/// Receipts are gathered this long (RC2).
const GATHER: Duration = Duration::from_secs(2);
/// At most one typing call in this time per room (TP1).
const PACE: i64 = 1_000;
/// Typing ends by itself this long after the last key.
const FADE: i64 = 6_000;
/// The server is told again before it lets it expire.
const RENEW: i64 = 10_000;
/// What the server is told.
const EXPIRES: Duration = Duration::from_secs(20);

/// Asks for signals to be sent.
#[derive(Clone)]
pub(crate) struct Handle {
    typing: mpsc::Sender<(String, bool)>,
    wake: Arc<Notify>,
}

/// The receiving end, for the task.
pub(crate) struct Inbox {
    typing: mpsc::Receiver<(String, bool)>,
    wake: Arc<Notify>,
}

pub(crate) fn channel() -> (Handle, Inbox) {
    let (sender, receiver) = mpsc::channel(64);
    let wake = Arc::new(Notify::new());
    (Handle { typing: sender, wake: Arc::clone(&wake) }, Inbox { typing: receiver, wake })
}

impl Handle {
    /// I type in a room, or stopped. Under pressure it is dropped.
    pub(crate) fn typing(&self, room_id: String, typing: bool) {
        let _ = self.typing.try_send((room_id, typing));
    }

    /// There may be receipts to send.
    pub(crate) fn wake(&self) {
        self.wake.notify_one();
    }
}

/// What is known about my typing in a room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Keys {
    wanted: bool,
    wanted_at: i64,
    told: bool,
    told_at: i64,
}

impl Keys {
    fn want(&mut self, typing: bool, now: i64) {
        self.wanted = typing;
        self.wanted_at = now;
    }

    /// What to tell the server now, or when to look again.
    fn step(&mut self, now: i64) -> Step {
        if self.wanted && now >= self.wanted_at + FADE {
            self.wanted = false;
        }
        let news = self.wanted != self.told || (self.wanted && now >= self.told_at + RENEW);
        let free_at = self.told_at + PACE;
        if news && now >= free_at {
            self.told = self.wanted;
            self.told_at = now;
            return Step::Tell(self.told);
        }
        if news {
            return Step::Wait(free_at);
        }
        if self.wanted { Step::Wait((self.wanted_at + FADE).min(self.told_at + RENEW)) } else { Step::Rest }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Tell(bool),
    Wait(i64),
    Rest,
}

/// Works until the engine closes.
pub(crate) async fn run(core: Arc<Core>, mut inbox: Inbox) {
    let mut rooms: HashMap<String, Keys> = HashMap::new();
    let mut flush_at: Option<tokio::time::Instant> = None;
    let mut look_at: Option<i64> = None;
    let mut takes_played = TakesPlayed::default();
    loop {
        tokio::select! {
            () = core.closing.cancelled() => return,
            Some((room_id, typing)) = inbox.typing.recv() => {
                rooms.entry(room_id).or_default().want(typing, clock::now_ms());
            }
            () = inbox.wake.notified() => {
                flush_at.get_or_insert_with(|| clock::instant() + GATHER);
            }
            () = at(flush_at) => {
                flush_at = None;
                if let Ok(session) = core.session() {
                    tell_receipts(&core, &session).await;
                    tell_played(&core, &session, &mut takes_played).await;
                }
            }
            () = until(look_at) => {}
        }
        look_at = tell_typing(&core, &mut rooms).await;
    }
}

async fn at(when: Option<tokio::time::Instant>) {
    match when {
        Some(when) => tokio::time::sleep_until(when).await,
        None => std::future::pending().await,
    }
}

async fn until(when: Option<i64>) {
    match when {
        Some(when) => {
            let wait = (when - clock::now_ms()).max(1).unsigned_abs();
            tokio::time::sleep(Duration::from_millis(wait)).await;
        }
        None => std::future::pending().await,
    }
}

async fn tell_typing(core: &Core, rooms: &mut HashMap<String, Keys>) -> Option<i64> {
    let Ok(session) = core.session() else {
        rooms.clear();
        return None;
    };
    let mut next: Option<i64> = None;
    let mut calls = Vec::new();
    for (room_id, keys) in rooms.iter_mut() {
        loop {
            match keys.step(clock::now_ms()) {
                Step::Tell(typing) => calls.push((room_id.clone(), typing)),
                Step::Wait(when) => {
                    next = Some(next.map_or(when, |next| next.min(when)));
                    break;
                }
                Step::Rest => break,
            }
        }
    }
    rooms.retain(|_, keys| keys.wanted || keys.told || keys.told_at + PACE > clock::now_ms());
    for (room_id, typing) in calls {
        if let Err(error) = tell_one(&session, &room_id, typing).await {
            tracing::debug!(%error, "typing is not told");
        }
    }
    next
}

async fn tell_one(session: &Session, room_id: &str, typing: bool) -> Result<(), Error> {
    let bad = |_| Error::NotFound("The room".to_owned());
    let me = UserId::parse(&session.account.user_id).map_err(bad)?;
    let room = RoomId::parse(room_id).map_err(bad)?;
    let state = if typing { State::Yes(TypingInfo::new(EXPIRES)) } else { State::No };
    session.http.call(Typing::new(me, room, state), PATIENCE).await?;
    Ok(())
}

async fn tell_receipts(core: &Core, session: &Session) {
    let Ok(waiting) = core.store.read(receipts::outgoing).await else { return };
    for (room_id, event_id) in waiting {
        match tell_receipt(session, &room_id, &event_id).await {
            // Told; or the server will never take it, and what I have read is known here.
            Ok(()) | Err(Failure::Matrix { status: 400 | 403 | 404, .. }) => {}
            Err(failure) => {
                core.check_login(session, &failure);
                tracing::debug!(%failure, "receipts wait");
                return;
            }
        }
        let told = core.store.write(move |tx| tx.receipt_told(&room_id, &event_id)).await;
        if let Err(error) = told {
            tracing::debug!(%error, "a receipt is told twice");
        }
    }
}

/// Whether the server of a login takes played receipts, once that is known.
#[derive(Default)]
struct TakesPlayed {
    login: String,
    answer: Option<bool>,
}

impl TakesPlayed {
    async fn ask(&mut self, session: &Session) -> Result<bool, Failure> {
        if self.login != session.login {
            *self = Self { login: session.login.clone(), answer: None };
        }
        if let Some(answer) = self.answer {
            return Ok(answer);
        }
        let versions =
            session.http.json(http::Method::GET, "/_matrix/client/versions", None, PATIENCE).await?;
        let takes = versions.get("unstable_features").and_then(|features| features.get(PLAYED));
        Ok(*self.answer.insert(takes == Some(&Value::Bool(true))))
    }
}

/// Tells who spoke that I heard them. Where the server cannot carry it nobody is told, now or later.
async fn tell_played(core: &Core, session: &Session, takes: &mut TakesPlayed) {
    let waiting = core.store.read(played::outgoing).await.unwrap_or_default();
    if waiting.is_empty() {
        return;
    }
    match takes.ask(session).await {
        Ok(true) => {}
        Ok(false) => {
            if let Err(error) = core.store.write(|tx| tx.forget_played_out()).await {
                tracing::debug!(%error, "played receipts for nobody stay");
            }
            return;
        }
        Err(failure) => return tracing::debug!(%failure, "played receipts wait"),
    }
    for (room_id, event_id) in waiting {
        let [room, event] = [&room_id, &event_id]
            .map(|id| url::form_urlencoded::byte_serialize(id.as_bytes()).collect::<String>());
        let path = format!("/_matrix/client/v3/rooms/{room}/receipt/{PLAYED}/{event}");
        match session.http.json(http::Method::POST, &path, Some(&json!({})), PATIENCE).await {
            // Told; or the server will never take it.
            Ok(_) | Err(Failure::Matrix { status: 400 | 403 | 404, .. }) => {}
            Err(failure) => {
                core.check_login(session, &failure);
                tracing::debug!(%failure, "played receipts wait");
                return;
            }
        }
        if let Err(error) = core.store.write(move |tx| tx.played_told(&event_id)).await {
            tracing::debug!(%error, "a played receipt is told twice");
        }
    }
}

async fn tell_receipt(session: &Session, room_id: &str, event_id: &str) -> Result<(), Failure> {
    let bad = |error: ruma::IdParseError| Failure::unusable_id(error);
    let room = RoomId::parse(room_id).map_err(bad)?;
    let event = EventId::parse(event_id).map_err(bad)?;
    let mut request = Receipt::new(room, ReceiptType::Read, event);
    request.thread = ReceiptThread::Unthreaded;
    session.http.call(request, PATIENCE).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Keys, Step};

    #[test]
    fn typing_is_told_at_most_once_a_second_renewed_and_fades_by_itself() {
        let mut keys = Keys::default();
        keys.want(true, 10_000);
        assert_eq!(keys.step(10_000), Step::Tell(true));
        keys.want(false, 10_200);
        assert_eq!(keys.step(10_200), Step::Wait(11_000));
        keys.want(true, 10_300);
        assert_eq!(keys.step(11_000), Step::Wait(16_300), "typing again in time tells nothing");
        for now in (11_000..30_000).step_by(500) {
            keys.want(true, now);
        }
        assert_eq!(keys.step(20_000), Step::Tell(true), "renewed");
        assert_eq!(keys.step(35_499), Step::Tell(true));
        assert_eq!(keys.step(36_500), Step::Tell(false), "faded");
        assert_eq!(keys.step(40_000), Step::Rest);
    }
}

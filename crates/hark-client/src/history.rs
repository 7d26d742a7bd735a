//! Store from server, backwards: fills the holes of the history (SY5), one page at a time. What a person waits for goes
//! before what is only good to have.

use std::collections::VecDeque;
use std::sync::Arc;

use ruma::api::Direction;
use ruma::api::client::filter::LazyLoadOptions;
use ruma::api::client::message::get_message_events::v3::Request;
use ruma::{RoomId, uint};
use tokio::sync::{mpsc, oneshot};

use crate::core::{Core, Session};
use crate::error::Error;
use crate::store::{Gap, gaps};
use crate::sync::{Applied, History, prepend};
use crate::transport::{Failure, LONG_PATIENCE};

/// Pages of 50 fetched for one hole without being asked for.
const BACKGROUND_PAGES: u32 = 40;

enum Task {
    /// Someone waits for the newest hole of this room.
    Page { gap: Gap, done: oneshot::Sender<Result<(), Error>> },
    /// Fill when there is nothing better to do.
    Room(String),
}

/// Asks for history.
#[derive(Clone)]
pub(crate) struct Handle(mpsc::Sender<Task>);

/// The receiving end, for the task.
pub(crate) struct Inbox(mpsc::Receiver<Task>);

pub(crate) fn channel() -> (Handle, Inbox) {
    let (sender, receiver) = mpsc::channel(256);
    (Handle(sender), Inbox(receiver))
}

impl Handle {
    /// Fetches the page below a hole's upper edge, now.
    pub(crate) async fn page(&self, gap: Gap) -> Result<(), Error> {
        let (done, answer) = oneshot::channel();
        self.0.send(Task::Page { gap, done }).await.map_err(|_| Error::Closed)?;
        answer.await.map_err(|_| Error::Closed)?
    }

    /// Fills a room's newest hole in the background. A full queue drops it: it is asked for again when looked at.
    pub(crate) fn fill_later(&self, room_id: String) {
        let _ = self.0.try_send(Task::Room(room_id));
    }
}

/// Works until the engine closes.
pub(crate) async fn run(core: Arc<Core>, mut inbox: Inbox) {
    // What the last run did not finish.
    let unfinished = core.store.read(|db| gaps::rooms_with_inner_gaps(db, 100)).await.unwrap_or_default();
    let mut later: VecDeque<(String, u32)> =
        unfinished.into_iter().map(|room_id| (room_id, BACKGROUND_PAGES)).collect();
    loop {
        let task = tokio::select! {
            biased;
            () = core.closing.cancelled() => return,
            task = inbox.0.recv() => task,
            () = std::future::ready(()), if !later.is_empty() => None,
        };
        match task {
            Some(Task::Page { gap, done }) => {
                let outcome = fetch(&core, gap).await;
                let _ = done.send(outcome);
            }
            Some(Task::Room(room_id)) => {
                if !later.iter().any(|(known, _)| *known == room_id) {
                    later.push_back((room_id, BACKGROUND_PAGES));
                }
            }
            None => {
                let Some((room_id, pages)) = later.pop_front() else { return };
                if background(&core, &room_id).await && pages > 1 {
                    later.push_back((room_id, pages - 1));
                }
            }
        }
    }
}

/// One page of a room's newest hole. True: there is more to fill.
async fn background(core: &Core, room_id: &str) -> bool {
    let room = room_id.to_owned();
    let gap = core.store.read(move |db| gaps::newest_of_room(db, &room)).await;
    match gap {
        Ok(Some(gap)) if gap.low_sort > 0 => fetch(core, gap).await.is_ok(),
        _ => false,
    }
}

async fn fetch(core: &Core, gap: Gap) -> Result<(), Error> {
    let session = core.session()?;
    let page = tokio::select! {
        page = page(&session, &gap) => page,
        () = core.closing.cancelled() => return Err(Error::Closed),
    };
    let page = match page {
        Ok(page) => page,
        Err(failure) => {
            core.check_login(&session, &failure);
            // The server will never give it (the room is gone, the token too old): no hole to fill.
            if let Failure::Matrix { status: 400..=404, errcode, .. } = &failure
                && errcode != "M_LIMIT_EXCEEDED"
                && core.session.borrow().is_some()
            {
                tracing::info!(%failure, "history is not to be had");
                core.store.write(move |tx| tx.close_gap(&gap)).await?;
                return Ok(());
            }
            return Err(failure.into());
        }
    };
    let login = session.login.clone();
    let applied = core
        .store
        .write(move |tx| {
            tx.require_login(&login)?;
            let mut applied = Applied::default();
            prepend(&gap, &page, tx, &mut applied)?;
            Ok(applied)
        })
        .await?;
    core.outbox.settled(applied.settled).await;
    Ok(())
}

async fn page(session: &Session, gap: &Gap) -> Result<History, Failure> {
    let room_id = RoomId::parse(&gap.room_id).map_err(|error| Failure::Offline(error.to_string()))?;
    let mut request = Request::new(room_id, Direction::Backward);
    request.from = Some(gap.token.clone());
    request.limit = uint!(50);
    request.filter.lazy_load_options = LazyLoadOptions::Enabled { include_redundant_members: false };
    let body = session.http.body(request, LONG_PATIENCE).await?;
    serde_json::from_slice(&body)
        .map_err(|error| Failure::Offline(format!("the history is not Matrix: {error}")))
}

//! Store from server, backwards: fills the holes of the history (SY5), one page at a time. What a person waits for goes
//! before what is only good to have.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use ruma::api::Direction;
use ruma::api::client::filter::LazyLoadOptions;
use ruma::api::client::message::get_message_events::v3::Request;
use ruma::{RoomId, uint};
use tokio::sync::{mpsc, oneshot};

use crate::core::{Core, Session};
use crate::error::Error;
use crate::model::Connection;
use crate::random;
use crate::store::{Gap, gaps};
use crate::sync::{Applied, Backoff, History, prepend};
use crate::transport::{Failure, LONG_PATIENCE};

/// Pages of 50 fetched for one hole without being asked for.
const BACKGROUND_PAGES: u32 = 40;

enum Task {
    /// Someone waits for the page below this hole's upper edge.
    Page { gap: Gap, done: oneshot::Sender<Result<(), Error>> },
    /// To be filled when there is nothing better to do.
    Later(Wish),
}

/// History that is good to have.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Wish {
    room_id: String,
    pages: u32,
    /// Whether history older than all that is known here is wanted too.
    beginning: bool,
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

    /// Fills the hole between two known parts of a room. A full queue drops it: it is asked for again when looked at.
    pub(crate) fn fill(&self, room_id: String) {
        let _ = self.0.try_send(Task::Later(Wish { room_id, pages: BACKGROUND_PAGES, beginning: false }));
    }

    /// Someone looks at a room whose newest page has a hole: one page, whatever it is part of.
    pub(crate) fn look(&self, room_id: String) {
        let _ = self.0.try_send(Task::Later(Wish { room_id, pages: 1, beginning: true }));
    }
}

/// Works until the engine closes.
pub(crate) async fn run(core: Arc<Core>, mut inbox: Inbox) {
    // What the last run did not finish.
    let unfinished = core.store.read(|db| gaps::rooms_with_inner_gaps(db, 100)).await.unwrap_or_default();
    let mut wishes: VecDeque<Wish> = unfinished
        .into_iter()
        .map(|room_id| Wish { room_id, pages: BACKGROUND_PAGES, beginning: false })
        .collect();
    let mut backoff = Backoff::default();
    let mut pause = Duration::ZERO;
    loop {
        let task = tokio::select! {
            biased;
            () = core.closing.cancelled() => return,
            task = inbox.0.recv() => task,
            () = online(&core, pause), if !wishes.is_empty() => None,
        };
        match task {
            Some(Task::Page { gap, done }) => {
                let outcome = fetch(&core, gap).await;
                let _ = done.send(outcome);
            }
            Some(Task::Later(wish)) => {
                if !wishes.contains(&wish) {
                    wishes.push_back(wish);
                }
            }
            None => {
                let Some(wish) = wishes.pop_front() else { continue };
                match background(&core, &wish).await {
                    Ok(more) => {
                        backoff.reset();
                        pause = Duration::ZERO;
                        if more && wish.pages > 1 {
                            wishes.push_back(Wish { pages: wish.pages - 1, ..wish });
                        }
                    }
                    Err(error) => {
                        tracing::debug!(%error, "history waits");
                        pause = backoff.next(random::unit());
                        wishes.push_front(wish);
                    }
                }
            }
        }
    }
}

/// Waits until there is a server to ask, and a little longer after a failure.
async fn online(core: &Core, pause: Duration) {
    tokio::time::sleep(pause).await;
    let mut link = core.link.subscribe();
    let _ = link.wait_for(|link| *link == Connection::Online).await;
}

/// One page of a room's newest hole. True: there may be more to fill.
async fn background(core: &Core, wish: &Wish) -> Result<bool, Error> {
    let room = wish.room_id.clone();
    let gap = core.store.read(move |db| gaps::newest_of_room(db, &room)).await?;
    match gap {
        Some(gap) if wish.beginning || gap.low_sort > 0 => fetch(core, gap).await.map(|()| true),
        _ => Ok(false),
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

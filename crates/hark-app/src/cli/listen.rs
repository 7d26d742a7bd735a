//! `hark listen`: what happens, as it happens.
//!
//! A message of somebody else is shown once. One of mine is shown each time its state changes, so that a script can see
//! it arrive. Where more happens at once than the engine holds for a slow reader, the messages are taken from the store.

use std::collections::{HashMap, HashSet};

use hark_client::model::{Content, ConversationId, Message, MessageState};
use hark_client::{Change, Engine};
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{Output, json, plain, put, show};
use crate::api::ApiError;
use crate::app::App;

/// Messages read in one step, and how many steps back missed ones are looked for.
const PAGE: u32 = 100;
const PAGES: usize = 50;

/// My messages whose last shown state is remembered.
const REMEMBERED: usize = 10_000;

pub(super) async fn listen(
    app: &App,
    as_json: bool,
    since: Option<i64>,
    output: &mpsc::Sender<Output>,
    over: &CancellationToken,
) -> Result<(), ApiError> {
    let mut changes = app.engine().changes();
    let mut ear = Ear::new(app.engine().clone(), as_json, output.clone()).await?;
    if let Some(newest) = since {
        ear.newest = newest;
        ear.catch_up().await?;
    }
    put(output, Output::Heard { newest: ear.newest }).await?;
    let now = app.engine().connection().borrow().clone();
    ear.hear(Change::Connection(now)).await?;
    loop {
        let change = tokio::select! {
            () = over.cancelled() => break,
            () = output.closed() => return Ok(()),
            change = changes.recv() => change,
        };
        match change {
            Ok(change) => ear.hear(change).await?,
            Err(RecvError::Lagged(_)) => ear.catch_up().await?,
            Err(RecvError::Closed) => break,
        }
    }
    // What the engine told before it stopped still belongs to this listener.
    loop {
        match changes.try_recv() {
            Ok(change) => ear.hear(change).await?,
            Err(TryRecvError::Lagged(_)) => ear.catch_up().await?,
            Err(TryRecvError::Empty | TryRecvError::Closed) => return Ok(()),
        }
    }
}

struct Ear {
    engine: Engine,
    as_json: bool,
    output: mpsc::Sender<Output>,
    /// Key of the newest message of others that was there before, or was shown.
    newest: i64,
    /// Shown from the store, and perhaps told once more.
    caught_up: HashSet<i64>,
    /// The state each of my messages was last shown in.
    mine: HashMap<i64, MessageState>,
}

impl Ear {
    async fn new(engine: Engine, as_json: bool, output: mpsc::Sender<Output>) -> Result<Self, ApiError> {
        let mut ear =
            Self { engine, as_json, output, newest: 0, caught_up: HashSet::new(), mine: HashMap::new() };
        for row in ear.engine.conversations("").await? {
            ear.newest = ear.newest.max(row.last.as_ref().map_or(0, |last| last.key));
            if row.waiting > 0 {
                ear.watch_waiting(&row.id, row.waiting).await?;
            }
        }
        Ok(ear)
    }

    /// Remembers what waits in the outbox from before, so that its going out is told.
    async fn watch_waiting(&mut self, id: &ConversationId, waiting: u32) -> Result<(), ApiError> {
        // They stand at the end of the thread.
        let page = self.engine.timeline(id, None, waiting).await?;
        let mine = page.messages.into_iter().filter(|message| message.mine);
        self.mine.extend(mine.map(|message| (message.key, message.state)));
        Ok(())
    }

    async fn hear(&mut self, change: Change) -> Result<(), ApiError> {
        match change {
            Change::Message { message, live } => self.message(*message, live).await,
            Change::Connection(connection) => {
                let line =
                    if self.as_json { json::connection(&connection) } else { plain::connection(&connection) };
                show(&self.output, line).await
            }
            Change::Receipt { room_id, event_id, user_id, timestamp } if self.as_json => {
                show(&self.output, json::receipt(&room_id, &event_id, &user_id, timestamp)).await
            }
            Change::Typing { room_id, user_ids } if self.as_json => {
                show(&self.output, json::typing(&room_id, &user_ids)).await
            }
            Change::Invite { room_id, sender, conversation } => {
                let line = if self.as_json {
                    json::invite(&room_id, &sender, &conversation.0)
                } else {
                    format!("{} invites you. Accept with: hark dm {0}", plain::harmless(&sender))
                };
                show(&self.output, line).await
            }
            Change::Receipt { .. }
            | Change::Typing { .. }
            | Change::Account(_)
            | Change::Alert(_)
            | Change::Conversation(_)
            | Change::ConversationRemoved(_)
            | Change::MessageRemoved { .. } => Ok(()),
        }
    }

    async fn message(&mut self, message: Message, live: bool) -> Result<(), ApiError> {
        if matches!(message.content, Content::System { .. }) {
            return Ok(());
        }
        if message.mine {
            let known = self.mine.get(&message.key);
            // History that is fetched is no news; a change of what was shown is.
            if known == Some(&message.state) || (known.is_none() && !live) {
                return Ok(());
            }
            if self.mine.len() >= REMEMBERED {
                self.mine.clear();
            }
            self.mine.insert(message.key, message.state.clone());
        } else {
            if !live || self.caught_up.contains(&message.key) {
                return Ok(());
            }
            self.newest = self.newest.max(message.key);
        }
        self.show(&message).await?;
        if message.mine {
            return Ok(());
        }
        put(&self.output, Output::Heard { newest: self.newest }).await
    }

    async fn show(&self, message: &Message) -> Result<(), ApiError> {
        if !self.as_json {
            return show(&self.output, plain::message(message)).await;
        }
        let encrypted =
            self.engine.conversation(&message.conversation).await?.is_some_and(|row| row.encrypted);
        show(&self.output, json::message(message, encrypted)).await
    }

    /// Shows the messages of others that came while this listener could not keep up, or had no owner.
    async fn catch_up(&mut self) -> Result<(), ApiError> {
        let mut missed: Vec<Message> = Vec::new();
        for conversation in self.engine.conversations("").await? {
            let mut before: Option<String> = None;
            for _ in 0..PAGES {
                let page = self.engine.timeline(&conversation.id, before.as_deref(), PAGE).await?;
                let known = page.messages.iter().any(|message| message.key <= self.newest);
                missed.extend(
                    page.messages.into_iter().filter(|message| !message.mine && message.key > self.newest),
                );
                before = page.older;
                if known || before.is_none() {
                    break;
                }
            }
        }
        missed.sort_by_key(|message| message.key);
        for message in missed {
            let key = message.key;
            self.message(message, true).await?;
            self.caught_up.insert(key);
        }
        Ok(())
    }
}

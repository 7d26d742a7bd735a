//! Pages of a thread, and single messages.

use std::time::Duration;

use super::Engine;
use crate::error::Error;
use crate::model::{ConversationId, Message, Page};
use crate::store::{Gap, PageRow, Place, gaps, messages};

/// A page is never larger.
const LARGEST: u32 = 200;
/// Pages of the server fetched for one page of ours; some hold nothing to show.
const FETCHES: usize = 4;
/// How long someone who scrolls waits for the server.
const PATIENCE: Duration = Duration::from_secs(8);

impl Engine {
    /// A page of a thread: `before` is [`Page::older`] of the page below, absent for the newest. Where the store has a
    /// gap, history is fetched from the server (SY5); the newest page never waits for that unless there is nothing else.
    pub async fn timeline(
        &self,
        id: &ConversationId,
        before: Option<&str>,
        limit: u32,
    ) -> Result<Page, Error> {
        let before = before
            .map(|cursor| {
                Place::parse(cursor)
                    .ok_or_else(|| Error::BadRequest(format!("\"{cursor}\" is not the place of a message.")))
            })
            .transpose()?;
        let limit = limit.clamp(1, LARGEST);
        for _ in 0..FETCHES {
            let (mut rows, gap) = self.read_page(id, before, limit).await?;
            let Some(gap) = gap else { return Ok(page(rows, limit, false)) };
            // What lies beyond a hole is not the next older message.
            let beyond = rows.split_off(rows.partition_point(|row| place_of(row) >= Some(gap.at)));
            if before.is_none() && !rows.is_empty() {
                self.core().history.look(gap.room_id);
                return Ok(page(rows, limit, true));
            }
            let fetched = tokio::time::timeout(PATIENCE, self.core().history.page(gap)).await;
            if !matches!(fetched, Ok(Ok(()))) {
                // The server cannot be asked now: what there is, and what lies beyond when nothing else is left.
                let rest = if rows.is_empty() { beyond } else { rows };
                return Ok(reopen(page(rest, limit, true), before));
            }
        }
        let (mut rows, gap) = self.read_page(id, before, limit).await?;
        let Some(gap) = gap else { return Ok(page(rows, limit, false)) };
        rows.truncate(rows.partition_point(|row| place_of(row) >= Some(gap.at)));
        Ok(reopen(page(rows, limit, true), before.or(Some((gap.at, 0)))))
    }

    /// The rows of a page, and the newest hole that is inside it or directly below.
    async fn read_page(
        &self,
        id: &ConversationId,
        before: Option<(Place, i64)>,
        limit: u32,
    ) -> Result<(Vec<PageRow>, Option<Gap>), Error> {
        let conversation = id.0.clone();
        Ok(self
            .core()
            .store
            .read(move |db| {
                let rows = messages::page(db, &conversation, before, limit)?;
                let gap = gaps::newest(db, &conversation, before.map(|(place, _)| place))?;
                let full = rows.len() >= limit as usize;
                let oldest = rows.last().and_then(place_of);
                let matters = gap.filter(|gap| match oldest {
                    Some(oldest) if full => gap.at > oldest,
                    _ => true,
                });
                Ok((rows, matters))
            })
            .await?)
    }

    /// One message by its key.
    pub async fn message(&self, key: i64) -> Result<Option<Message>, Error> {
        Ok(self.core().store.read(move |db| messages::by_key(db, key)).await?)
    }

    /// My message that was sent from this device under a transaction id.
    pub async fn message_of_transaction(&self, txn_id: &str) -> Result<Option<Message>, Error> {
        let txn_id = txn_id.to_owned();
        Ok(self.core().store.read(move |db| messages::by_transaction(db, &txn_id)).await?)
    }

    /// I have heard this voice message. Its sender is told, where the homeserver can (RC3).
    pub async fn mark_played(&self, key: i64) -> Result<(), Error> {
        let found = self.core().store.write(move |tx| tx.hear(key)).await?;
        self.core().signals.wake();
        if found { Ok(()) } else { Err(Error::NotFound("The message".to_owned())) }
    }
}

fn page(mut rows: Vec<PageRow>, limit: u32, more: bool) -> Page {
    let full = rows.len() >= limit as usize;
    let older = rows.last().filter(|_| full || more).map(|row| row.message.order.clone());
    rows.reverse();
    let first_unread = rows.iter().find(|row| row.unread).map(|row| row.message.key);
    Page { messages: rows.into_iter().map(|row| row.message).collect(), older, first_unread }
}

/// Where nothing can be shown yet the way on stays where it was.
fn reopen(mut page: Page, before: Option<(Place, i64)>) -> Page {
    if page.older.is_none() {
        page.older = before.map(|(place, key)| place.order(key));
    }
    page
}

fn place_of(row: &PageRow) -> Option<Place> {
    Place::parse(&row.message.order).map(|(place, _)| place)
}

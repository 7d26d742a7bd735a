//! Keeping the index of words up to date, off the path of those who send.

use std::{sync::Arc, time::Duration};

use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use super::words::spaced;
use crate::{
    App, clock,
    store::{Store, StoreError, Unindexed},
};

/// Events looked at in one transaction: the writer's other work does not wait long for it.
const BATCH: usize = 128;
/// How long nothing must be sent before the index is brought up to date.
const QUIET: Duration = Duration::from_secs(1);
/// How long it may lag under an unbroken load.
const LONGEST: Duration = Duration::from_mins(1);

/// Brings the index up to date whenever the server has been quiet for a moment, until it goes down.
pub(crate) async fn run(app: Arc<App>) {
    let mut committed = app.store.commits();
    loop {
        if let Err(error) = catch_up(&app.store).await {
            tracing::warn!(%error, "the index of words could not be brought up to date");
        }
        tokio::select! {
            changed = committed.changed() => if changed.is_err() { return },
            () = app.shutdown.cancelled() => return,
        }
        let longest = Instant::from_std(clock::instant()) + LONGEST;
        loop {
            let quiet = (Instant::from_std(clock::instant()) + QUIET).min(longest);
            tokio::select! {
                changed = timeout_at(quiet, committed.changed()) => match changed {
                    Ok(Ok(())) => {}
                    Ok(Err(_closed)) => return,
                    Err(_quiet) => break,
                },
                () = app.shutdown.cancelled() => return,
            }
        }
    }
}

/// Adds everything that was committed before now and is not in the index. A crash in between loses nothing: how far the index
/// goes is stored with what was added to it.
pub(crate) async fn catch_up(store: &Store) -> Result<(), StoreError> {
    let upto = store.committed();
    while store
        .read::<_, StoreError, _>(move |snapshot| {
            let next = snapshot.unindexed(snapshot.indexed_upto()?, 1)?;
            Ok(next.first().is_some_and(|event| event.pos <= upto))
        })
        .await?
    {
        store
            .write::<_, StoreError, _>(|tx| {
                let events = tx.unindexed(tx.indexed_upto()?, BATCH)?;
                for event in &events {
                    if let Some(text) = text(event) {
                        tx.index(event.pos, event.room, &spaced(&text))?;
                    }
                }
                match events.last() {
                    Some(last) => tx.set_indexed_upto(last.pos),
                    None => Ok(()),
                }
            })
            .await?;
    }
    Ok(())
}

/// What an event says, if it says anything. A redacted one does not any more.
fn text(event: &Unindexed) -> Option<String> {
    let member = match event.kind.as_str() {
        "m.room.message" => "body",
        "m.room.name" => "name",
        "m.room.topic" => "topic",
        _ => return None,
    };
    let content: Value = serde_json::from_slice(event.content.as_ref()?).ok()?;
    content.get(member)?.as_str().map(ToOwned::to_owned)
}

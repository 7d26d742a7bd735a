//! What a running server does by itself now and then.

use std::{sync::Arc, time::Duration};

use crate::{App, clock, closing, store::StoreError};

/// Between two rounds.
const EVERY: Duration = Duration::from_hours(1);

/// At the start, ends what was broken off. Forgets answered requests of former days, at the start and every hour, until the server
/// goes down.
pub(crate) async fn run(app: Arc<App>) {
    if let Err(error) = closing::resume(&app).await {
        tracing::warn!(%error, "the rooms of a closed account are not left yet");
    }
    loop {
        let now = clock::now_ms();
        match app.store.write::<_, StoreError, _>(move |tx| tx.forget_old_txns(now)).await {
            Ok(0) => {}
            Ok(forgotten) => tracing::debug!(forgotten, "old transaction ids"),
            Err(error) => tracing::warn!(%error, "old transaction ids could not be forgotten"),
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = app.shutdown.cancelled() => return,
        }
    }
}

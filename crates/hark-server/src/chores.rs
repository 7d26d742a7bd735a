//! What a running server does by itself now and then.

use std::{sync::Arc, time::Duration};

use crate::{
    App, clock, closing,
    store::{StoreError, Tx},
};

/// Between two rounds.
const EVERY: Duration = Duration::from_hours(1);

/// At the start, ends what was broken off. Forgets what is over, at the start and every hour, until the server goes down: answered
/// requests of former days, addresses whose file never came, and files nobody has a use for.
pub(crate) async fn run(app: Arc<App>) {
    if let Err(error) = closing::resume(&app).await {
        tracing::warn!(%error, "the rooms of a closed account are not left yet");
    }
    if let Err(error) = app.media.walk().await {
        tracing::warn!(%error, "the folder of files could not be looked through");
    }
    loop {
        let now = clock::now_ms();
        forget(&app, "transaction ids", move |tx| tx.forget_old_txns(now)).await;
        // An upload that began in time may still be under way.
        let over = now - EVERY.as_millis() as i64;
        forget(&app, "promised addresses", move |tx| tx.forget_media_promises(over)).await;
        match app.media.tidy().await {
            Ok(cleared) => tracing::debug!(?cleared, "files"),
            Err(error) => tracing::warn!(%error, "files could not be cleared away"),
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = app.shutdown.cancelled() => return,
        }
    }
}

async fn forget(
    app: &App,
    what: &str,
    change: impl FnOnce(&mut Tx<'_>) -> Result<usize, StoreError> + Send + 'static,
) {
    match app.store.write(change).await {
        Ok(0) => {}
        Ok(forgotten) => tracing::debug!(what, forgotten, "over and forgotten"),
        Err(error) => tracing::warn!(what, %error, "what is over could not be forgotten"),
    }
}

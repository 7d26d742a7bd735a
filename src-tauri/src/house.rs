//! The data folder at work behind the window.
//!
//! It is opened while the window comes up, so that neither waits for the other; the page's first command does.

use std::sync::Arc;

use hark_app::api::{ApiError, Command, Nothing};
use hark_app::owner::{self, Owner, Ownership};
use hark_app::{App, program};
use hark_client::Options;

use crate::shell::{Held, Shell};

/// Begins to open the folder.
pub(crate) fn open(shell: &Arc<Shell>, ownership: Ownership) {
    let shell = shell.clone();
    tauri::async_runtime::spawn(async move {
        match enter(&shell, &ownership).await {
            Ok((app, owner)) => {
                tracing::info!(after = ?shell.started().elapsed(), "the folder is open");
                let held = Held { notifying: app.start_notifications(), owner, ownership };
                shell.opened(app, held);
            }
            Err(error) => {
                tracing::error!(error = error.message, "the folder cannot be opened");
                eprintln!("hark-desktop: {}", error.message);
                shell.failed(error);
            }
        }
    });
}

async fn enter(shell: &Shell, ownership: &Ownership) -> Result<(App, Owner), ApiError> {
    let app = App::open(Options::new(ownership.folder())).await?;
    let owner = match owner::serve(ownership, &app) {
        Ok(owner) => owner,
        Err(error) => {
            app.close().await;
            return Err(error);
        }
    };
    if shell.tries_it()
        && app.engine().account().is_none()
        && let Err(error) = app.run(Command::TryIt(Nothing {})).await
    {
        owner.close(&app).await;
        return Err(error);
    }
    Ok((app, owner))
}

/// Closes in order: the page's link, the door, the engine, the folder. Asked to end once more meanwhile, it is done at once: what is
/// under way is in the outbox.
pub(crate) async fn close(shell: &Shell) {
    shell.let_page_go();
    let (Some(held), Some(app)) = (shell.take_held(), shell.app_now()) else { return };
    let Held { notifying, owner, ownership } = held;
    drop(notifying);
    tokio::select! {
        () = owner.close(&app) => {}
        () = program::asked_to_end() => {}
    }
    drop(ownership);
}

//! The desktop window at this data folder, for those who want to see it.
//!
//! The shell that has a window [opens a door](App::door_to_window); another shell that is started on the same folder
//! knocks there and ends. Where the owner of the folder is a command of the terminal, there is no window to show: it is
//! asked for the folder instead.

use std::sync::{Mutex, PoisonError};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::App;

/// Knocks that may wait until the window is looked after.
const KNOCKS: usize = 8;

/// Show the window.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Raise {
    /// With this link, as it was opened.
    pub link: Option<String>,
}

/// Where to knock.
#[derive(Default)]
pub(crate) struct Door {
    window: Mutex<Option<mpsc::Sender<Raise>>>,
    folder_wanted: CancellationToken,
}

impl Door {
    /// Has the window shown; `false` where there is none.
    pub(crate) fn knock(&self, raise: Raise) -> bool {
        let window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        // With many knocks waiting already, the window will come up all the same.
        window.as_ref().is_some_and(|window| match window.try_send(raise) {
            Ok(()) | Err(mpsc::error::TrySendError::Full(_)) => true,
            Err(mpsc::error::TrySendError::Closed(_)) => false,
        })
    }

    /// Whether there is a window.
    pub(crate) fn is_there(&self) -> bool {
        let window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        window.as_ref().is_some_and(|window| !window.is_closed())
    }

    /// A shell wants this folder for its window.
    pub(crate) fn want_folder(&self) {
        self.folder_wanted.cancel();
    }

    /// Waits until one does.
    pub(crate) async fn folder_wanted(&self) {
        self.folder_wanted.cancelled().await;
    }
}

impl App {
    /// This process has a window, and looks at what comes through here for as long as it has.
    pub fn door_to_window(&self) -> mpsc::Receiver<Raise> {
        let (sender, knocks) = mpsc::channel(KNOCKS);
        *self.window().window.lock().unwrap_or_else(PoisonError::into_inner) = Some(sender);
        knocks
    }
}

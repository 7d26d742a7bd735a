//! What the parts of the shell share.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use hark_app::App;
use hark_app::api::ApiError;
use hark_app::owner::{Owner, Ownership};
use tokio::sync::watch;

use crate::bridge::Page;
use crate::options::Options;

/// One data folder with its window.
pub(crate) struct Shell {
    folder: PathBuf,
    started: Instant,
    try_it: bool,
    app: watch::Sender<Option<Result<App, ApiError>>>,
    /// What is closed at the end, in this order, before the folder is let go.
    held: Mutex<Option<(Owner, Ownership)>>,
    page: Mutex<Option<Arc<Page>>>,
    /// Links that were opened before there was a page to show them.
    links: Mutex<Vec<String>>,
    /// The page has come up.
    came_up: watch::Sender<bool>,
    /// The page has drawn.
    drawn: watch::Sender<bool>,
    /// The window is in sight.
    shown: watch::Sender<bool>,
    /// The window stays out of sight when it has drawn.
    hidden: AtomicBool,
    starts_again: AtomicBool,
}

impl Shell {
    pub(crate) fn new(folder: PathBuf, options: &Options, started: Instant) -> Self {
        Self {
            folder,
            started,
            try_it: options.try_it,
            app: watch::Sender::new(None),
            held: Mutex::default(),
            page: Mutex::default(),
            links: Mutex::new(options.link.iter().cloned().collect()),
            came_up: watch::Sender::new(false),
            drawn: watch::Sender::new(false),
            shown: watch::Sender::new(false),
            hidden: AtomicBool::new(options.hidden),
            starts_again: AtomicBool::new(false),
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// When the process began.
    pub(crate) fn started(&self) -> Instant {
        self.started
    }

    /// Whether "Just try it" was asked for at the start.
    pub(crate) fn tries_it(&self) -> bool {
        self.try_it
    }

    /// The app, as soon as it is open, or why it cannot be opened.
    pub(crate) async fn app(&self) -> Result<App, ApiError> {
        let mut app = self.app.subscribe();
        let found = app.wait_for(Option::is_some).await.map_err(ApiError::internal)?;
        found.clone().unwrap_or_else(|| Err(ApiError::internal("the app was never opened")))
    }

    /// The app where it is open.
    pub(crate) fn app_now(&self) -> Option<App> {
        self.app.borrow().as_ref().and_then(|app| app.as_ref().ok().cloned())
    }

    /// Why it could not be opened, where it could not.
    pub(crate) fn failure(&self) -> Option<ApiError> {
        self.app.borrow().as_ref().and_then(|app| app.as_ref().err().cloned())
    }

    pub(crate) fn opened(&self, app: App, owner: Owner, ownership: Ownership) {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Some((owner, ownership));
        self.app.send_replace(Some(Ok(app)));
    }

    pub(crate) fn failed(&self, error: ApiError) {
        self.app.send_replace(Some(Err(error)));
    }

    pub(crate) fn take_held(&self) -> Option<(Owner, Ownership)> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// The page that is there now; the one before is let go.
    pub(crate) fn put_page(&self, page: Arc<Page>) {
        let before = self.page.lock().unwrap_or_else(PoisonError::into_inner).replace(page);
        if let Some(before) = before {
            before.let_go();
        }
    }

    /// The page is no longer served; what it was promised is still done.
    pub(crate) fn let_page_go(&self) {
        if let Some(page) = self.page.lock().unwrap_or_else(PoisonError::into_inner).take() {
            page.let_go();
        }
    }

    pub(crate) fn page(&self) -> Option<Arc<Page>> {
        self.page.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Keeps a link until it is taken.
    pub(crate) fn put_link(&self, link: String) {
        self.links.lock().unwrap_or_else(PoisonError::into_inner).push(link);
    }

    pub(crate) fn take_links(&self) -> Vec<String> {
        std::mem::take(&mut self.links.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The page speaks.
    pub(crate) fn note_page(&self) {
        self.came_up.send_replace(true);
    }

    /// Waits until it does.
    pub(crate) async fn page_came_up(&self) {
        // It cannot fail: this holds the other end.
        let _ = self.came_up.subscribe().wait_for(|came_up| *came_up).await;
    }

    pub(crate) fn has_drawn(&self) -> watch::Receiver<bool> {
        self.drawn.subscribe()
    }

    pub(crate) fn note_drawn(&self) {
        self.drawn.send_replace(true);
    }

    /// Whether the window is in sight, and each change of it.
    pub(crate) fn shown(&self) -> &watch::Sender<bool> {
        &self.shown
    }

    /// Whether the window is to stay out of sight; asked for at the start, until somebody wants to see it.
    pub(crate) fn stays_hidden(&self) -> bool {
        self.hidden.load(Ordering::Relaxed)
    }

    pub(crate) fn comes_to_light(&self) {
        self.hidden.store(false, Ordering::Relaxed);
    }

    /// Whether the program is to be started once more when it has ended.
    pub(crate) fn starts_again(&self) -> bool {
        self.starts_again.load(Ordering::Relaxed)
    }

    pub(crate) fn start_again(&self) {
        self.starts_again.store(true, Ordering::Relaxed);
    }
}

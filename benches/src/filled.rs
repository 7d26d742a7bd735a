//! An engine store filled through the engine's own apply path, and how long that took.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use hark_client::{Engine, KeyPolicy, Options, SignInMode};

use crate::clock;
use crate::scripted::Scripted;
use crate::story::Story;

/// A closed store, ready to be opened by a probe. The scripted homeserver goes on holding the long poll.
pub(crate) struct Filled {
    /// The data folder.
    pub(crate) dir: PathBuf,
    /// Messages in it.
    pub(crate) messages: usize,
    /// Sign-in until the first sync is stored.
    pub(crate) first_sync: Duration,
    /// Messages a second of the incremental responses: fetched, applied, rendered, indexed, committed.
    pub(crate) per_second: f64,
    _scripted: Scripted,
}

impl Filled {
    /// Fills a store of `messages` messages below `dir`.
    pub(crate) async fn new(dir: &Path, messages: usize) -> Result<Self> {
        eprintln!("filling a store with {messages} messages …");
        let story = Story::new(messages);
        let (messages, later) = (story.messages(), story.messages() - Story::first_messages());
        let scripted = Scripted::start(story).await?;
        let dir = dir.join("engine");
        let engine = open(&dir).await?;
        let started = clock::now();
        engine.sign_in(&scripted.url, "me", "password", SignInMode::Login).await?;
        scripted.applied(1).await?;
        let first_sync = started.elapsed();
        let started = clock::now();
        scripted.applied(scripted.last()).await?;
        let per_second = later as f64 / started.elapsed().as_secs_f64();
        engine.close().await;
        Ok(Self { dir, messages, first_sync, per_second, _scripted: scripted })
    }
}

/// Opens the engine on a data folder, with the key in a file so that no keyring is in the way.
pub(crate) async fn open(dir: &Path) -> Result<Engine> {
    Ok(Engine::open(Options::new(dir).key(KeyPolicy::File)).await?)
}

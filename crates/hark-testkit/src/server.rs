//! The homeserver in this process, and engines signed in on it.

use std::net::SocketAddr;
use std::ops::Deref;
use std::path::{Path, PathBuf};

use hark_client::model::{Connection, Conversation};
use hark_client::{Change, Engine, KeyPolicy, Options, SignInMode};
use hark_server::{Config, Registration};
use tempfile::TempDir;

use crate::{PASSWORD, Person, Proxy, ready, wait_for, wait_until, within};

/// A homeserver of its own for one test: a temporary folder, a port the system chose, open to register, no rate limits.
pub struct Server {
    running: hark_server::Server,
    config: Config,
    folder: TempDir,
}

/// An engine signed in on a server, with its folder. Used as the [`Engine`] it holds.
#[derive(Debug)]
pub struct Resident {
    engine: Engine,
    folder: TempDir,
}

impl Server {
    /// Starts an empty homeserver called `hark.test`.
    pub async fn start() -> Self {
        ready();
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut config = Config::new(folder.path());
        config.listen = SocketAddr::from(([127, 0, 0, 1], 0));
        config.server_name = Some("hark.test".to_owned());
        config.registration = Registration::Open;
        config.rate_limits = false;
        let running = launch(&config).await;
        config.listen = running.addr();
        Self { running, config, folder }
    }

    /// Its base URL.
    pub fn url(&self) -> String {
        self.running.url()
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.running.addr()
    }

    /// Its data folder.
    pub fn data(&self) -> &Path {
        self.folder.path()
    }

    /// Stops it and starts it again on the same folder and port.
    pub async fn restart(self) -> Self {
        let Self { running, config, folder } = self;
        within("the server's shutdown", running.shutdown()).await;
        Self { running: launch(&config).await, config, folder }
    }

    /// Stops it for good.
    pub async fn stop(self) {
        within("the server's shutdown", self.running.shutdown()).await;
    }

    /// A proxy before it, healthy at first.
    pub async fn proxy(&self) -> Proxy {
        Proxy::before(self.addr()).await
    }

    /// A scripted person with an account here.
    pub async fn person(&self, name: &str) -> Person {
        Person::register(&self.url(), name).await
    }

    /// An engine with an account here, signed in and synced.
    pub async fn engine(&self, name: &str) -> Resident {
        Resident::register(&self.url(), name).await
    }
}

impl Resident {
    /// An engine with a new account on any homeserver (or through a [`Proxy`]), signed in and synced.
    pub async fn register(homeserver: &str, name: &str) -> Self {
        Self::enter(homeserver, name, SignInMode::Register).await
    }

    /// As [`Resident::register`], with an account that exists: another device.
    pub async fn login(homeserver: &str, name: &str) -> Self {
        Self::enter(homeserver, name, SignInMode::Login).await
    }

    async fn enter(homeserver: &str, name: &str, mode: SignInMode) -> Self {
        let resident = Self::empty().await;
        let signed_in = resident.engine.sign_in(homeserver, name, PASSWORD, mode);
        within("signing in", signed_in)
            .await
            .unwrap_or_else(|error| panic!("{name} cannot sign in: {error}"));
        resident.is_online().await;
        resident
    }

    /// An engine on an empty folder, nobody signed in.
    pub async fn empty() -> Self {
        ready();
        let folder = tempfile::tempdir().expect("a temporary folder");
        let engine = open(folder.path()).await;
        Self { engine, folder }
    }

    /// Its data folder.
    pub fn data(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// The user id signed in.
    pub fn user_id(&self) -> String {
        self.engine.account().expect("someone is signed in").user_id
    }

    /// Waits until the link to the homeserver is up.
    pub async fn is_online(&self) {
        let online = |link: &Connection| matches!(link, Connection::Online);
        wait_until(&mut self.engine.connection(), "the engine is online", online).await;
    }

    /// Waits until the link to the homeserver is known to be down; returns the reason given.
    pub async fn is_offline(&self) -> String {
        let offline = |link: &Connection| matches!(link, Connection::Offline { .. });
        match wait_until(&mut self.engine.connection(), "the engine is offline", offline).await {
            Connection::Offline { reason, .. } => reason,
            other => unreachable!("{other:?} is not offline"),
        }
    }

    /// Closes the engine in order and opens the same folder again.
    pub async fn reopen(self) -> Self {
        let Self { engine, folder } = self;
        within("the engine's end", engine.close()).await;
        Self { engine: open(folder.path()).await, folder }
    }

    /// Makes the conversation with someone and has them accept it: from here on both are each other's contacts.
    pub async fn talks_to(&self, other: &Resident) -> Conversation {
        let mut changes = other.changes();
        let mine = within("a room is made", self.open_conversation(&other.user_id())).await;
        let mine = mine.unwrap_or_else(|error| panic!("no conversation: {error}"));
        let me = self.user_id();
        wait_for(&mut changes, "the invitation arrives", |change| match change {
            Change::Invite { sender, .. } if *sender == me => Some(()),
            _ => None,
        })
        .await;
        let accepted = within("the invitation is accepted", other.open_conversation(&me)).await;
        accepted.unwrap_or_else(|error| panic!("the invitation is not accepted: {error}"));
        mine
    }
}

impl Deref for Resident {
    type Target = Engine;

    fn deref(&self) -> &Engine {
        &self.engine
    }
}

async fn launch(config: &Config) -> hark_server::Server {
    let started = within("the server's start", hark_server::Server::start(config.clone())).await;
    started.unwrap_or_else(|error| panic!("the server does not start: {error}"))
}

async fn open(folder: &Path) -> Engine {
    let options = Options::new(folder).key(KeyPolicy::File);
    let opened = within("the store opens", Engine::open(options)).await;
    opened.unwrap_or_else(|error| panic!("the engine does not open: {error}"))
}

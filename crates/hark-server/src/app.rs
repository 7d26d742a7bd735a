//! What a request handler can reach. A handler takes from it what it uses; nothing in here reaches back into it.

use ruma::OwnedServerName;
use tokio_util::sync::CancellationToken;

use crate::{
    Config,
    accounts::Accounts,
    http::limits::Limits,
    media::Media,
    metrics::Metrics,
    previews::Previews,
    push::Bell,
    rooms::{Rooms, Signer},
    store::Store,
    sync::Sync,
};

/// One running server, without its listener.
pub(crate) struct App {
    /// The database.
    pub(crate) store: Store,
    /// Accounts and sessions.
    pub(crate) accounts: Accounts,
    /// Files.
    pub(crate) media: Media,
    /// What links lead to, where the server was told to look.
    pub(crate) previews: Option<Previews>,
    /// Rooms and their events.
    pub(crate) rooms: Rooms,
    /// What clients have not seen yet.
    pub(crate) sync: Sync,
    /// What it counts of its work.
    pub(crate) metrics: Metrics,
    /// Rung when a pusher was set or removed.
    pub(crate) bell: Bell,
    /// How often one may ask.
    pub(crate) limits: Limits,
    /// The part of ids behind the colon.
    pub(crate) server_name: OwnedServerName,
    /// What the server was told.
    pub(crate) config: Config,
    /// Cancelled when the server goes down: long polls answer at once.
    pub(crate) shutdown: CancellationToken,
    /// Cancelled when somebody asks over the admin socket that the server ends.
    pub(crate) asked_to_end: CancellationToken,
}

impl App {
    /// Over an open database and its files, for the server in whose name `signer` signs.
    pub(crate) fn new(
        store: Store,
        media: Media,
        previews: Option<Previews>,
        signer: Signer,
        config: Config,
    ) -> Self {
        let server_name = signer.server_name().clone();
        let shutdown = CancellationToken::new();
        let metrics = Metrics::default();
        Self {
            accounts: Accounts::new(store.clone(), server_name.clone(), config.token_lifetime),
            rooms: Rooms::new(store.clone(), signer),
            sync: Sync::new(store.clone(), &metrics, config.presence, shutdown.clone()),
            metrics,
            bell: Bell::default(),
            limits: Limits::new(config.rate_limits),
            shutdown,
            asked_to_end: CancellationToken::new(),
            store,
            media,
            previews,
            server_name,
            config,
        }
    }
}

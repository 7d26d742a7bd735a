//! What a request handler can reach. A handler takes from it what it uses; nothing in here reaches back into it.

use ruma::OwnedServerName;
use tokio_util::sync::CancellationToken;

use crate::{Config, accounts::Accounts, api::Presences, http::limits::Limits, media::Media, store::Store};

/// One running server, without its listener.
pub(crate) struct App {
    /// The database.
    pub(crate) store: Store,
    /// Accounts and sessions.
    pub(crate) accounts: Accounts,
    /// Files.
    pub(crate) media: Media,
    /// How often one may ask.
    pub(crate) limits: Limits,
    /// What users say of themselves.
    pub(crate) presences: Presences,
    /// The part of ids behind the colon.
    pub(crate) server_name: OwnedServerName,
    /// What the server was told.
    pub(crate) config: Config,
    /// Cancelled when the server goes down: long polls answer at once.
    pub(crate) shutdown: CancellationToken,
}

impl App {
    /// Over an open database and its files.
    pub(crate) fn new(store: Store, media: Media, server_name: OwnedServerName, config: Config) -> Self {
        Self {
            accounts: Accounts::new(store.clone(), server_name.clone()),
            limits: Limits::new(config.rate_limits),
            presences: Presences::default(),
            shutdown: CancellationToken::new(),
            store,
            media,
            server_name,
            config,
        }
    }
}

//! What a server is told when it starts.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

/// Who may make an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Registration {
    /// Anybody who reaches the server.
    Open,
    /// Whoever has a registration token.
    Token,
    /// Nobody by themselves; accounts are added by `hark-server user add`.
    #[default]
    Closed,
}

/// The settings of one server.
#[derive(Clone, Debug)]
pub struct Config {
    /// The folder that holds everything the server keeps. Made if it does not exist; one server at a time.
    pub data_dir: PathBuf,
    /// Where to listen. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// The part of ids behind the colon. Chosen once: by default a random `<word>.home.arpa`; a folder that has a name
    /// refuses another.
    pub server_name: Option<String>,
    /// Who may make an account.
    pub registration: Registration,
    /// Whether limits of requests per user and address apply.
    pub rate_limits: bool,
    /// Whether users are told who of those they share a room with is there. If not, what they say of themselves is accepted and
    /// goes nowhere.
    pub presence: bool,
    /// The largest upload, in bytes.
    pub max_upload: u64,
    /// Connections at once; further ones are answered 503. Never more than the process may hold open files.
    pub max_connections: usize,
    /// How long a client may be silent in the middle of a request or between two before its connection is cut.
    pub max_silence: Duration,
    /// Whether whoever runs it ends it together with the program that started it. Told to those who watch.
    pub tied: bool,
}

impl Config {
    /// A server on `127.0.0.1:8008` with limits on and registration closed.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            listen: SocketAddr::from(([127, 0, 0, 1], 8008)),
            server_name: None,
            registration: Registration::default(),
            rate_limits: true,
            presence: true,
            max_upload: 100 * 1024 * 1024,
            max_connections: 200_000,
            max_silence: Duration::from_secs(75),
            tied: false,
        }
    }
}

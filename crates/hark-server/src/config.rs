//! What a server is told when it starts.

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

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

/// The settings of files people send each other. How large one may be is [`Config::max_upload`].
#[derive(Clone, Debug)]
pub struct MediaConfig {
    /// Addresses a person may hold that have no file yet.
    pub max_promised: usize,
    /// How long such an address waits for its file.
    pub promise_life: Duration,
    /// How long who uploads may pause before the upload counts as broken off.
    pub upload_pause: Duration,
    /// Types that are taken, such as `image/png` or `image/*`; none means all. Encrypted files are `application/octet-stream`.
    pub accepted_types: Vec<String>,
    /// How many bytes one person may keep; `None`: as many as there is room for.
    pub max_per_user: Option<u64>,
    /// Where people who reached that learn more; by default the server's own address.
    pub limits_uri: Option<String>,
    /// Bytes of the disk that files leave free.
    pub min_free: u64,
    /// How long an upload stays that nothing ever referred to.
    pub never_used_life: Duration,
    /// How long an upload stays after the last reference to it went.
    pub unused_life: Duration,
    /// Whether links are followed to show what is behind them; `None`: not at all.
    pub url_previews: Option<UrlPreviews>,
    /// Whether the addresses of before v1.11 give files to whoever knows them. For tests of old clients only.
    pub without_token: bool,
}

impl Default for MediaConfig {
    fn default() -> Self {
        Self {
            max_promised: 100,
            promise_life: Duration::from_hours(24),
            upload_pause: Duration::from_mins(1),
            accepted_types: Vec::new(),
            max_per_user: None,
            limits_uri: None,
            min_free: 256 * 1024 * 1024,
            never_used_life: Duration::from_hours(7 * 24),
            unused_life: Duration::from_hours(24),
            url_previews: None,
            without_token: false,
        }
    }
}

/// How links are followed.
#[derive(Clone, Debug, Default)]
pub struct UrlPreviews {
    /// Addresses that are fetched from though they are not on the open Internet, such as a wiki of the house.
    pub permitted: Vec<IpAddr>,
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
    /// Where `/metrics` is served, if anywhere: a port of its own, since the other is for everybody.
    pub metrics: Option<SocketAddr>,
    /// How long an access token lives whose device can refresh it. Those of other devices live as long as the device is signed in.
    pub token_lifetime: Duration,
    /// Whether users are told who of those they share a room with is there. If not, what they say of themselves is accepted and
    /// goes nowhere.
    pub presence: bool,
    /// The largest upload, in bytes.
    pub max_upload: u64,
    /// Files people send each other.
    pub media: MediaConfig,
    /// Connections at once; further ones are answered 503. Never more than the process may hold open files.
    pub max_connections: usize,
    /// How long a client may be silent in the middle of a request or between two before its connection is cut.
    pub max_silence: Duration,
    /// Addresses of push gateways that are spoken to though they are not on the open Internet, and without TLS if asked to.
    pub push_gateways: Vec<IpAddr>,
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
            metrics: None,
            token_lifetime: Duration::from_hours(1),
            presence: true,
            max_upload: 100 * 1024 * 1024,
            media: MediaConfig::default(),
            max_connections: 200_000,
            max_silence: Duration::from_secs(75),
            push_gateways: Vec::new(),
            tied: false,
        }
    }
}

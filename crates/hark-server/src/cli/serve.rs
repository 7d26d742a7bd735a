//! `hark-server serve`: in a terminal, under a supervisor, or in the background.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
};

use clap::{Args, ValueEnum};
use hark_server::{Config, EndSignal, Registration, Server, StartError, Started, UrlPreviews};

use super::{log, say};

/// How the server runs.
#[derive(Args)]
pub(crate) struct Serve {
    /// The folder that holds everything the server keeps; made if it does not exist.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Where to listen; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8008")]
    listen: SocketAddr,
    /// The part of ids behind the colon. Chosen once, at the first start; by default a random <word>.home.arpa.
    #[arg(long, value_name = "NAME")]
    server_name: Option<String>,
    /// Who may make an account: anybody, whoever has a token, or nobody but `hark-server user add`.
    #[arg(long, value_enum, default_value_t)]
    registration: Registration,
    /// Whether requests per user and address are limited.
    #[arg(long, value_enum, default_value_t = Switch::On)]
    rate_limits: Switch,
    /// Whether users see who of those they share a room with is online.
    #[arg(long, value_enum, default_value_t = Switch::On)]
    presence: Switch,
    #[command(flatten)]
    files: Files,
    /// A push gateway that is spoken to though its address is not on the open Internet, and without TLS if asked to. May
    /// be given more than once.
    #[arg(long = "push-gateway", value_name = "ADDRESS")]
    push_gateways: Vec<IpAddr>,
    /// Where to serve /metrics for Prometheus, such as 127.0.0.1:9008; nowhere if not given.
    #[arg(long, value_name = "ADDRESS:PORT")]
    metrics: Option<SocketAddr>,
    /// The form of the log. RUST_LOG chooses how much is logged: error, warn, info, debug, trace.
    #[arg(long, value_enum, default_value_t)]
    log_format: log::Format,
    /// For a program that starts the server and leaves it running: the log goes to DIR/server.log, standard output gets
    /// one line of JSON about how the start went, and the end of the terminal changes nothing.
    #[arg(long)]
    background: bool,
    /// End when the standard input ends, and so with the program that holds its other side.
    #[arg(long)]
    until_input_ends: bool,
}

/// What the server does with files.
#[derive(Args)]
struct Files {
    /// The largest file people may send, in megabytes.
    #[arg(long, value_name = "MB", default_value_t = 100)]
    max_upload: u64,
    /// How many megabytes of files one person may keep; without it, as many as there is room for.
    #[arg(long, value_name = "MB")]
    max_media_per_user: Option<u64>,
    /// The only types of files that are taken, such as image/*,application/octet-stream (which encrypted files are).
    #[arg(long, value_name = "TYPES", value_delimiter = ',')]
    media_types: Vec<String>,
    /// Follow links in messages to show what is behind them. The server then fetches addresses that its people choose, on the open
    /// Internet only.
    #[arg(long)]
    url_previews: bool,
}

impl Files {
    fn settle(&self, config: &mut Config) {
        const MEGABYTE: u64 = 1024 * 1024;
        config.max_upload = self.max_upload.saturating_mul(MEGABYTE);
        config.media.max_per_user = self.max_media_per_user.map(|most| most.saturating_mul(MEGABYTE));
        config.media.accepted_types.clone_from(&self.media_types);
        config.media.url_previews = self.url_previews.then(UrlPreviews::default);
    }
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Switch {
    On,
    Off,
}

impl Serve {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        hark_server::open_many_files();
        if self.background { self.unseen().await } else { self.seen().await }
    }

    fn config(&self) -> Config {
        let mut config = Config::new(&self.data);
        config.listen = self.listen;
        config.server_name.clone_from(&self.server_name);
        config.registration = self.registration;
        config.rate_limits = self.rate_limits == Switch::On;
        config.presence = self.presence == Switch::On;
        self.files.settle(&mut config);
        config.push_gateways.clone_from(&self.push_gateways);
        config.metrics = self.metrics;
        config.tied = self.until_input_ends;
        config
    }

    async fn seen(self) -> anyhow::Result<()> {
        log::to_stderr(self.log_format);
        // Whoever reads that the server is ready may ask it to end at once.
        let end = EndSignal::listen()?;
        let server = match Server::start(self.config()).await {
            Ok(server) => server,
            Err(error) => {
                if self.log_format == log::Format::Json {
                    tracing::error!("{error}");
                    return Err(Told.into());
                }
                return Err(error.into());
            }
        };
        say(&format!("hark-server is ready at {} (server name {})", server.url(), server.server_name()))?;
        if let Some(address) = server.metrics_addr() {
            say(&format!("Metrics are at http://{address}/metrics"))?;
        }
        if !server.has_users().await {
            let data = self.data.display();
            let hint = format!("Nobody has an account yet. Add one: hark-server user add NAME --data {data}");
            match self.log_format {
                log::Format::Text => eprintln!("{hint}"),
                log::Format::Json => tracing::warn!("{hint}"),
            }
        }
        until_the_end(server, end, self.until_input_ends).await;
        Ok(())
    }

    /// Serves without a terminal. How the start went is told in a form another program can read.
    async fn unseen(self) -> anyhow::Result<()> {
        let end = EndSignal::listen()?;
        hark_server::outlive_the_terminal()?;
        let logging = log::to_file(&self.data, self.log_format)
            .map_err(|reason| StartError::Folder { path: self.data.clone(), reason });
        let started = match logging {
            Ok(()) => Server::start(self.config()).await,
            Err(error) => Err(error),
        };
        // Whoever started it may have died meanwhile; others find the server by its folder.
        let _ =
            say(&serde_json::to_string(&started.as_ref().map_or_else(Started::from, |_| Started::Ready))?);
        match started {
            Ok(server) => {
                tracing::info!(url = server.url(), name = server.server_name(), "ready");
                until_the_end(server, end, self.until_input_ends).await;
                tracing::info!("ended in order");
                Ok(())
            }
            Err(error) => {
                tracing::error!("{error}");
                Err(error.into())
            }
        }
    }
}

/// The failure is in the log already.
#[derive(Debug, thiserror::Error)]
#[error("")]
pub(crate) struct Told;

async fn until_the_end(server: Server, end: EndSignal, tied: bool) {
    tokio::select! {
        () = end.received() => {}
        () = server.asked_to_end() => {}
        () = input_ends(), if tied => {}
    }
    server.shutdown().await;
}

/// Waits for the end of the standard input, on a thread the end of the process does not wait for.
async fn input_ends() {
    let (ended, heard) = tokio::sync::oneshot::channel::<()>();
    std::thread::spawn(move || {
        let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
        drop(ended);
    });
    // It is only ever dropped.
    let _ = heard.await;
}

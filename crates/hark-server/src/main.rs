//! `hark-server`: runs a homeserver on a folder, and adds people to it.

#![forbid(unsafe_code)]

use std::{
    io::{self, BufRead, IsTerminal, Write},
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Mutex,
};

use clap::{Parser, Subcommand, ValueEnum};
use hark_server::{Config, EndSignal, LogFile, Registration, Server, StartError, Started, UrlPreviews};
use tracing_subscriber::EnvFilter;

/// Hark's homeserver: one program, one folder, any Matrix client.
#[derive(Parser)]
#[command(name = "hark-server", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server until it is interrupted.
    Serve {
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
        /// Follow links in messages to show what is behind them. The server then fetches addresses that its people choose, on the
        /// open Internet only.
        #[arg(long)]
        url_previews: bool,
        /// A push gateway that is spoken to though its address is not on the open Internet, and without TLS if asked to. May
        /// be given more than once.
        #[arg(long = "push-gateway", value_name = "ADDRESS")]
        push_gateways: Vec<IpAddr>,
        /// For a program that starts the server and leaves it running: the log goes to DIR/server.log, standard output gets
        /// one line of JSON about how the start went, and the end of the terminal changes nothing.
        #[arg(long)]
        background: bool,
        /// End when the standard input ends, and so with the program that holds its other side.
        #[arg(long)]
        until_input_ends: bool,
    },
    /// Say whether a server runs on the folder, and where.
    Status {
        /// The server's folder.
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
    },
    /// End the server that runs on the folder, in order.
    Stop {
        /// The server's folder.
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
    },
    /// Copy everything the server keeps to a new folder. Works while the server runs.
    Backup {
        /// The server's folder.
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// The backup: a folder that does not exist yet. It holds the signing key, so keep it as you keep the server's folder.
        #[arg(long, value_name = "DIR")]
        to: PathBuf,
    },
    /// Make a server's folder out of a backup.
    Restore {
        /// The backup.
        #[arg(long, value_name = "DIR")]
        from: PathBuf,
        /// The new folder of the server: empty, or not there yet.
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
    },
    /// Look whether a server's folder or a backup is whole. Works while the server runs, and changes nothing.
    Check {
        /// The folder.
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
    },
    /// People of this server.
    User {
        #[command(subcommand)]
        command: UserCommand,
    },
    /// Tokens for `--registration token`.
    Token {
        #[command(subcommand)]
        command: TokenCommand,
    },
}

#[derive(Subcommand)]
enum UserCommand {
    /// Add an account; the password is read from standard input. Works while the server runs.
    Add {
        /// The part of the id before the colon.
        name: String,
        /// The server's folder.
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// Let this user administer the server.
        #[arg(long)]
        admin: bool,
    },
}

#[derive(Subcommand)]
enum TokenCommand {
    /// Make a token and print it. Works while the server runs.
    Add {
        /// The server's folder.
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// How many accounts it makes; without end if not given.
        #[arg(long, value_name = "N")]
        uses: Option<u32>,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Switch {
    On,
    Off,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if !matches!(arguments.command, Command::Serve { background: true, .. }) {
        log_to_stderr();
    }
    let done = match arguments.command {
        Command::Serve {
            data,
            listen,
            server_name,
            registration,
            rate_limits,
            url_previews,
            push_gateways,
            background,
            until_input_ends,
        } => {
            let mut config = Config::new(data);
            config.listen = listen;
            config.server_name = server_name;
            config.registration = registration;
            config.rate_limits = rate_limits == Switch::On;
            config.media.url_previews = url_previews.then(UrlPreviews::default);
            config.push_gateways = push_gateways;
            config.tied = until_input_ends;
            hark_server::open_many_files();
            if background { serve_unseen(config).await } else { serve(config).await }
        }
        Command::Status { data } => status(&data).await,
        Command::Stop { data } => stop(&data).await,
        Command::Backup { data, to } => back_up(&data, &to),
        Command::Restore { from, data } => restore(&from, &data),
        Command::Check { data } => check(&data),
        Command::User { command: UserCommand::Add { name, data, admin } } => {
            add_user(&data, &name, admin).await
        }
        Command::Token { command: TokenCommand::Add { data, uses } } => add_token(&data, uses).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Where standard error is gone there is nobody to tell.
            let _ = writeln!(io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

/// `RUST_LOG` chooses what is logged; by default warnings and errors.
fn chosen_by_rust_log(usual: &str) -> EnvFilter {
    EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(usual))
}

fn log_to_stderr() {
    tracing_subscriber::fmt()
        .with_env_filter(chosen_by_rust_log("warn"))
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .init();
}

/// What standard error would have been told, panics included, goes into the data folder.
fn log_to_file(data: &Path) -> io::Result<()> {
    let log = LogFile::open(data)?;
    tracing_subscriber::fmt()
        .with_env_filter(chosen_by_rust_log("warn,hark_server=info"))
        .with_writer(Mutex::new(log))
        .with_ansi(false)
        .init();
    std::panic::set_hook(Box::new(|panic| tracing::error!("{panic}")));
    Ok(())
}

async fn serve(config: Config) -> anyhow::Result<()> {
    let data = config.data_dir.clone();
    let tied = config.tied;
    // Whoever reads that the server is ready may ask it to end at once.
    let end = EndSignal::listen()?;
    let server = Server::start(config).await?;
    say(&format!("hark-server is ready at {} (server name {})", server.url(), server.server_name()))?;
    if !server.has_users().await {
        eprintln!("Nobody has an account yet. Add one: hark-server user add NAME --data {}", data.display());
    }
    until_the_end(server, end, tied).await;
    Ok(())
}

/// Serves without a terminal. How the start went is told in a form another program can read.
async fn serve_unseen(config: Config) -> anyhow::Result<()> {
    let tied = config.tied;
    let end = EndSignal::listen()?;
    hark_server::outlive_the_terminal()?;
    let logging = log_to_file(&config.data_dir)
        .map_err(|reason| StartError::Folder { path: config.data_dir.clone(), reason });
    let started = match logging {
        Ok(()) => Server::start(config).await,
        Err(error) => Err(error),
    };
    // Whoever started it may have died meanwhile; others find the server by its folder.
    let _ = say(&serde_json::to_string(&started.as_ref().map_or_else(Started::from, |_| Started::Ready))?);
    match started {
        Ok(server) => {
            tracing::info!(url = server.url(), name = server.server_name(), "ready");
            until_the_end(server, end, tied).await;
            tracing::info!("ended in order");
            Ok(())
        }
        Err(error) => {
            tracing::error!("{error}");
            Err(error.into())
        }
    }
}

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

async fn status(data: &Path) -> anyhow::Result<()> {
    match hark_server::watch(data).await? {
        Some(watch) => say(&watch.running().to_string()),
        None => anyhow::bail!(
            "No hark-server runs on {}. Start one: hark-server serve --data {0}",
            data.display()
        ),
    }
}

async fn stop(data: &Path) -> anyhow::Result<()> {
    let stopped = hark_server::stop(data).await?;
    say(if stopped { "hark-server has ended." } else { "No hark-server runs there." })
}

fn back_up(data: &Path, to: &Path) -> anyhow::Result<()> {
    hark_server::backup(data, to)?;
    say(&format!("{} is a whole backup. It holds the signing key: let nobody else read it.", to.display()))
}

fn restore(from: &Path, data: &Path) -> anyhow::Result<()> {
    hark_server::restore(from, data)?;
    say(&format!("{0} is restored. Start it: hark-server serve --data {0}", data.display()))
}

fn check(data: &Path) -> anyhow::Result<()> {
    let checked = hark_server::check(data)?;
    anyhow::ensure!(checked.faults.is_empty(), "{checked}");
    say(&checked.to_string())
}

async fn add_user(data: &Path, name: &str, admin: bool) -> anyhow::Result<()> {
    let password = read_password()?;
    let user_id = hark_server::add_user(data, name, &password, admin).await?;
    say(&user_id)
}

async fn add_token(data: &Path, uses: Option<u32>) -> anyhow::Result<()> {
    let token = hark_server::add_registration_token(data, uses).await?;
    say(&token)
}

fn read_password() -> anyhow::Result<String> {
    if io::stdin().is_terminal() {
        eprint!("Password (it will be seen): ");
    }
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    let password = line.trim_end_matches(['\r', '\n']);
    anyhow::ensure!(!password.is_empty(), "No password was given. Write it to the standard input.");
    Ok(password.to_owned())
}

/// One line on standard output, at once: whoever started the program waits for it.
fn say(line: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}

//! `hark-server`: runs a homeserver on a folder, and adds people to it.

#![forbid(unsafe_code)]

use std::{
    io::{self, BufRead, IsTerminal, Write},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Parser, Subcommand, ValueEnum};
use hark_server::{Config, EndSignal, Registration, Server};

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
    log_to_stderr();
    let done = match arguments.command {
        Command::Serve { data, listen, server_name, registration, rate_limits } => {
            let mut config = Config::new(data);
            config.listen = listen;
            config.server_name = server_name;
            config.registration = registration;
            config.rate_limits = rate_limits == Switch::On;
            serve(config).await
        }
        Command::User { command: UserCommand::Add { name, data, admin } } => {
            add_user(&data, &name, admin).await
        }
        Command::Token { command: TokenCommand::Add { data, uses } } => add_token(&data, uses).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// `RUST_LOG` chooses what is logged; by default warnings and errors.
fn log_to_stderr() {
    let chosen = tracing_subscriber::EnvFilter::try_from_default_env();
    let filter = chosen.unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .init();
}

async fn serve(config: Config) -> anyhow::Result<()> {
    let data = config.data_dir.clone();
    // Whoever reads that the server is ready may ask it to end at once.
    let end = EndSignal::listen()?;
    let server = Server::start(config).await?;
    say(&format!("hark-server is ready at {} (server name {})", server.url(), server.server_name()))?;
    if !server.has_users().await {
        eprintln!("Nobody has an account yet. Add one: hark-server user add NAME --data {}", data.display());
    }
    end.received().await;
    server.shutdown().await;
    Ok(())
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

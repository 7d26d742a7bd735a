//! The command line: one file per family of commands. A command is a type that clap fills and that runs itself.

mod copies;
mod log;
mod media;
mod password;
mod people;
mod place;
mod rooms;
mod running;
mod serve;
mod tokens;

use std::io::{self, Write};

use clap::{Parser, Subcommand};

pub(crate) use self::serve::Told;

/// Hark's homeserver: one program, one folder, any Matrix client.
#[derive(Parser)]
#[command(name = "hark-server", version, arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server until it is interrupted.
    Serve(serve::Serve),
    /// Say whether a server runs on the folder, and where.
    Status(running::Status),
    /// End the server that runs on the folder, in order.
    Stop(running::Stop),
    /// Copy everything the server keeps to a new folder. Works while the server runs.
    Backup(copies::Backup),
    /// Make a server's folder out of a backup.
    Restore(copies::Restore),
    /// Look whether a server's folder or a backup is whole. Works while the server runs, and changes nothing.
    Check(copies::Check),
    /// People of this server.
    #[command(subcommand)]
    User(people::User),
    /// Tokens for `--registration token`.
    #[command(subcommand)]
    Token(tokens::Token),
    /// Rooms of this server.
    #[command(subcommand)]
    Room(rooms::Room),
    /// Files of this server.
    #[command(subcommand)]
    Media(media::Media),
}

impl Arguments {
    /// Does what was asked for. An error is one sentence with a remedy.
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        if !matches!(self.command, Command::Serve(_)) {
            log::to_stderr(log::Format::Text);
        }
        match self.command {
            Command::Serve(serve) => serve.run().await,
            Command::Status(status) => status.run().await,
            Command::Stop(stop) => stop.run().await,
            Command::Backup(backup) => backup.run(),
            Command::Restore(restore) => restore.run(),
            Command::Check(check) => check.run(),
            Command::User(user) => user.run().await,
            Command::Token(token) => token.run().await,
            Command::Room(room) => room.run().await,
            Command::Media(media) => media.run().await,
        }
    }
}

/// One line on standard output, at once: whoever started the program waits for it.
fn say(line: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}

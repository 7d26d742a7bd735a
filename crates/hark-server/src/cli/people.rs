//! `hark-server user` and `token`.

use std::{
    io::{self, BufRead, IsTerminal},
    path::PathBuf,
};

use clap::Subcommand;

use super::say;

#[derive(Subcommand)]
pub(crate) enum User {
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
pub(crate) enum Token {
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

impl User {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let Self::Add { name, data, admin } = self;
        let password = read_password()?;
        let user_id = hark_server::add_user(&data, &name, &password, admin).await?;
        say(&user_id)
    }
}

impl Token {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let Self::Add { data, uses } = self;
        let token = hark_server::add_registration_token(&data, uses).await?;
        say(&token)
    }
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

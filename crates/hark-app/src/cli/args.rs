//! The command line, as typed. What it promises is in the house's design and does not change.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// A voice-first Matrix messenger.
#[derive(Parser)]
#[command(name = "hark", version, about, disable_help_subcommand = true)]
pub(super) struct Hark {
    /// The folder everything of one account lives in
    #[arg(long, global = true, value_name = "DIR")]
    pub(super) data: Option<PathBuf>,
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Subcommand)]
pub(super) enum Command {
    /// Sign in to a server, or make an account on it (password on stdin)
    Login(Login),
    /// Send words
    Send(Send),
    /// Send a sound file as a voice message
    Voice(Voice),
    /// Record with the microphone and send it as a voice message
    Record(Record),
    /// Print the room of a conversation, making it or accepting the invitation
    Dm {
        #[arg(value_parser = who)]
        who: String,
    },
    /// Print the inbox, newest first
    List {
        /// One JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Print the newest messages of a conversation, oldest first
    Read(Read),
    /// Print the messages that hold all these words, newest first
    Search(Search),
    /// Print what happens, until interrupted
    Listen {
        /// One JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Open the window in a browser on this computer
    Browser(Browser),
    /// Check what Hark needs, and say what to do
    Doctor {
        /// One JSON object a line
        #[arg(long)]
        json: bool,
    },
}

#[derive(Args)]
pub(super) struct Login {
    /// Address of the server, or its name
    #[arg(long, value_name = "URL")]
    pub(super) homeserver: String,
    /// User name or user id
    #[arg(long, value_name = "NAME")]
    pub(super) user: String,
    /// Make a new account
    #[arg(long)]
    pub(super) register: bool,
}

#[derive(Args)]
pub(super) struct Send {
    /// A user id, room id or alias
    #[arg(value_parser = who)]
    pub(super) who: String,
    /// What to say
    #[arg(value_parser = words, allow_hyphen_values = true)]
    pub(super) text: String,
    /// Return as soon as it is kept on this computer, and print the transaction id
    #[arg(long)]
    pub(super) no_wait: bool,
}

#[derive(Args)]
pub(super) struct Voice {
    /// A user id, room id or alias
    #[arg(value_parser = who)]
    pub(super) who: String,
    /// WAV, Ogg, M4A, MP3, FLAC or WebM
    pub(super) file: PathBuf,
    /// Return as soon as it is kept on this computer, and print the transaction id
    #[arg(long)]
    pub(super) no_wait: bool,
}

#[derive(Args)]
pub(super) struct Record {
    /// A user id, room id or alias
    #[arg(value_parser = who)]
    pub(super) who: String,
    /// How long to record. Ctrl-C ends it before and sends nothing; what was said is kept as a draft
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=21_600))]
    pub(super) seconds: u32,
    /// Return as soon as it is kept on this computer, and print the transaction id
    #[arg(long)]
    pub(super) no_wait: bool,
}

#[derive(Args)]
pub(super) struct Read {
    /// A user id, room id or alias
    #[arg(value_parser = who)]
    pub(super) who: String,
    /// At most this many
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(super) limit: u32,
    /// One JSON object a line
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Args)]
pub(super) struct Search {
    /// Each must occur; the last may be the beginning of a word
    #[arg(required = true, value_parser = words)]
    pub(super) words: Vec<String>,
    /// At most this many
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(super) limit: u32,
    /// One JSON object a line
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Args)]
pub(super) struct Browser {
    /// A loopback address; port 0 takes any free one
    #[arg(long, default_value = "127.0.0.1:7878", value_parser = address)]
    pub(super) listen: SocketAddr,
    /// Print the link and do not open it
    #[arg(long)]
    pub(super) no_open: bool,
    /// Skip the welcome screen: a server of its own, and a contact who answers
    #[arg(long = "try")]
    pub(super) try_it: bool,
}

/// A user id (`@name:server`), an alias (`#name:server`) or a room id (`!…`, whose newer kind names no server).
fn who(given: &str) -> Result<String, String> {
    let has_server = given.split_once(':').is_some_and(|(name, server)| name.len() > 1 && !server.is_empty());
    let is_one = match given.chars().next() {
        Some('@' | '#') => has_server,
        Some('!') => given.len() > 1,
        _ => false,
    };
    if is_one && !given.contains(char::is_whitespace) {
        return Ok(given.to_owned());
    }
    Err("give a user id such as @bob:example.org, a room id such as !abc:example.org, or an alias such as #room:example.org".to_owned())
}

fn words(given: &str) -> Result<String, String> {
    if given.trim().is_empty() { Err("there is nothing in it".to_owned()) } else { Ok(given.to_owned()) }
}

fn address(given: &str) -> Result<SocketAddr, String> {
    let numeric = given.replacen("localhost:", "127.0.0.1:", 1);
    numeric.parse().map_err(|_| "give an address and a port, such as 127.0.0.1:7878".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_sound() {
        Hark::command().debug_assert();
    }

    #[test]
    fn only_ids_and_aliases_name_somebody() {
        for good in
            ["@bob:example.org", "!abc:example.org", "!v12roomid", "#room:example.org", "@b:127.0.0.1:8008"]
        {
            assert!(who(good).is_ok(), "{good}");
        }
        for bad in ["bob", "@bob", "@:example.org", "#room", "!", "", "@bob:", "@bob:a b"] {
            assert!(who(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_message_may_begin_with_a_dash() {
        let hark = Hark::try_parse_from(["hark", "send", "@bob:here", "-- no --"]).unwrap();
        assert!(matches!(hark.command, Command::Send(send) if send.text == "-- no --"));
    }

    #[test]
    fn the_folder_may_be_named_after_the_command() {
        let hark = Hark::try_parse_from(["hark", "list", "--json", "--data", "/somewhere"]).unwrap();
        assert_eq!(hark.data, Some(PathBuf::from("/somewhere")));
    }
}

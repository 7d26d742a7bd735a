//! What is said over the socket.

use std::{fmt, io, mem, time::Duration};

use interprocess::local_socket::tokio::Stream;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader};

/// The longest line that asks.
pub(super) const LONGEST_QUESTION: u64 = 16 * 1024;
/// The longest line that answers: a page of a list, whose names are not ours.
pub(super) const LONGEST_ANSWER: u64 = 16 * 1024 * 1024;
/// How long either side waits for the other to say something, but for what a long order does.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// What can be asked.
#[derive(Deserialize, Serialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub(super) enum Order {
    AddUser {
        name: String,
        password: String,
        admin: bool,
        /// The name others see, where it is not the account's.
        #[serde(default)]
        display_name: Option<String>,
    },
    ListUsers(Page),
    DeactivateUser {
        user: String,
        /// Whether what they said is hidden from whoever comes later.
        erase: bool,
    },
    ResetPassword {
        user: String,
        password: String,
    },
    /// The text of the token, where it is not made up.
    AddRegistrationToken {
        #[serde(default)]
        token: Option<String>,
        uses: Option<u32>,
        #[serde(default)]
        expires_ms: Option<i64>,
    },
    ListRegistrationTokens(Page),
    RemoveRegistrationToken {
        token: String,
    },
    ListRooms(Page),
    PruneMedia,
    /// By its id or an alias.
    PurgeRoom {
        room: String,
    },
    /// Say what runs, then say when it begins to end, and hang up when the folder is free.
    Watch,
    /// The same, and end now.
    Stop,
}

impl Order {
    /// True if it may take longer than anybody waits for an answer. The end of the connection tells whether it goes on.
    pub(super) fn takes_long(&self) -> bool {
        matches!(self, Self::PurgeRoom { .. } | Self::PruneMedia | Self::DeactivateUser { .. })
    }
}

/// A part of a list: what comes after `after` in the order of ids.
#[derive(Deserialize, Serialize)]
pub(super) struct Page {
    pub(super) after: String,
    pub(super) limit: usize,
}

#[derive(Deserialize, Serialize)]
pub(super) struct Request {
    pub(super) key: String,
    #[serde(flatten)]
    pub(super) order: Order,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Answer {
    Done(Value),
    Refused(String),
    Running(Running),
    /// The server was asked to end, and does.
    Ending,
}

/// A server at work.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Running {
    /// Its process id.
    pub pid: u32,
    /// Its version.
    pub version: String,
    /// The part of ids behind the colon.
    pub server_name: String,
    /// Where it answers on this computer.
    pub url: String,
    /// Whether it ends with the program that started it.
    pub tied: bool,
    /// Whether nobody has an account on it, when this is told.
    pub empty: bool,
}

impl fmt::Display for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pid, version, server_name, url, .. } = self;
        write!(f, "hark-server {version} runs as process {pid} and serves {server_name} at {url}")
    }
}

/// The lines the other side says.
pub(super) struct Lines<R> {
    from: BufReader<R>,
    longest: u64,
    /// What has come of the next one.
    begun: Vec<u8>,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    pub(super) fn of(stream: R, longest: u64) -> Self {
        Self { from: BufReader::new(stream), longest, begun: Vec::new() }
    }

    /// The next line; empty where the other side has hung up. May be broken off and asked again.
    pub(super) async fn next(&mut self) -> io::Result<Vec<u8>> {
        let room = self.longest.saturating_sub(self.begun.len() as u64);
        (&mut self.from).take(room).read_until(b'\n', &mut self.begun).await?;
        Ok(mem::take(&mut self.begun))
    }
}

pub(super) async fn say(mut stream: &Stream, what: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(what)?;
    line.push(b'\n');
    stream.write_all(&line).await?;
    stream.flush().await
}

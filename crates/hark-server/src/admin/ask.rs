//! The side of whoever asks: `hark-server user add`, or a program that started the server and watches it.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use interprocess::local_socket::tokio::{Stream, prelude::*};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{
    orders::obey,
    wire::{Answer, LONGEST_ANSWER, Lines, Order, PATIENCE, Request, Running, say},
};
use crate::{AdminError, Config, StartError, clock, folder::Folder, platform, server};

/// How long a server may take to end: requests under way, then the database.
const ENDS_WITHIN: Duration = Duration::from_secs(20);

/// Adds an account to the server on `data_dir`, running or not, and returns its full id.
pub async fn add_user(
    data_dir: &Path,
    name: &str,
    password: &str,
    admin: bool,
) -> Result<String, AdminError> {
    let (name, password) = (name.to_owned(), password.to_owned());
    carry_out(data_dir, Order::AddUser { name, password, admin, display_name: None }).await
}

/// As [`add_user`], with the name others see.
pub async fn add_named_user(
    data_dir: &Path,
    name: &str,
    password: &str,
    display_name: &str,
) -> Result<String, AdminError> {
    let (name, password) = (name.to_owned(), password.to_owned());
    let display_name = Some(display_name.to_owned());
    carry_out(data_dir, Order::AddUser { name, password, admin: false, display_name }).await
}

/// Makes a registration token on the server on `data_dir`, running or not. `None`: it may be used without end.
pub async fn add_registration_token(data_dir: &Path, uses: Option<u32>) -> Result<String, AdminError> {
    carry_out(data_dir, Order::AddRegistrationToken { token: None, uses, expires_ms: None }).await
}

/// The server that runs on `data_dir`, and its end; `None` where none runs.
pub async fn watch(data_dir: &Path) -> Result<Option<Watch>, AdminError> {
    Watch::begin(data_dir, Order::Watch).await
}

/// Asks the server on `data_dir` to end in order and waits until it has; false where none runs.
pub async fn stop(data_dir: &Path) -> Result<bool, AdminError> {
    let Some(mut watch) = Watch::begin(data_dir, Order::Stop).await? else { return Ok(false) };
    let pid = watch.running.pid;
    match tokio::time::timeout(ENDS_WITHIN, watch.ended()).await {
        Ok(_) => Ok(true),
        Err(_) => Err(AdminError(format!(
            "The server does not end. End its process {pid} by hand; nothing that was acknowledged is lost."
        ))),
    }
}

/// A running server that is watched. Dropping it leaves the server alone.
pub struct Watch {
    running: Running,
    lines: Lines<Stream>,
    /// Whether it has begun to end in order.
    ending: bool,
}

impl Watch {
    /// What runs.
    pub fn running(&self) -> &Running {
        &self.running
    }

    /// Waits until the server has ended and its folder is free: true where it was asked to, false where it died.
    /// May be broken off and asked again.
    pub async fn ended(&mut self) -> bool {
        if !self.ending {
            let line = self.lines.next().await.unwrap_or_default();
            self.ending = matches!(serde_json::from_slice(&line), Ok(Answer::Ending));
        }
        if self.ending {
            // What follows is the end of the connection.
            let _ = self.lines.next().await;
        }
        self.ending
    }

    async fn begin(data_dir: &Path, order: Order) -> Result<Option<Self>, AdminError> {
        let Ok(folder) = fs::canonicalize(data_dir) else { return Ok(None) };
        // Nobody listens where no server runs: what a dead one left behind refuses the connection.
        let Ok(stream) = connect(&folder).await else { return Ok(None) };
        let exchange = async {
            say(&stream, &request(&folder, order)?).await?;
            let mut lines = Lines::of(stream, LONGEST_ANSWER);
            Ok::<_, io::Error>((lines.next().await?, lines))
        };
        let (line, lines) = match tokio::time::timeout(PATIENCE, exchange).await {
            Ok(Ok(answer)) => answer,
            // It died, or ended, while it was asked.
            Ok(Err(_)) => return Ok(None),
            Err(_) => return Err(silent(&folder, &io::ErrorKind::TimedOut.into())),
        };
        match serde_json::from_slice(&line) {
            Ok(Answer::Running(running)) => Ok(Some(Self { running, lines, ending: false })),
            Ok(Answer::Refused(why)) => Err(AdminError(why)),
            Ok(Answer::Done(_) | Answer::Ending) | Err(_) => Ok(None),
        }
    }
}

/// By ourselves where nobody holds the folder, else by whoever does.
pub(super) async fn carry_out<T: DeserializeOwned>(data_dir: &Path, order: Order) -> Result<T, AdminError> {
    let done = match Folder::take(data_dir) {
        Ok(folder) => {
            let plain = |error: StartError| AdminError(error.to_string());
            let app = server::open(&folder, Config::new(data_dir)).await.map_err(plain)?;
            let done = obey(&app, order).await;
            app.store.close().await;
            done?
        }
        Err(StartError::FolderInUse { path }) => hand_over(path, order).await?,
        Err(other) => return Err(AdminError(other.to_string())),
    };
    serde_json::from_value(done)
        .map_err(|error| AdminError(format!("The answer is not understood: {error}.")))
}

/// Hands the order to the process that holds the folder.
async fn hand_over(folder: PathBuf, order: Order) -> Result<Value, AdminError> {
    let takes_long = order.takes_long();
    let exchange = async {
        let stream = connect_patiently(&folder).await?;
        say(&stream, &request(&folder, order)?).await?;
        let answer = Lines::of(&stream, LONGEST_ANSWER).next().await?;
        Ok::<Answer, io::Error>(serde_json::from_slice(&answer)?)
    };
    let answer = if takes_long {
        exchange.await
    } else {
        let answer = tokio::time::timeout(2 * PATIENCE, exchange).await;
        answer.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    };
    match answer {
        Ok(Answer::Done(done)) => Ok(done),
        Ok(Answer::Refused(why)) => Err(AdminError(why)),
        Ok(Answer::Running(_) | Answer::Ending) => Err(silent(&folder, &io::ErrorKind::InvalidData.into())),
        Err(reason) => Err(silent(&folder, &reason)),
    }
}

fn request(folder: &Path, order: Order) -> io::Result<Request> {
    Ok(Request { key: fs::read_to_string(folder.join("admin.key"))?, order })
}

async fn connect(folder: &Path) -> io::Result<Stream> {
    let key = fs::read_to_string(folder.join("admin.key"))?;
    platform::socket::is_ours(folder, &key)?;
    Stream::connect(platform::socket::name(folder, &key)?).await
}

/// Connects, giving a server that is just starting time to listen.
async fn connect_patiently(folder: &Path) -> io::Result<Stream> {
    let give_up = clock::instant() + PATIENCE;
    loop {
        match connect(folder).await {
            Ok(stream) => return Ok(stream),
            Err(error) if clock::instant() >= give_up => return Err(error),
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

fn silent(folder: &Path, reason: &io::Error) -> AdminError {
    AdminError(format!(
        "The hark-server that runs on {} does not answer ({reason}). Stop it, then try again.",
        folder.display()
    ))
}

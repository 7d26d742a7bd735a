//! Running a server that is running: `hark-server user add` reaches the process that holds the data folder over a local socket.
//!
//! One JSON object on one line asks, one answers. Whoever can read `admin.key` in the data folder may ask; the key is new at
//! each start, so a socket that somebody else put in our place learns nothing that opens ours.

use std::{fs, io, path::Path, sync::Arc, time::Duration};

use interprocess::local_socket::{
    ListenerOptions,
    tokio::{Listener, Stream, prelude::*},
};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};

use crate::{AddUserError, App, Config, StartError, clock, folder::Folder, platform, random, server};

/// The longest line.
const MAX_LINE: u64 = 16 * 1024;
/// How long either side waits for the other.
const PATIENCE: Duration = Duration::from_secs(5);

/// What can be asked.
#[derive(Deserialize, Serialize)]
#[serde(tag = "op", rename_all = "snake_case")]
enum Order {
    AddUser { name: String, password: String, admin: bool },
    AddRegistrationToken { uses: Option<u32> },
}

#[derive(Deserialize, Serialize)]
struct Request {
    key: String,
    #[serde(flatten)]
    order: Order,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Done(String),
    Refused(String),
}

/// Adds an account to the server on `data_dir`, running or not, and returns its full id.
pub async fn add_user(
    data_dir: &Path,
    name: &str,
    password: &str,
    admin: bool,
) -> Result<String, AddUserError> {
    carry_out(data_dir, Order::AddUser { name: name.to_owned(), password: password.to_owned(), admin }).await
}

/// Makes a registration token on the server on `data_dir`, running or not. `None`: it may be used without end.
pub async fn add_registration_token(data_dir: &Path, uses: Option<u32>) -> Result<String, AddUserError> {
    carry_out(data_dir, Order::AddRegistrationToken { uses }).await
}

/// By ourselves where nobody holds the folder, else by whoever does.
async fn carry_out(data_dir: &Path, order: Order) -> Result<String, AddUserError> {
    match Folder::take(data_dir) {
        Ok(folder) => {
            let plain = |error: StartError| AddUserError(error.to_string());
            let app = server::open(&folder, Config::new(data_dir)).await.map_err(plain)?;
            let done = obey(&app, order).await;
            app.store.close().await;
            done
        }
        Err(StartError::FolderInUse { path }) => ask(&path, order).await,
        Err(other) => Err(AddUserError(other.to_string())),
    }
}

async fn obey(app: &App, order: Order) -> Result<String, AddUserError> {
    match order {
        Order::AddUser { name, password, admin } => server::add_user(app, &name, &password, admin).await,
        Order::AddRegistrationToken { uses } => {
            let token = random::letters(b"abcdefghijkmnpqrstuvwxyz23456789", 20);
            let stored = token.clone();
            app.store
                .write(move |tx| tx.add_registration_token(&stored, uses, clock::now_ms()))
                .await
                .map_err(|error: crate::StoreError| {
                    AddUserError(format!("The token was not stored: {error}."))
                })?;
            Ok(token)
        }
    }
}

/// Hands the order to the process that holds the folder.
async fn ask(folder: &Path, order: Order) -> Result<String, AddUserError> {
    let silent = |reason: io::Error| {
        AddUserError(format!(
            "The hark-server that runs on {} does not answer ({reason}). Stop it, then try again.",
            folder.display()
        ))
    };
    let exchange = async {
        let mut stream = connect(folder).await?;
        let request = Request { key: fs::read_to_string(folder.join("admin.key"))?, order };
        let mut line = serde_json::to_vec(&request)?;
        line.push(b'\n');
        stream.write_all(&line).await?;
        let answer = read_line(&mut stream).await?;
        Ok::<Answer, io::Error>(serde_json::from_slice(&answer)?)
    };
    let answer = tokio::time::timeout(2 * PATIENCE, exchange).await;
    match answer.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())).map_err(silent)? {
        Answer::Done(done) => Ok(done),
        Answer::Refused(why) => Err(AddUserError(why)),
    }
}

/// Connects, giving a server that is just starting time to listen.
async fn connect(folder: &Path) -> io::Result<Stream> {
    let give_up = clock::instant() + PATIENCE;
    loop {
        match Stream::connect(platform::socket_name(folder)?).await {
            Ok(stream) => return Ok(stream),
            Err(error) if clock::instant() >= give_up => return Err(error),
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

/// The listening end. Dropping it ends the socket.
pub(crate) struct Admin {
    listener: Listener,
    key: String,
}

impl Admin {
    /// Opens the socket of a folder this process holds; one left behind by a process that died is replaced.
    pub(crate) fn open(folder: &Folder) -> io::Result<Self> {
        let key = random::url_safe::<32>();
        let file = folder.path().join("admin.key");
        platform::open_private_file(&file)?;
        fs::write(&file, &key)?;
        let listener = ListenerOptions::new()
            .name(platform::socket_name(folder.path())?)
            .try_overwrite(true)
            .create_tokio()?;
        Ok(Self { listener, key })
    }

    /// Answers until the server ends.
    pub(crate) async fn serve(self, app: Arc<App>) {
        let key: Arc<str> = self.key.into();
        loop {
            let accepted = tokio::select! {
                () = app.shutdown.cancelled() => return,
                accepted = self.listener.accept() => accepted,
            };
            match accepted {
                Ok(stream) => drop(tokio::spawn(tokio::time::timeout(
                    PATIENCE,
                    answer(stream, app.clone(), key.clone()),
                ))),
                Err(error) => {
                    tracing::warn!(%error, "the admin socket could not accept");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }
}

async fn answer(mut stream: Stream, app: Arc<App>, key: Arc<str>) -> io::Result<()> {
    let line = read_line(&mut stream).await?;
    let answer = match serde_json::from_slice::<Request>(&line) {
        Ok(request) if same(&request.key, &key) => match obey(&app, request.order).await {
            Ok(done) => Answer::Done(done),
            Err(refused) => Answer::Refused(refused.to_string()),
        },
        Ok(_) => Answer::Refused("This is not the key of this server.".to_owned()),
        Err(_) => Answer::Refused("This server does not understand that order.".to_owned()),
    };
    let mut line = serde_json::to_vec(&answer)?;
    line.push(b'\n');
    stream.write_all(&line).await
}

/// Compares without telling by time where they differ.
fn same(one: &str, other: &str) -> bool {
    one.len() == other.len() && one.bytes().zip(other.bytes()).fold(0, |differ, (a, b)| differ | (a ^ b)) == 0
}

async fn read_line(stream: &mut Stream) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    BufReader::new(stream.take(MAX_LINE)).read_until(b'\n', &mut line).await?;
    Ok(line)
}

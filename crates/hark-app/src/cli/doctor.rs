//! `hark doctor`: what Hark needs, whether it is there, and what to do.

use std::path::Path;
use std::time::Duration;

use hark_client::KeyStorage;
use hark_client::model::Connection;
use serde_json::json;
use tokio::sync::mpsc;

use super::{Output, show};
use crate::api::{ApiError, ErrorCode, Hosting, HostingState};
use crate::app::App;

/// How long the server may take to answer.
const SERVER_ANSWERS_WITHIN: Duration = Duration::from_secs(10);

/// Free space below which Hark warns, and below which it can hardly keep anything.
const LITTLE_SPACE: u64 = 500 << 20;
const NO_SPACE: u64 = 20 << 20;

/// One thing that was looked at.
pub(super) struct Check {
    name: &'static str,
    state: State,
    /// What is the case and, unless all is well, what to do.
    sentence: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Ok,
    Warn,
    Fail,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

fn check(name: &'static str, state: State, sentence: impl Into<String>) -> Check {
    Check { name, state, sentence: sentence.into() }
}

/// Looks at everything through the process that owns the folder; `caller` is the process that asked.
pub(super) async fn of_app(app: &App, caller: u32) -> Vec<Check> {
    let mut checks = vec![folder(app.data_dir()), space(app.data_dir()), owner(caller), key(app), store(app)];
    checks.push(account(app));
    checks.push(server(app).await);
    checks.extend(hosting(app));
    checks.extend(outbox(app).await);
    checks.push(sound().await);
    checks.push(microphone(app).await);
    checks.push(notifications().await);
    checks
}

/// Looks at what can be seen where the folder did not open.
pub(super) fn of_closed(data: &Path, error: &ApiError) -> Vec<Check> {
    vec![folder(data), space(data), check("store", State::Fail, error.message.clone())]
}

/// Shows the findings; an error if anything fails.
pub(super) async fn report(
    checks: Vec<Check>,
    as_json: bool,
    output: &mpsc::Sender<Output>,
) -> Result<(), ApiError> {
    for Check { name, state, sentence } in &checks {
        let word = state.word();
        let line = if as_json {
            json!({ "type": "check", "name": name, "state": word, "message": sentence }).to_string()
        } else {
            format!("{word:<5} {name:<13} {sentence}")
        };
        show(output, line).await?;
    }
    match checks.iter().filter(|check| check.state == State::Fail).count() {
        0 => Ok(()),
        1 => Err(ApiError::new(
            ErrorCode::Refused,
            "One thing does not work. The line that begins with fail says what to do.",
        )),
        several => Err(ApiError::new(
            ErrorCode::Refused,
            format!("{several} things do not work. The lines that begin with fail say what to do."),
        )),
    }
}

fn folder(data: &Path) -> Check {
    check("folder", State::Ok, format!("Everything is in {}.", data.display()))
}

fn space(data: &Path) -> Check {
    match fs4::available_space(data) {
        Ok(free) if free < NO_SPACE => {
            check("space", State::Fail, format!("Only {} MB are free. Make room.", free >> 20))
        }
        Ok(free) if free < LITTLE_SPACE => {
            check("space", State::Warn, format!("Only {} MB are free. Make room soon.", free >> 20))
        }
        Ok(free) => check("space", State::Ok, format!("{} MB are free.", free >> 20)),
        Err(error) => {
            check("space", State::Warn, format!("The free space cannot be seen ({error}). Check the disk."))
        }
    }
}

fn owner(caller: u32) -> Check {
    let here = std::process::id();
    let sentence = if here == caller {
        "No other Hark is using the folder.".to_owned()
    } else {
        format!("A running Hark (process {here}) holds the folder and answers.")
    };
    check("owner", State::Ok, sentence)
}

fn key(app: &App) -> Check {
    match app.engine().key_storage() {
        KeyStorage::Keyring => {
            check("key", State::Ok, "The key of the message store is in the system keyring.")
        }
        KeyStorage::File { path, reason } => {
            let path = path.display();
            check(
                "key",
                State::Warn,
                format!(
                    "The key of the message store is in the file {path}, for you alone to read ({reason}). Where a system keyring runs before the first start, it is kept there."
                ),
            )
        }
    }
}

fn store(app: &App) -> Check {
    match app.engine().recovered_from() {
        None => check("store", State::Ok, "The message store opens."),
        Some(aside) => {
            let aside = aside.display();
            check(
                "store",
                State::Warn,
                format!(
                    "The message store was damaged and is rebuilt from the server; the old one is kept in {aside}."
                ),
            )
        }
    }
}

fn account(app: &App) -> Check {
    match app.engine().account() {
        Some(account) => check("account", State::Ok, format!("Signed in as {}.", account.user_id)),
        None => check(
            "account",
            State::Warn,
            "Nobody is signed in. Sign in: hark login --homeserver URL --user NAME",
        ),
    }
}

async fn server(app: &App) -> Check {
    let mut connection = app.engine().connection();
    let settled = connection.wait_for(|link| !matches!(link, Connection::Connecting));
    let link = match tokio::time::timeout(SERVER_ANSWERS_WITHIN, settled).await {
        Ok(Ok(link)) => link.clone(),
        Ok(Err(_)) | Err(_) => Connection::Connecting,
    };
    match link {
        Connection::Online => check("server", State::Ok, "The server answers and accepts this login."),
        Connection::SignedOut => check("server", State::Warn, "No server is known before somebody signs in."),
        Connection::Connecting => {
            check("server", State::Fail, "The server does not answer. Check your connection.")
        }
        Connection::Offline { reason, .. } | Connection::LoggedOut { reason } => {
            check("server", State::Fail, reason)
        }
    }
}

fn hosting(app: &App) -> Option<Check> {
    let hosting = app.host().hosting().borrow().clone()?;
    let Hosting { server_name, url, lasting, state, problem } = hosting;
    let (state, sentence) = match (state, problem) {
        (_, Some(sentence)) => (State::Fail, sentence),
        (HostingState::Running, None) if lasting => {
            (State::Ok, format!("This computer hosts {server_name} at {url}, also while Hark is closed."))
        }
        (HostingState::Running, None) => {
            (State::Ok, format!("This computer hosts {server_name} at {url} while Hark is open."))
        }
        (HostingState::Starting, None) => {
            (State::Fail, format!("The server {server_name} of this computer is being started."))
        }
        (HostingState::Stopped, None) => (
            State::Warn,
            format!(
                "The server {server_name} of this computer was stopped. Start it in the settings of Hark."
            ),
        ),
    };
    Some(check("hosting", state, sentence))
}

async fn outbox(app: &App) -> Option<Check> {
    let waiting: u32 = app.engine().conversations("").await.ok()?.iter().map(|row| row.waiting).sum();
    (waiting > 0).then(|| {
        let sentence =
            format!("{waiting} messages wait in the outbox; they go out by themselves while Hark runs.");
        check("outbox", State::Warn, sentence)
    })
}

async fn sound() -> Check {
    match tokio::task::spawn_blocking(hark_voice::sound_problem).await {
        Ok(None) => check("sound", State::Ok, "Voice messages can be played."),
        Ok(Some(sentence)) => check("sound", State::Warn, sentence),
        Err(error) => check("sound", State::Warn, format!("The loudspeaker cannot be looked for ({error}).")),
    }
}

async fn notifications() -> Check {
    match crate::notify::service().await {
        Ok(name) => check("notifications", State::Ok, format!("{name} shows new messages.")),
        Err(sentence) => check("notifications", State::Warn, sentence),
    }
}

async fn microphone(app: &App) -> Check {
    let settings = app.settings().borrow().clone();
    let input = settings.input.clone();
    let look = move || hark_voice::devices::microphone_problem(input.as_deref());
    match tokio::task::spawn_blocking(look).await {
        Ok(None) => {
            let which = settings
                .input_name
                .map_or_else(|| "the system's microphone".to_owned(), |name| format!("\"{name}\""));
            check("mic", State::Ok, format!("Voice messages can be recorded, with {which}."))
        }
        Ok(Some(sentence)) => check("mic", State::Warn, sentence),
        Err(error) => check("mic", State::Warn, format!("The microphone cannot be looked for ({error}).")),
    }
}

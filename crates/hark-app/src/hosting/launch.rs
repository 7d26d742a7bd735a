//! The program `hark-server`: where it lies and how it is started, as a process of its own (SV9).
//!
//! It gets nothing of ours: not the terminal, not the process group, no open file but the two pipes. One tells how the
//! start went and is closed then; the other stands only to a server that is tied to this app, which ends when the pipe
//! does, and so also when this process is killed.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use hark_server::Started;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::api::{ApiError, ErrorCode};
use crate::platform;

/// How long it may take until it serves: a database after a power cut is looked through first.
pub(super) const STARTS_WITHIN: Duration = Duration::from_secs(30);

/// What to serve.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan<'a> {
    /// The server's folder.
    pub(super) folder: &'a Path,
    /// On loopback; 0 = one the system chooses.
    pub(super) port: u16,
    /// Only for a folder that has no name yet.
    pub(super) name: Option<&'a str>,
    /// Ends with this app.
    pub(super) tied: bool,
}

/// What came of a start.
pub(super) enum Launched {
    /// It serves. Dropping it ends a tied server.
    Ready(Child),
    /// Another server has the folder, or one that died has not let go of it yet.
    FolderInUse,
}

/// Starts it and waits until it serves.
pub(super) async fn start(plan: Plan<'_>) -> Result<Launched, ApiError> {
    platform::private_folder(plan.folder).map_err(|error| {
        ApiError::new(
            ErrorCode::Refused,
            format!(
                "The server's folder {} cannot be made ({error}). Make room for it and try again.",
                plan.folder.display()
            ),
        )
    })?;
    let program = that_stays(beside_this_one()?, plan).await?;
    let mut child = command(&program, plan).spawn().map_err(|error| missing(&program, &error))?;
    let Some(stdout) = child.stdout.take() else {
        return Err(ApiError::internal("the server's output is not connected"));
    };
    let mut line = String::new();
    let mut output = BufReader::new(stdout);
    let read = tokio::time::timeout(STARTS_WITHIN, output.read_line(&mut line)).await;
    if read.is_err() {
        let killed = child.start_kill();
        tracing::error!(?killed, "the server was not ready in time and was ended");
        return Err(silent(plan.folder, "did not get ready in time"));
    }
    match serde_json::from_str(&line) {
        Ok(Started::Ready) => Ok(Launched::Ready(child)),
        Ok(Started::FolderInUse) => Ok(Launched::FolderInUse),
        Ok(Started::PortInUse { port }) => Err(ApiError::new(
            ErrorCode::Refused,
            format!("Port {port} of your server is in use by another program. Close that one and try again."),
        )),
        Ok(Started::DiskFull { sentence }) => Err(ApiError::new(ErrorCode::DiskFull, sentence)),
        Ok(Started::Failed { sentence }) => Err(ApiError::new(ErrorCode::Refused, sentence)),
        Err(_) => Err(silent(plan.folder, "ended before it was ready")),
    }
}

fn command(program: &Path, plan: Plan<'_>) -> Command {
    let mut command = Command::new(program);
    command.arg("serve").arg("--data").arg(plan.folder);
    command.args(["--listen", &format!("127.0.0.1:{}", plan.port)]);
    command.args(["--registration", "closed", "--background"]);
    if let Some(name) = plan.name {
        // One argument, so that a name that begins with a dash is a name.
        command.arg(format!("--server-name={name}"));
    }
    if plan.tied {
        command.arg("--until-input-ends");
    }
    command.stdin(if plan.tied { Stdio::piped() } else { Stdio::null() });
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    // Our folder may be on a disk that is to be taken out.
    command.current_dir(plan.folder);
    platform::detach(&mut command);
    command
}

/// `hark-server` of the same package. Cargo puts tests and benches one folder below the programs.
fn beside_this_one() -> Result<PathBuf, ApiError> {
    let me = std::env::current_exe().map_err(ApiError::internal)?;
    let folder = me.parent().unwrap_or(Path::new("."));
    let folder = if folder.ends_with("deps") { folder.parent().unwrap_or(folder) } else { folder };
    let program = folder.join(format!("hark-server{}", std::env::consts::EXE_SUFFIX));
    match program.try_exists() {
        Ok(true) => Ok(program),
        Ok(false) => Err(missing(&program, &std::io::ErrorKind::NotFound.into())),
        Err(error) => Err(missing(&program, &error)),
    }
}

/// The program where it stays: what lies in a folder that goes when we end is copied beside the server's folder.
async fn that_stays(program: PathBuf, plan: Plan<'_>) -> Result<PathBuf, ApiError> {
    if plan.tied || !platform::goes_with_us(&program) {
        return Ok(program);
    }
    let copy = plan.folder.with_file_name("server-program");
    put_copy(&program, &copy).await.map_err(|error| missing(&copy, &error))?;
    Ok(copy)
}

/// Replaced as a whole and only where it differs: the former may be at work.
async fn put_copy(program: &Path, copy: &Path) -> std::io::Result<()> {
    let bytes = tokio::fs::read(program).await?;
    if tokio::fs::read(copy).await.is_ok_and(|present| present == bytes) {
        return Ok(());
    }
    let new = copy.with_extension("new");
    tokio::fs::copy(program, &new).await?;
    tokio::fs::rename(&new, copy).await
}

fn missing(program: &Path, error: &std::io::Error) -> ApiError {
    ApiError::new(
        ErrorCode::Refused,
        format!(
            "The server program {} cannot be started ({error}). Install Hark again, or sign in to a server elsewhere.",
            program.display()
        ),
    )
}

fn silent(folder: &Path, what: &str) -> ApiError {
    ApiError::new(
        ErrorCode::Refused,
        format!("The server {what}. Try again; what it noted is in {}.", folder.join("server.log").display()),
    )
}

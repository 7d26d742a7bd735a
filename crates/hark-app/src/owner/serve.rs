//! The owner's side.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use interprocess::local_socket::ListenerOptions;
use interprocess::local_socket::tokio::{Listener, Stream};
use interprocess::local_socket::traits::tokio::Listener as _;
use subtle::ConstantTimeEq as _;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::lock::{Door, Ownership};
use super::wire::{Ask, MAX_LINE, Told};
use crate::api::ApiError;
use crate::app::App;
use crate::cli::{self, Output, Request};
use crate::platform::address;
use crate::random;

/// How long a caller may take to say what it wants.
const PATIENCE: Duration = Duration::from_secs(5);

/// Pause after a failure of the socket itself, such as too many open files.
const BREATH: Duration = Duration::from_millis(100);

/// The open door of a data folder.
pub struct Owner {
    folder: PathBuf,
    address: String,
    closing: CancellationToken,
    over: CancellationToken,
    /// Calls that come to an end by themselves, and all there are.
    finite: TaskTracker,
    calls: TaskTracker,
}

/// Opens the door: from now on other processes can hand their commands to `app`.
pub fn serve(ownership: &Ownership, app: &App) -> Result<Owner, ApiError> {
    let folder = ownership.folder().to_owned();
    let secret = random::secret()?;
    let (address, listener) = listen(&folder, &random::secret()?).map_err(|error| {
        ApiError::internal(format!("no local socket can be made for {} ({error})", folder.display()))
    })?;
    let door = Door { pid: std::process::id(), address: address.clone(), secret: secret.clone() };
    door.write(&folder).map_err(ApiError::internal)?;
    let owner = Owner {
        folder,
        address,
        closing: CancellationToken::new(),
        over: CancellationToken::new(),
        finite: TaskTracker::new(),
        calls: TaskTracker::new(),
    };
    let desk = Desk {
        app: app.clone(),
        secret: secret.into(),
        closing: owner.closing.clone(),
        over: owner.over.clone(),
        finite: owner.finite.clone(),
    };
    let (calls, closing) = (owner.calls.clone(), owner.closing.clone());
    owner.calls.spawn(async move { closing.run_until_cancelled(accept(listener, desk, calls)).await });
    Ok(owner)
}

fn listen(folder: &Path, nonce: &str) -> io::Result<(String, Listener)> {
    let address = address::choose(folder, nonce)?;
    address::clear(&address)?;
    let listener =
        ListenerOptions::new().name(address::name(&address)?).reclaim_name(false).create_tokio()?;
    address::protect(&address)?;
    Ok((address, listener))
}

impl Owner {
    /// Closes the door and the app behind it, in the order that loses nothing: no new calls; those with an end are
    /// finished; the engine stops; the endless ones pass on what it still told, and go back to their callers.
    pub async fn close(self, app: &App) {
        self.closing.cancel();
        Door::remove(&self.folder);
        self.finite.close();
        if tokio::time::timeout(cli::LONGEST_WAIT, self.finite.wait()).await.is_err() {
            tracing::warn!("a handed-over command is still not done; closing all the same");
        }
        app.close().await;
        self.over.cancel();
        self.calls.close();
        self.calls.wait().await;
        address::forget(&self.address, &self.folder);
    }
}

/// Takes calls until it is dropped.
async fn accept(listener: Listener, desk: Desk, calls: TaskTracker) {
    loop {
        match listener.accept().await {
            Ok(stream) => {
                let desk = desk.clone();
                calls.spawn(async move {
                    if let Err(error) = desk.receive(stream).await {
                        tracing::debug!(%error, "a caller went away");
                    }
                });
            }
            Err(error) => {
                tracing::warn!(%error, "cannot take a call");
                tokio::time::sleep(BREATH).await;
            }
        }
    }
}

/// What one call needs.
#[derive(Clone)]
struct Desk {
    app: App,
    secret: Arc<str>,
    closing: CancellationToken,
    over: CancellationToken,
    finite: TaskTracker,
}

impl Desk {
    async fn receive(self, stream: Stream) -> io::Result<()> {
        let (mut lines, sender) = (BufReader::new(&stream).take(MAX_LINE), &stream);
        let mut line = Vec::new();
        tokio::time::timeout(PATIENCE, lines.read_until(b'\n', &mut line))
            .await
            .map_err(io::Error::other)??;
        let ask: Ask = serde_json::from_slice(&line)?;
        if !bool::from(ask.secret.as_bytes().ct_eq(self.secret.as_bytes())) {
            return Err(io::Error::from(io::ErrorKind::PermissionDenied));
        }
        // Counted before it is looked whether the door closes: a call that got its hello is done before the app ends.
        let counted = self.finite.token();
        if self.closing.is_cancelled() {
            return Ok(());
        }
        tell(sender, &Told::Hello).await?;
        let request = ask.request;
        if matches!(request, Request::Show { .. }) && !self.app.window().is_there() {
            self.app.window().want_folder();
            return tell(sender, &Told::Over).await;
        }
        if !request.needs_its_caller() {
            return self.perform(request, sender).await;
        }
        drop(counted);
        let mut nothing = tokio::io::sink();
        let gone = tokio::io::copy(&mut lines, &mut nothing);
        let endless = request.is_endless();
        tokio::select! {
            told = self.perform(request, sender) => told,
            _ = gone => Ok(()),
            // What is endless ends by itself once the engine has told its last.
            () = self.closing.cancelled(), if !endless => tell(sender, &Told::Over).await,
        }
    }

    /// Does the request and tells its output and its outcome. A caller that goes away does not break it off.
    async fn perform(&self, request: Request, sender: &Stream) -> io::Result<()> {
        let (output, mut shown) = mpsc::channel::<Output>(256);
        let endless = request.is_endless();
        let work = async {
            let outcome = cli::perform(&self.app, request, &output, &self.over).await;
            drop(output);
            outcome
        };
        let show = async {
            let mut broken = Ok(());
            while let Some(output) = shown.recv().await {
                if broken.is_ok() {
                    broken = tell(sender, &Told::Output(output)).await;
                }
            }
            broken
        };
        let (outcome, shown) = tokio::join!(work, show);
        shown?;
        let last = match outcome {
            _ if endless && self.closing.is_cancelled() => Told::Over,
            Ok(()) => Told::Done,
            Err(error) => Told::Failed(error),
        };
        tell(sender, &last).await
    }
}

async fn tell(mut sender: &Stream, told: &Told) -> io::Result<()> {
    let mut line = serde_json::to_vec(told)?;
    line.push(b'\n');
    sender.write_all(&line).await?;
    sender.flush().await
}

//! The caller's side.

use std::io;
use std::path::Path;
use std::time::Duration;

use interprocess::local_socket::tokio::Stream;
use interprocess::local_socket::traits::tokio::Stream as _;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::sync::mpsc;

use super::lock::Door;
use super::wire::{Ask, Told};
use crate::api::ApiError;
use crate::cli::{Output, Request};
use crate::platform::address;

/// How long an owner may take until it says hello.
const PATIENCE: Duration = Duration::from_secs(5);

/// How far a request came with an owner that ended.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reached {
    /// The message it has put into the outbox, which must not be sent again.
    pub kept: Option<i64>,
    /// Up to where a listener was shown the messages of others.
    pub heard: Option<i64>,
}

/// What came of a call.
#[derive(Debug)]
pub enum Called {
    /// The owner did it, or refused.
    Finished(Result<(), ApiError>),
    /// Nobody is behind the door (yet, or any more), and nothing was begun.
    NotThere,
    /// Somebody is, and does not answer; its process id.
    NoAnswer(u32),
    /// The owner ended in the middle: take the folder over and go on.
    Over,
    /// The owner died in the middle.
    Died,
}

/// Hands `request` to the owner of `folder`. Its output comes through `output` as if it were done here; `reached`
/// says how far it came, for whoever takes it up when the owner ends.
pub async fn call(
    folder: &Path,
    request: &Request,
    output: &mpsc::Sender<Output>,
    reached: &mut Reached,
) -> Called {
    let Ok(door) = Door::read(folder) else { return Called::NotThere };
    let mut lines = match tokio::time::timeout(PATIENCE, ask(&door, request)).await {
        Ok(Ok(Some(lines))) => lines,
        // Refused, no such file, or closed before hello: the owner is gone, or another one is about to open its door.
        Ok(Ok(None) | Err(_)) => return Called::NotThere,
        Err(_) => return Called::NoAnswer(door.pid),
    };
    loop {
        let Ok(Some(line)) = lines.next_line().await else { return Called::Died };
        match serde_json::from_str(&line) {
            Ok(Told::Hello) => {}
            Ok(Told::Output(Output::Kept { key })) => reached.kept = Some(key),
            Ok(Told::Output(Output::Heard { newest })) => reached.heard = Some(newest),
            Ok(Told::Output(shown)) => {
                if output.send(shown).await.is_err() {
                    // Nobody reads it any more.
                    return Called::Finished(Ok(()));
                }
            }
            Ok(Told::Done) => return Called::Finished(Ok(())),
            Ok(Told::Failed(error)) => return Called::Finished(Err(error)),
            Ok(Told::Over) => return Called::Over,
            Err(error) => return Called::Finished(Err(ApiError::internal(error))),
        }
    }
}

/// Says what is wanted and waits for the hello; `None` where the owner hangs up instead.
async fn ask(door: &Door, request: &Request) -> io::Result<Option<Lines<BufReader<Stream>>>> {
    let stream = Stream::connect(address::name(&door.address)?).await?;
    let mut sender = &stream;
    let ask = Ask { secret: door.secret.clone(), request: request.clone() };
    let mut line = serde_json::to_vec(&ask)?;
    line.push(b'\n');
    sender.write_all(&line).await?;
    sender.flush().await?;
    // The connection stays whole for as long as the call: its end is how the owner knows that we went away.
    let mut lines = BufReader::new(stream).lines();
    Ok(match lines.next_line().await? {
        Some(line) if matches!(serde_json::from_str(&line), Ok(Told::Hello)) => Some(lines),
        _ => None,
    })
}

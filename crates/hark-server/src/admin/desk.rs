//! The server's side: one task that accepts, one for each that asks.

use std::{fs, io, sync::Arc, time::Duration};

use interprocess::local_socket::{
    ListenerOptions,
    tokio::{Listener, Stream, prelude::*},
};
use tokio_util::sync::CancellationToken;

use super::{
    orders::obey,
    wire::{Answer, LONGEST_QUESTION, Lines, Order, PATIENCE, Request, Running, say},
};
use crate::{App, folder::Folder, platform, random, server};

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
        if let Ok(former) = fs::read_to_string(&file) {
            platform::socket::forget(folder.path(), &former);
        }
        // Replaced as a whole: whoever reads it meanwhile reads the former or the new one.
        let new = file.with_extension("key.new");
        platform::open_private_file(&new)?;
        fs::write(&new, &key)?;
        fs::rename(&new, &file)?;
        let listener = ListenerOptions::new()
            .name(platform::socket::name(folder.path(), &key)?)
            .try_overwrite(true)
            .create_tokio()?;
        platform::socket::protect(folder.path(), &key)?;
        Ok(Self { listener, key })
    }

    /// Answers until the server ends. `ended` is cancelled when the folder is free again.
    pub(crate) async fn serve(self, app: Arc<App>, running: Running, ended: CancellationToken) {
        let desk = Desk { app, running: running.into(), key: self.key.into(), ended };
        loop {
            let accepted = tokio::select! {
                () = desk.app.shutdown.cancelled() => return,
                accepted = self.listener.accept() => accepted,
            };
            match accepted {
                Ok(stream) => {
                    let desk = desk.clone();
                    tokio::spawn(async move {
                        if let Err(error) = desk.answer(&stream).await {
                            tracing::debug!(%error, "whoever asked the server went away");
                        }
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "the admin socket could not accept");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }
}

/// What one answer needs.
#[derive(Clone)]
struct Desk {
    app: Arc<App>,
    running: Arc<Running>,
    key: Arc<str>,
    ended: CancellationToken,
}

impl Desk {
    async fn answer(&self, stream: &Stream) -> io::Result<()> {
        let mut lines = Lines::of(stream, LONGEST_QUESTION);
        let line = tokio::time::timeout(PATIENCE, lines.next()).await??;
        let order = match serde_json::from_slice::<Request>(&line) {
            Ok(request) if same(&request.key, &self.key) => request.order,
            Ok(_) => return refuse(stream, "This is not the key of this server.").await,
            Err(_) => return refuse(stream, "This server does not understand that order.").await,
        };
        match order {
            Order::Watch => {
                self.tell_what_runs(stream).await?;
                self.be_watched(stream, &mut lines).await
            }
            Order::Stop => {
                tracing::info!("asked to end over the admin socket");
                // Before the end begins, which does not wait for this task.
                self.tell_what_runs(stream).await?;
                self.app.asked_to_end.cancel();
                self.be_watched(stream, &mut lines).await
            }
            other => {
                let obeyed = if other.takes_long() {
                    obey(&self.app, other).await
                } else {
                    tokio::time::timeout(PATIENCE, obey(&self.app, other)).await?
                };
                match obeyed {
                    Ok(done) => say(stream, &Answer::Done(done)).await,
                    Err(refused) => refuse(stream, &refused.to_string()).await,
                }
            }
        }
    }

    async fn tell_what_runs(&self, stream: &Stream) -> io::Result<()> {
        let empty = !server::has_users(&self.app).await;
        say(stream, &Answer::Running(Running { empty, ..Running::clone(&self.running) })).await
    }

    /// Tells when the server begins to end; hangs up when the folder is free, which a process that dies does by dying.
    async fn be_watched(&self, stream: &Stream, lines: &mut Lines<&Stream>) -> io::Result<()> {
        tokio::select! {
            () = self.app.shutdown.cancelled() => {}
            _ = lines.next() => return Ok(()),
        }
        say(stream, &Answer::Ending).await?;
        self.ended.cancelled().await;
        Ok(())
    }
}

async fn refuse(stream: &Stream, why: &str) -> io::Result<()> {
    say(stream, &Answer::Refused(why.to_owned())).await
}

/// Compares without telling by time where they differ.
fn same(one: &str, other: &str) -> bool {
    one.len() == other.len() && one.bytes().zip(other.bytes()).fold(0, |differ, (a, b)| differ | (a ^ b)) == 0
}

//! The task that watches the server of this computer and owns the echo contact.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Instant;

use hark_client::model::Account;
use hark_client::{Engine, KeyPolicy, Options, SignInMode};
use tokio::sync::{mpsc, watch};

use super::echo::Echo;
use super::handle::Ask;
use super::launch::Plan;
use super::pace::Pace;
use super::record::Record;
use super::server::{HostedServer, refused};
use crate::api::{ApiError, ErrorCode, HostHere, Hosting, HostingState};
use crate::{clock, random};

/// Names tried for an account nobody chose a name for.
const TRIES: u32 = 5;

pub(super) struct Keeper {
    data_dir: PathBuf,
    /// The server's own folder.
    folder: PathBuf,
    /// Where the echo contact keeps its key: as the person does.
    key: KeyPolicy,
    server: Option<HostedServer>,
    echo: Option<Echo>,
    pace: Pace,
    /// When what should be hosted and does not run is started again.
    again_at: Option<Instant>,
    show: watch::Sender<Option<Hosting>>,
}

impl Keeper {
    pub(super) fn new(options: &Options, show: watch::Sender<Option<Hosting>>) -> Self {
        Self {
            data_dir: options.data_dir.clone(),
            folder: options.data_dir.join("server"),
            key: options.key,
            server: None,
            echo: None,
            pace: Pace::default(),
            again_at: None,
            show,
        }
    }

    pub(super) async fn work(mut self, mut asked: mpsc::Receiver<Ask>) {
        loop {
            tokio::select! {
                ask = asked.recv() => {
                    let Some(ask) = ask else { return self.close().await };
                    if self.answer(ask).await.is_break() {
                        return;
                    }
                }
                in_order = end_of(&mut self.server) => self.ended(in_order),
                () = due(self.again_at) => {
                    if let Err(error) = self.bring_up().await {
                        tracing::error!(%error, "the server of this computer could not be started");
                    }
                }
            }
        }
    }

    /// Does what is asked. Whoever asked may have gone; it is done all the same.
    async fn answer(&mut self, ask: Ask) -> ControlFlow<()> {
        let _ = match ask {
            Ask::BringUp { reply } => reply.send(self.bring_up().await).is_ok(),
            Ask::HostHere { engine, args, reply } => reply.send(self.host_here(&engine, args).await).is_ok(),
            Ask::TryIt { engine, reply } => reply.send(self.try_it(&engine).await).is_ok(),
            Ask::Start { reply } => reply.send(self.start().await).is_ok(),
            Ask::Stop { reply } => reply.send(self.stop().await).is_ok(),
            Ask::Close { reply } => {
                self.close().await;
                let _ = reply.send(());
                return ControlFlow::Break(());
            }
        };
        ControlFlow::Continue(())
    }

    /// What should be hosted and does not run is found or started.
    async fn bring_up(&mut self) -> Result<(), ApiError> {
        self.again_at = None;
        let Some(record) = Record::read(&self.data_dir).map_err(ApiError::internal)? else { return Ok(()) };
        if record.stopped {
            self.tell(&record, HostingState::Stopped, None);
            return Ok(());
        }
        let outcome = self.serve_and_echo(&record).await;
        if let Err(error) = &outcome {
            self.again_at = Some(self.pace.failed(clock::now()));
            let state = if self.server.is_some() { HostingState::Running } else { HostingState::Starting };
            self.tell(&record, state, Some(error.message.clone()));
        }
        outcome
    }

    async fn serve_and_echo(&mut self, record: &Record) -> Result<(), ApiError> {
        let url = self.serve(record, None).await?;
        if record.echo {
            self.talk_as_echo(&url).await?;
        }
        Ok(())
    }

    async fn host_here(&mut self, engine: &Engine, args: HostHere) -> Result<Account, ApiError> {
        nobody_signed_in(engine)?;
        let name = args.server_name.as_deref().map(str::trim).filter(|name| !name.is_empty());
        let former = self.former()?;
        let url = self.serve_anew(Record::for_others(former.clone()), former.clone(), name).await?;
        let user_id = match hark_server::add_user(&self.folder, args.user.trim(), &args.password, false).await
        {
            Ok(user_id) => user_id,
            Err(error) => {
                if former.is_none() {
                    self.undo().await;
                }
                return Err(refused(error));
            }
        };
        Ok(engine.sign_in(&url, &user_id, &args.password, SignInMode::Login).await?)
    }

    async fn try_it(&mut self, engine: &Engine) -> Result<Account, ApiError> {
        nobody_signed_in(engine)?;
        let former = self.former()?;
        let url = self.serve_anew(Record::to_try(former.clone()), former, None).await?;
        let echo = self.talk_as_echo(&url).await?;
        let (user_id, password) = self.new_account("me", None).await?;
        let account = engine.sign_in(&url, &user_id, &password, SignInMode::Login).await?;
        if let Err(error) = engine.open_conversation(&echo).await {
            // The account is there; the person can write to the echo contact, or to anybody, all the same.
            tracing::warn!(%error, "no conversation with the echo contact could be opened");
        }
        Ok(account)
    }

    async fn start(&mut self) -> Result<(), ApiError> {
        let record = self.former()?.ok_or_else(hosts_nothing)?;
        self.keep(&Record { stopped: false, ..record })?;
        self.bring_up().await
    }

    async fn stop(&mut self) -> Result<(), ApiError> {
        let record = Record { stopped: true, ..self.former()?.ok_or_else(hosts_nothing)? };
        self.keep(&record)?;
        self.again_at = None;
        self.end_echo().await;
        hark_server::stop(&self.folder).await.map_err(refused)?;
        self.server = None;
        self.tell(&record, HostingState::Stopped, None);
        Ok(())
    }

    /// The server has gone by itself.
    fn ended(&mut self, in_order: bool) {
        self.server = None;
        let Ok(Some(record)) = Record::read(&self.data_dir) else { return };
        if in_order {
            tracing::warn!("the server of this computer was ended from outside");
            let problem = "The server of this computer was ended by another program. Start it again.";
            self.tell(&record, HostingState::Stopped, Some(problem.to_owned()));
            return;
        }
        tracing::error!("the server of this computer died");
        self.again_at = Some(self.pace.failed(clock::now()));
        let problem = "The server of this computer ended unexpectedly and is started again. Nothing is lost.";
        self.tell(&record, HostingState::Starting, Some(problem.to_owned()));
    }

    /// Notes what is to be hosted, then serves it; where that fails, what was noted before holds again.
    async fn serve_anew(
        &mut self,
        record: Record,
        former: Option<Record>,
        name: Option<&str>,
    ) -> Result<String, ApiError> {
        self.keep(&record)?;
        let outcome = self.serve(&record, name).await;
        if outcome.is_err() {
            let restored = match &former {
                Some(former) => former.write(&self.data_dir),
                None => Record::remove(&self.data_dir),
            };
            restored.map_err(ApiError::internal)?;
        }
        outcome
    }

    /// The server as noted, found or started where it does not run; its address. Its name is chosen the first time and
    /// stays (SV8).
    async fn serve(&mut self, record: &Record, name: Option<&str>) -> Result<String, ApiError> {
        let tied = !record.is_lasting();
        if self.server.as_ref().is_some_and(|server| server.running().tied && !tied) {
            hark_server::stop(&self.folder).await.map_err(refused)?;
            self.server = None;
        }
        if self.server.is_none() {
            let plan = Plan { folder: &self.folder, port: record.port, name, tied };
            self.server = Some(HostedServer::open(plan).await?);
            self.pace.runs(clock::now());
        }
        let running = self.server.as_ref().map(HostedServer::running);
        let running = running.ok_or_else(|| ApiError::internal("no server runs"))?.clone();
        if let Some(name) = name.filter(|name| *name != running.server_name) {
            return Err(ApiError::new(
                ErrorCode::Refused,
                format!(
                    "The server of this computer is called {}, and a server's name cannot change. Leave {name} out.",
                    running.server_name
                ),
            ));
        }
        let record = noted(record, &running)?;
        self.keep(&record)?;
        self.tell(&record, HostingState::Running, None);
        Ok(running.url)
    }

    /// Takes back a server that was made a moment ago, so that it can be made under another name. One that somebody has an
    /// account on was not.
    async fn undo(&mut self) {
        match hark_server::watch(&self.folder).await {
            Ok(Some(watch)) if watch.running().empty => self.server = None,
            _ => return,
        }
        if let Err(error) = hark_server::stop(&self.folder).await {
            tracing::warn!(%error, "a server nobody uses could not be stopped");
            return;
        }
        let undone = Record::remove(&self.data_dir).and_then(|()| std::fs::remove_dir_all(&self.folder));
        if let Err(error) = undone {
            tracing::warn!(%error, "a server nobody uses could not be removed");
        }
        self.show.send_replace(None);
    }

    /// The echo contact, set to work where it is not; its user id.
    async fn talk_as_echo(&mut self, url: &str) -> Result<String, ApiError> {
        if self.echo.is_none() {
            let options = Options::new(self.data_dir.join("echo")).key(self.key).device_name("Echo");
            let new_account = async || self.new_account("echo", Some("Echo")).await;
            self.echo = Some(Echo::start(options, url, new_account).await?);
        }
        let echo = self.echo.as_ref().ok_or_else(|| ApiError::internal("no echo contact runs"))?;
        Ok(echo.user_id().to_owned())
    }

    /// An account with a free name and a password nobody needs to know: the engine keeps the login.
    async fn new_account(&self, name: &str, shown: Option<&str>) -> Result<(String, String), ApiError> {
        let password = random::secret()?;
        let mut outcome = Err(ApiError::internal("no name is free"));
        for n in 1..=TRIES {
            let name = if n == 1 { name.to_owned() } else { format!("{name}{n}") };
            let added = match shown {
                Some(shown) => hark_server::add_named_user(&self.folder, &name, &password, shown).await,
                None => hark_server::add_user(&self.folder, &name, &password, false).await,
            };
            outcome = added.map_err(refused);
            if outcome.is_ok() {
                break;
            }
        }
        outcome.map(|user_id| (user_id, password))
    }

    async fn close(&mut self) {
        self.end_echo().await;
        if self.server.take_if(|server| server.running().tied).is_some()
            && let Err(error) = hark_server::stop(&self.folder).await
        {
            tracing::error!(%error, "the server of this app could not be ended in order");
        }
    }

    async fn end_echo(&mut self) {
        if let Some(echo) = self.echo.take() {
            echo.stop().await;
        }
    }

    fn former(&self) -> Result<Option<Record>, ApiError> {
        Record::read(&self.data_dir).map_err(ApiError::internal)
    }

    fn keep(&self, record: &Record) -> Result<(), ApiError> {
        record.write(&self.data_dir).map_err(ApiError::internal)
    }

    fn tell(&self, record: &Record, state: HostingState, problem: Option<String>) {
        let url = record.url();
        let server_name = record.server_name.clone().unwrap_or_else(|| url.clone());
        let lasting = record.is_lasting();
        self.show.send_replace(Some(Hosting { server_name, url, lasting, state, problem }));
    }
}

/// Waits for the end of the server; forever where there is none.
async fn end_of(server: &mut Option<HostedServer>) -> bool {
    match server {
        Some(server) => server.ended().await,
        None => std::future::pending().await,
    }
}

async fn due(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}

/// The record with what is known of the server since it runs.
fn noted(record: &Record, running: &hark_server::Running) -> Result<Record, ApiError> {
    let port = running.url.rsplit(':').next().and_then(|port| port.parse().ok());
    let port = port.ok_or_else(|| ApiError::internal("the server's address has no port"))?;
    if record.port != 0 && record.port != port {
        return Err(ApiError::new(
            ErrorCode::Refused,
            format!(
                "The server of this computer belongs on port {} and was started on port {port} by somebody else (process {}). Stop that one and try again.",
                record.port, running.pid
            ),
        ));
    }
    Ok(Record { port, server_name: Some(running.server_name.clone()), ..record.clone() })
}

fn hosts_nothing() -> ApiError {
    ApiError::not_found("This computer hosts no server. Host one first, from the welcome screen.")
}

fn nobody_signed_in(engine: &Engine) -> Result<(), ApiError> {
    match engine.account() {
        Some(account) => Err(hark_client::Error::AlreadySignedIn(account.user_id).into()),
        None => Ok(()),
    }
}

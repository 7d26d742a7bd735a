//! The task that owns the hosted server and the echo contact.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use hark_client::model::Account;
use hark_client::{Engine, KeyPolicy, Options, SignInMode};
use hark_server::{AddUserError, Config, Registration, Server, StartError};
use tokio::sync::{mpsc, oneshot, watch};

use super::echo::Echo;
use super::record::Record;
use crate::api::{ApiError, ErrorCode, HostHere, Hosting};
use crate::random;

/// Names tried for an account nobody chose a name for.
const TRIES: u32 = 5;

/// What the task is asked.
enum Ask {
    Start { reply: oneshot::Sender<Result<(), ApiError>> },
    HostHere { engine: Engine, args: HostHere, reply: oneshot::Sender<Result<Account, ApiError>> },
    TryIt { engine: Engine, reply: oneshot::Sender<Result<Account, ApiError>> },
    Stop { reply: oneshot::Sender<()> },
}

/// Handle of what this computer hosts.
pub(crate) struct Host {
    asks: mpsc::Sender<Ask>,
    shown: watch::Receiver<Shown>,
}

/// What others see of it.
#[derive(Default)]
struct Shown {
    hosting: Option<Hosting>,
    /// Why what should be hosted is not.
    problem: Option<String>,
}

impl Host {
    /// Brings up what was hosted before. Where that fails the app opens all the same, says offline, and tries again
    /// when asked to.
    pub(crate) async fn resume(options: &Options) -> Self {
        let (asks, asked) = mpsc::channel(8);
        let (show, shown) = watch::channel(Shown::default());
        let keeper =
            Keeper { data_dir: options.data_dir.clone(), key: options.key, server: None, echo: None, show };
        tokio::spawn(keeper.work(asked));
        let host = Self { asks, shown };
        if let Err(error) = host.start_again().await {
            tracing::error!(%error, "the server of this computer could not be started");
        }
        host
    }

    /// What is hosted now.
    pub(crate) fn hosting(&self) -> Option<Hosting> {
        self.shown.borrow().hosting.clone()
    }

    /// Why what should be hosted is not, as a sentence.
    pub(crate) fn problem(&self) -> Option<String> {
        self.shown.borrow().problem.clone()
    }

    /// Starts what should be hosted and does not run.
    pub(crate) async fn start_again(&self) -> Result<(), ApiError> {
        self.ask(|reply| Ask::Start { reply }).await?
    }

    /// A server for this person and others.
    pub(crate) async fn host_here(&self, engine: &Engine, args: HostHere) -> Result<Account, ApiError> {
        self.ask(|reply| Ask::HostHere { engine: engine.clone(), args, reply }).await?
    }

    /// A server, an account and the echo contact, without a question.
    pub(crate) async fn try_it(&self, engine: &Engine) -> Result<Account, ApiError> {
        self.ask(|reply| Ask::TryIt { engine: engine.clone(), reply }).await?
    }

    /// Stops echo contact and server.
    pub(crate) async fn stop(&self) {
        if let Err(error) = self.ask(|reply| Ask::Stop { reply }).await {
            tracing::error!(%error, "the hosted server had stopped before");
        }
    }

    async fn ask<A>(&self, ask: impl FnOnce(oneshot::Sender<A>) -> Ask) -> Result<A, ApiError> {
        let (reply, answer) = oneshot::channel();
        self.asks.send(ask(reply)).await.map_err(|_| ApiError::internal("hosting has ended"))?;
        answer.await.map_err(|_| ApiError::internal("hosting broke off"))
    }
}

struct Keeper {
    data_dir: PathBuf,
    /// Where the echo contact keeps its key: as the person does.
    key: KeyPolicy,
    server: Option<Server>,
    echo: Option<Echo>,
    show: watch::Sender<Shown>,
}

impl Keeper {
    async fn work(mut self, mut asked: mpsc::Receiver<Ask>) {
        while let Some(ask) = asked.recv().await {
            // Whoever asked may have gone; it was done all the same.
            let _ = match ask {
                Ask::Start { reply } => reply.send(self.start_again().await).is_ok(),
                Ask::HostHere { engine, args, reply } => {
                    reply.send(self.host_here(&engine, args).await).is_ok()
                }
                Ask::TryIt { engine, reply } => reply.send(self.try_it(&engine).await).is_ok(),
                Ask::Stop { reply } => {
                    self.stop().await;
                    let _ = reply.send(());
                    return;
                }
            };
        }
        self.stop().await;
    }

    async fn start_again(&mut self) -> Result<(), ApiError> {
        let outcome = self.bring_up().await;
        if let Err(error) = &outcome {
            self.show.send_modify(|shown| shown.problem = Some(error.message.clone()));
        }
        outcome
    }

    async fn bring_up(&mut self) -> Result<(), ApiError> {
        let Some(record) = Record::read(&self.data_dir).map_err(ApiError::internal)? else { return Ok(()) };
        self.start_server(None).await?;
        if record.echo {
            self.start_echo().await?;
        }
        Ok(())
    }

    async fn host_here(&mut self, engine: &Engine, args: HostHere) -> Result<Account, ApiError> {
        nobody_signed_in(engine)?;
        let name = args.server_name.as_deref().map(str::trim).filter(|name| !name.is_empty());
        let url = self.start_server(name).await?.url();
        let user_id = self.add_user(args.user.trim(), &args.password).await?;
        Ok(engine.sign_in(&url, &user_id, &args.password, SignInMode::Login).await?)
    }

    async fn try_it(&mut self, engine: &Engine) -> Result<Account, ApiError> {
        nobody_signed_in(engine)?;
        let url = self.start_server(None).await?.url();
        let echo = self.start_echo().await?.user_id().to_owned();
        let (user_id, password) = self.new_account("me", None).await?;
        let account = engine.sign_in(&url, &user_id, &password, SignInMode::Login).await?;
        if let Err(error) = engine.open_conversation(&echo).await {
            // The account is there; the person can write to the echo contact, or to anybody, all the same.
            tracing::warn!(%error, "no conversation with the echo contact could be opened");
        }
        Ok(account)
    }

    /// The hosted server, started where it does not run. Its name is chosen the first time and stays (SV8).
    async fn start_server(&mut self, name: Option<&str>) -> Result<&Server, ApiError> {
        if self.server.is_none() {
            let record = Record::read(&self.data_dir).map_err(ApiError::internal)?;
            let port = record.as_ref().map_or(0, |record| record.port);
            let mut config = Config::new(self.data_dir.join("server"));
            config.listen = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
            config.server_name = name.map(str::to_owned);
            config.registration = Registration::Closed;
            let server = Server::start(config).await.map_err(cannot_host)?;
            if record.is_none() {
                let record = Record { port: server.addr().port(), echo: false };
                record.write(&self.data_dir).map_err(ApiError::internal)?;
            }
            let hosting = Hosting { server_name: server.server_name(), url: server.url() };
            self.show.send_replace(Shown { hosting: Some(hosting), problem: None });
            self.server = Some(server);
        }
        self.server.as_ref().ok_or_else(|| ApiError::internal("no server runs"))
    }

    /// The echo contact, started where it does not run.
    async fn start_echo(&mut self) -> Result<&Echo, ApiError> {
        if self.echo.is_none() {
            if let Some(record) = Record::read(&self.data_dir).map_err(ApiError::internal)? {
                Record { echo: true, ..record }.write(&self.data_dir).map_err(ApiError::internal)?;
            }
            let url = self.start_server(None).await?.url();
            let options = Options::new(self.data_dir.join("echo")).key(self.key).device_name("Echo");
            let new_account = async || self.new_account("echo", Some("Echo")).await;
            let echo = Echo::start(options, &url, new_account).await?;
            self.echo = Some(echo);
        }
        self.echo.as_ref().ok_or_else(|| ApiError::internal("no echo contact runs"))
    }

    /// An account with a free name and a password nobody needs to know: the engine keeps the login.
    async fn new_account(&self, name: &str, shown: Option<&str>) -> Result<(String, String), ApiError> {
        let password = random::secret()?;
        let mut outcome = Err(ApiError::internal("no name is free"));
        for n in 1..=TRIES {
            let name = if n == 1 { name.to_owned() } else { format!("{name}{n}") };
            outcome = self.add_user(&name, &password).await;
            if outcome.is_ok() {
                break;
            }
        }
        let user_id = outcome?;
        if let (Some(shown), Some(server)) = (shown, &self.server) {
            server.set_display_name(&user_id, shown).await.map_err(refused)?;
        }
        Ok((user_id, password))
    }

    async fn add_user(&self, name: &str, password: &str) -> Result<String, ApiError> {
        let server = self.server.as_ref().ok_or_else(|| ApiError::internal("no server runs"))?;
        server.add_user(name, password, false).await.map_err(refused)
    }

    async fn stop(&mut self) {
        if let Some(echo) = self.echo.take() {
            echo.stop().await;
        }
        if let Some(server) = self.server.take() {
            server.shutdown().await;
        }
        self.show.send_replace(Shown::default());
    }
}

fn refused(error: AddUserError) -> ApiError {
    ApiError::new(ErrorCode::Refused, error.to_string())
}

fn nobody_signed_in(engine: &Engine) -> Result<(), ApiError> {
    match engine.account() {
        Some(account) => Err(hark_client::Error::AlreadySignedIn(account.user_id).into()),
        None => Ok(()),
    }
}

fn cannot_host(error: StartError) -> ApiError {
    match error {
        StartError::PortInUse { address } => ApiError::new(
            ErrorCode::Refused,
            format!(
                "Port {} of your server is in use by another program. Close that one and try again.",
                address.port()
            ),
        ),
        StartError::DiskFull { .. } => ApiError::new(ErrorCode::DiskFull, error.to_string()),
        other => ApiError::new(ErrorCode::Refused, other.to_string()),
    }
}

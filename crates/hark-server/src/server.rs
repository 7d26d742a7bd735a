//! A server on a data folder and a port: starting it, adding people, and ending it in order.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::{
    AdminError, App, Cleared, Config, MediaError, StartError,
    accounts::{NewAccount, Secret, names},
    admin::{Admin, Running},
    api, chores,
    folder::Folder,
    http::{Bounds, serve},
    media::Media,
    metrics,
    naming::{self, Settling},
    platform,
    previews::Previews,
    push,
    rooms::Signer,
    search,
    store::StoreError,
};

/// How long requests under way may take when the server ends.
const GRACE: Duration = Duration::from_secs(5);

/// Connections to `/metrics` at once.
const METRICS_READERS: usize = 16;

/// A running homeserver.
pub struct Server {
    app: Arc<App>,
    address: SocketAddr,
    metrics: Option<SocketAddr>,
    serving: JoinHandle<()>,
    folder: Folder,
    /// Cancelled when the folder is free again.
    ended: CancellationToken,
}

impl Server {
    /// Takes the data folder, opens the database, and serves. Returns when requests are answered.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let folder = Folder::take(&config.data_dir)?;
        let app = open(&folder, config).await?;
        let listener = listen(app.config.listen)?;
        let for_metrics = app.config.metrics.map(listen_for_metrics).transpose()?;
        let address = listener
            .local_addr()
            .map_err(|reason| StartError::Listen { address: app.config.listen, reason })?;
        let admin = Admin::open(&folder)
            .map_err(|reason| StartError::Folder { path: folder.path().to_owned(), reason })?;
        let running = Running {
            pid: std::process::id(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            server_name: app.server_name.to_string(),
            url: url_of(address),
            tied: app.config.tied,
            empty: false,
        };
        let ended = CancellationToken::new();
        tokio::spawn(admin.serve(app.clone(), running, ended.clone()));
        tokio::spawn(chores::run(app.clone()));
        tokio::spawn(search::run(app.clone()));
        tokio::spawn(push::run(app.clone()));
        let bounds = Bounds { connections: app.config.max_connections, silence: app.config.max_silence };
        let metrics = for_metrics.as_ref().and_then(|listener| listener.local_addr().ok());
        if let Some(listener) = for_metrics {
            let bounds = Bounds { connections: METRICS_READERS, ..bounds };
            let pages = metrics::router(app.clone());
            tokio::spawn(serve(listener, pages, bounds, Arc::default(), app.shutdown.clone()));
        }
        let counted = app.metrics.connections.clone();
        let serving =
            tokio::spawn(serve(listener, api::router(app.clone()), bounds, counted, app.shutdown.clone()));
        Ok(Self { app, address, metrics, serving, folder, ended })
    }

    /// The address to give to a client on this computer.
    pub fn url(&self) -> String {
        url_of(self.address)
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// Where `/metrics` is, if it is served.
    pub fn metrics_addr(&self) -> Option<SocketAddr> {
        self.metrics
    }

    /// The part of ids behind the colon.
    pub fn server_name(&self) -> String {
        self.app.server_name.to_string()
    }

    /// Whether anybody has an account.
    pub async fn has_users(&self) -> bool {
        has_users(&self.app).await
    }

    /// Adds an account and returns its full id.
    pub async fn add_user(&self, name: &str, password: &str, admin: bool) -> Result<String, AdminError> {
        add_user(&self.app, name, password, admin).await
    }

    /// Clears away every upload nothing refers to, and every file no upload has.
    pub async fn prune_media(&self) -> Result<Cleared, MediaError> {
        self.app.media.prune().await.map_err(|error| MediaError(error.message().to_owned()))
    }

    /// Clears away everything somebody uploaded. Returns how many uploads there were.
    pub async fn purge_media_of(&self, user_id: &str) -> Result<usize, MediaError> {
        let user = ruma::UserId::parse(user_id).map_err(|error| MediaError(error.to_string()))?;
        let purged = self.app.media.purge_user_media(&user).await;
        purged.map_err(|error| MediaError(error.message().to_owned()))
    }

    /// Waits until somebody asks over the admin socket that the server ends.
    pub async fn asked_to_end(&self) {
        self.app.asked_to_end.cancelled().await;
    }

    /// Ends the server in order: long polls answer, requests under way finish, the database is closed, the folder is free.
    pub async fn shutdown(self) {
        self.app.shutdown.cancel();
        let abort = self.serving.abort_handle();
        if tokio::time::timeout(GRACE, self.serving).await.is_err() {
            tracing::warn!("some requests did not end in time and were cut off");
            abort.abort();
        }
        self.app.store.close().await;
        drop(self.folder);
        self.ended.cancel();
    }
}

/// The address to give to a client on this computer.
fn url_of(mut address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        let loopback: IpAddr =
            if address.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() };
        address.set_ip(loopback);
    }
    format!("http://{address}")
}

/// Opens what a data folder holds.
pub(crate) async fn open(folder: &Folder, config: Config) -> Result<Arc<App>, StartError> {
    let store = folder.open_store()?;
    let name = naming::settle(&store, config.server_name.as_deref()).await.map_err(|error| match error {
        Settling::Refused(refused) => refused,
        Settling::Store(error) => folder.explain(folder.path().join("hark.db"), error),
    })?;
    let media = Media::open(store.clone(), folder.media(), name.clone(), &config)
        .map_err(|reason| StartError::Folder { path: folder.path().to_owned(), reason })?;
    let signer = Signer::open(&folder.path().join("signing.key"), name)
        .map_err(|reason| StartError::Folder { path: folder.path().to_owned(), reason })?;
    let previews = config.media.url_previews.as_ref().map(Previews::new).transpose();
    let previews = previews.map_err(|reason| StartError::Network { reason: reason.to_string() })?;
    Ok(Arc::new(App::new(store, media, previews, signer, config)))
}

/// Adds an account, as `hark-server user add` and an embedding program do.
pub(crate) async fn add_user(
    app: &App,
    name: &str,
    password: &str,
    admin: bool,
) -> Result<String, AdminError> {
    let explain = |error: crate::http::ApiError| AdminError(error.message().to_owned());
    let user_id = names::new_user(name, app.accounts.server_name()).map_err(explain)?;
    let password = Secret::new(password.to_owned());
    let account = NewAccount { user_id: user_id.clone(), password, admin, registration_token: None };
    app.accounts.create(account).await.map_err(explain)?;
    Ok(user_id.to_string())
}

#[expect(
    clippy::redundant_closure_for_method_calls,
    reason = "the method is not general over the snapshot's lifetime"
)]
pub(crate) async fn has_users(app: &App) -> bool {
    let read = app.store.read::<_, StoreError, _>(|snap| snap.has_users());
    read.await.unwrap_or(true)
}

/// Gives a new account the name others see. For right after it was added: rooms it may be in already are not told.
pub(crate) async fn set_display_name(app: &App, user_id: &str, name: &str) -> Result<(), AdminError> {
    let user = ruma::UserId::parse(user_id).map_err(|error| AdminError(error.to_string()))?;
    let name = serde_json::Value::from(name);
    let written = app
        .store
        .write::<_, StoreError, _>(move |tx| tx.set_profile_field(&user, "displayname", Some(&name)));
    written.await.map(drop).map_err(|error| AdminError(error.to_string()))
}

fn listen_for_metrics(address: SocketAddr) -> Result<TcpListener, StartError> {
    platform::listen(address).map_err(|reason| StartError::Metrics { address, reason })
}

fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    platform::listen(address).map_err(|reason| match reason.kind() {
        io::ErrorKind::AddrInUse => StartError::PortInUse { address },
        _ => StartError::Listen { address, reason },
    })
}

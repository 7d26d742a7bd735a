//! From a folder to an engine at work.

use std::sync::{Arc, Mutex};

use tokio::sync::{Notify, broadcast, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::media::Fetching;
use super::{Engine, Inner, Running};
use crate::core::{self, Core, Session};
use crate::folder::Folder;
use crate::model::Connection;
use crate::store::{Login, LoginFile, MediaCache, Store, StoreError};
use crate::transport::Http;
use crate::{OpenError, Options, clock, directory, history, key, outbox, signals, store, sync};

/// Changes a slow listener may be behind before it must read everything again.
const BEHIND: usize = 4096;

impl Engine {
    /// Takes the folder's lock, opens the store and, where someone is signed in, resumes sync and outbox.
    pub async fn open(options: Options) -> Result<Self, OpenError> {
        // Two providers may be linked; whoever was first is as good.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let folder = Folder::take(&options.data_dir)?;
        let key = key::load(folder.path(), options.key).await?;
        let (path, bytes) = (folder.store(), key.bytes.clone());
        let logins = LoginFile::new(&folder.login(), &key.bytes);
        let login_file = logins.clone();
        let (mut opened, login) = tokio::task::spawn_blocking(move || {
            let opened = store::open(&path, &bytes, clock::now_ms())?;
            let login = login_file.load().map_err(open_error)?;
            Ok::<_, OpenError>((opened, login))
        })
        .await
        .map_err(|error| OpenError::Store(error.to_string()))??;
        let recovered_from = opened.kept_aside.take();

        let (changes, _) = broadcast::channel(BEHIND);
        let store =
            Store::start(opened, changes.clone()).map_err(|error| OpenError::Store(error.to_string()))?;
        let session = resume(&store, login.as_ref()).await?;
        let (outbox, outbox_inbox) = outbox::channel();
        let (directory, directory_inbox) = directory::channel();
        let (history, history_inbox) = history::channel();
        let (signals, signals_inbox) = signals::channel();
        let core = Arc::new(Core {
            store,
            logins,
            media: MediaCache::new(&folder.media(), &key.bytes),
            fetching: Fetching::default(),
            early: outbox::early::Early::default(),
            link: watch::Sender::new(link_of(login.as_ref())),
            login: watch::Sender::new(login),
            session: watch::Sender::new(session),
            synced: watch::Sender::new(None),
            poke: Notify::new(),
            outbox,
            directory,
            history,
            signals,
            closing: CancellationToken::new(),
        });
        let folder = Arc::new(folder);
        let tasks = vec![
            spawn(&folder, sync::run(Arc::clone(&core))),
            spawn(&folder, outbox::run(Arc::clone(&core), outbox_inbox)),
            spawn(&folder, directory::run(Arc::clone(&core), directory_inbox)),
            spawn(&folder, history::run(Arc::clone(&core), history_inbox)),
            spawn(&folder, signals::run(Arc::clone(&core), signals_inbox)),
        ];
        core.directory.wake();
        core.signals.wake();
        Ok(Self {
            inner: Arc::new(Inner {
                core,
                changes,
                device_name: options.device_name,
                key_storage: key.storage,
                recovered_from,
                running: Mutex::new(Some(Running { tasks, folder })),
            }),
        })
    }
}

/// Starts a task. The folder stays held until the last one has ended, however the engine ends.
fn spawn(folder: &Arc<Folder>, task: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
    let folder = Arc::clone(folder);
    tokio::spawn(async move {
        task.await;
        drop(folder);
    })
}

/// Makes the store this login's, also where it was rebuilt, and the session to work with.
async fn resume(store: &Store, login: Option<&Login>) -> Result<Option<Arc<Session>>, OpenError> {
    let tidy = |error: StoreError| open_error(error);
    let Some(login) = login else { return Ok(None) };
    let (me, id) = (login.account.user_id.clone(), login.id.clone());
    store
        .write(move |tx| {
            tx.begin_login(&me, &id)?;
            tx.clear_typing()
        })
        .await
        .map_err(tidy)?;
    if login.ended.is_some() {
        return Ok(None);
    }
    session_of(login)
        .map(|session| Some(Arc::new(session)))
        .map_err(|error| OpenError::Store(error.to_string()))
}

/// The session of a login.
pub(super) fn session_of(login: &Login) -> Result<Session, crate::Error> {
    Ok(Session {
        account: login.account.clone(),
        login: login.id.clone(),
        http: Http::new(&login.account.homeserver)?.with_token(&login.access_token),
    })
}

fn link_of(login: Option<&Login>) -> Connection {
    match login {
        None => Connection::SignedOut,
        Some(Login { ended: Some(reason), .. }) => core::logged_out(reason),
        Some(_) => Connection::Connecting,
    }
}

fn open_error(error: StoreError) -> OpenError {
    match error {
        StoreError::Full => OpenError::DiskFull,
        other => OpenError::Store(other.to_string()),
    }
}

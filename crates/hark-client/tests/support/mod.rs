//! A small homeserver whose faults are exact: it does what Matrix says, and on demand answers as a proxy would, breaks the
//! line after applying, or hides its echoes. What a real server does is tried in the whole-system tests.
#![allow(dead_code, unreachable_pub, reason = "each test program uses a part of it")]

mod faults;
mod world;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, Uri, header::AUTHORIZATION};
use axum::response::Response;
pub use faults::Fault;
use hark_client::model::{Connection, Message};
use hark_client::{Change, Engine, KeyPolicy, Options, SignInMode};
use tokio::sync::Notify;
use tokio::sync::broadcast::Receiver;
pub use world::World;

/// Nothing in these tests takes longer.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// A homeserver on a port of its own.
pub struct Homeserver {
    pub url: String,
    pub shared: Arc<Shared>,
    task: tokio::task::JoinHandle<()>,
}

/// What requests and tests both touch.
pub struct Shared {
    pub world: std::sync::Mutex<World>,
    pub news: Notify,
}

impl Drop for Homeserver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Homeserver {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let shared = Arc::new(Shared { world: std::sync::Mutex::new(World::default()), news: Notify::new() });
        let router = Router::new().fallback(answer).with_state(Arc::clone(&shared));
        let task = tokio::spawn(async move { axum::serve(listener, router).await.expect("served") });
        Self { url, shared, task }
    }

    /// Looks at or changes the world; whoever waits in a sync looks again.
    pub fn with<T>(&self, f: impl FnOnce(&mut World) -> T) -> T {
        let value = f(&mut self.shared.world.lock().expect("no panic before"));
        self.shared.news.notify_waiters();
        value
    }

    /// The next request whose method and path hold `what` meets this fault.
    pub fn fault(&self, what: &str, fault: Fault) {
        self.faults(what, 1, fault);
    }

    pub fn faults(&self, what: &str, times: usize, fault: Fault) {
        self.with(|world| {
            world.faults.extend((0..times).map(|_| (what.to_owned(), fault.clone())));
        });
    }

    /// Requests so far that hold all these parts.
    pub fn calls(&self, parts: &[&str]) -> usize {
        self.with(|world| {
            world.calls.iter().filter(|call| parts.iter().all(|part| call.contains(part))).count()
        })
    }

    /// Forgets the requests so far.
    pub fn forget_calls(&self) {
        self.with(|world| world.calls.clear());
    }

    /// An engine of a new person in a folder of its own.
    pub async fn person(&self, name: &str) -> Person {
        let dir = tempfile::tempdir().expect("a folder");
        let engine = open(dir.path()).await;
        let person = Person { engine, dir };
        person.engine.sign_in(&self.url, name, "secret", SignInMode::Login).await.expect("signed in");
        person.online().await;
        person
    }
}

/// Opens the engine of a folder.
pub async fn open(dir: &std::path::Path) -> Engine {
    Engine::open(Options::new(dir).key(KeyPolicy::File)).await.expect("opened")
}

/// An engine and its folder.
pub struct Person {
    pub engine: Engine,
    pub dir: tempfile::TempDir,
}

impl Person {
    pub fn id(&self) -> String {
        self.engine.account().expect("signed in").user_id
    }

    pub async fn online(&self) {
        self.link(|link| *link == Connection::Online).await;
    }

    pub async fn link(&self, wanted: impl FnMut(&Connection) -> bool) -> Connection {
        let mut link = self.engine.connection();
        let found =
            tokio::time::timeout(DEADLINE, link.wait_for(wanted)).await.expect("in time").expect("open");
        found.clone()
    }

    /// Ends the engine and opens it again, as after a restart.
    pub async fn restart(&mut self) {
        self.engine.close().await;
        self.engine = open(self.dir.path()).await;
    }

    /// Waits until a reading of the engine is as wanted.
    pub async fn until<T, F>(&self, mut look: impl FnMut(Engine) -> F) -> T
    where
        F: Future<Output = Option<T>>,
    {
        let mut changes = self.engine.changes();
        let wait = async {
            loop {
                if let Some(found) = look(self.engine.clone()).await {
                    return found;
                }
                let _ = changes.recv().await;
            }
        };
        tokio::time::timeout(DEADLINE, wait).await.expect("in time")
    }

    /// The thread with someone, oldest first.
    pub async fn thread(&self, with: &str) -> Vec<Message> {
        let id = hark_client::model::ConversationId(with.to_owned());
        self.engine.timeline(&id, None, 200).await.expect("a page").messages
    }

    /// Waits for the thread with someone to be as wanted.
    pub async fn thread_where(&self, with: &str, mut wanted: impl FnMut(&[Message]) -> bool) -> Vec<Message> {
        let id = hark_client::model::ConversationId(with.to_owned());
        let mut look = move |messages: Vec<Message>| wanted(&messages).then_some(messages);
        let mut changes = self.engine.changes();
        let wait = async {
            loop {
                let page = self.engine.timeline(&id, None, 200).await.expect("a page");
                if let Some(found) = look(page.messages) {
                    return found;
                }
                let _ = changes.recv().await;
            }
        };
        tokio::time::timeout(DEADLINE, wait).await.expect("the thread in time")
    }
}

/// Waits for a change.
pub async fn change<T>(changes: &mut Receiver<Change>, mut wanted: impl FnMut(&Change) -> Option<T>) -> T {
    let wait = async {
        loop {
            if let Ok(change) = changes.recv().await
                && let Some(found) = wanted(&change)
            {
                return found;
            }
        }
    };
    tokio::time::timeout(DEADLINE, wait).await.expect("a change in time")
}

/// The words of messages that are words.
pub fn words(messages: &[Message]) -> Vec<&str> {
    messages
        .iter()
        .filter_map(|message| match &message.content {
            hark_client::model::Content::Text { body } => Some(body.as_str()),
            _ => None,
        })
        .collect()
}

async fn answer(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let path = percent_decode(uri.path());
    let token = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .unwrap_or_default()
        .to_owned();
    let call = format!("{method} {path} {token}");
    let fault = {
        let mut world = shared.world.lock().expect("no panic before");
        world.calls.push(call.clone());
        let at = world.faults.iter().position(|(what, _)| call.contains(what.as_str()));
        at.and_then(|at| world.faults.remove(at)).map(|(_, fault)| fault)
    };
    if let Some(response) = fault.as_ref().and_then(Fault::instead) {
        return response;
    }
    if let Some(Fault::Hang) = fault {
        std::future::pending::<()>().await;
    }
    let request =
        world::Request { method, path, query: uri.query().unwrap_or_default().to_owned(), token, body };
    let response = respond(&shared, &request).await;
    match fault {
        Some(Fault::BreakAfterApplying) => faults::broken(),
        Some(Fault::HangAfterApplying) => std::future::pending().await,
        _ => response,
    }
}

/// Long polls wait for news here; everything else is answered at once.
async fn respond(shared: &Shared, request: &world::Request) -> Response {
    let wait = request.query_value("timeout").and_then(|ms| ms.parse().ok()).unwrap_or(0_u64);
    let deadline = tokio::time::sleep(Duration::from_millis(wait));
    tokio::pin!(deadline);
    let mut patient = request.path.ends_with("/sync");
    loop {
        let news = shared.news.notified();
        tokio::pin!(news);
        news.as_mut().enable();
        let outcome = shared.world.lock().expect("no panic before").handle(request, patient);
        if let Some(response) = outcome {
            if request.method != Method::GET {
                shared.news.notify_waiters();
            }
            return response;
        }
        tokio::select! {
            () = news => {}
            () = &mut deadline => patient = false,
        }
    }
}

fn percent_decode(path: &str) -> String {
    let plain = path.replace('+', "%2B");
    url::form_urlencoded::parse(format!("p={plain}").as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

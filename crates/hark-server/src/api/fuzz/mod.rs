//! Nonsense at every endpoint (SE5). Whatever comes in, the answer is JSON and not our fault: no panic, no 5xx, no request that does not
//! end, and a database that is whole afterwards.
//!
//! Two people talk to a server. Most of what they say is right (the ids are real, for they were heard from the server), so that it
//! is understood and changes something; then something is wrong in it. The seed is fixed, so that a failure is found again:
//! `HARK_FUZZ_SEED` and `HARK_FUZZ_CASES` search further, `HARK_FUZZ_SECONDS` goes on for so long.

mod case;
mod known;
mod random;
mod shapes;
mod spoil;

use std::{io::Write as _, path::Path, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, to_bytes},
};
use http::{Method, Request, StatusCode, header};
use ruma::{OwnedUserId, UserId};
use serde_json::Value;
use tower::ServiceExt;

use self::{
    case::{Case, Endpoint, Maker, Wrong},
    known::Known,
    random::Random,
};
use super::{access, router};
use crate::{App, Config, accounts::NewDevice, clock, folder::Folder, http::ApiError, server, store};

const CASES: u64 = 2_000;
/// Between two looks at whether all is still there.
const LOOK_EVERY: u64 = 1_000;
/// What takes this long does not end.
const HANGS: Duration = Duration::from_mins(1);

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// When enough was tried.
enum Until {
    Case(u64),
    Time(std::time::Instant),
}

impl Until {
    fn told() -> Self {
        match setting("HARK_FUZZ_SECONDS") {
            Some(seconds) => Self::Time(clock::instant() + Duration::from_secs(seconds)),
            None => Self::Case(setting("HARK_FUZZ_CASES").unwrap_or(CASES)),
        }
    }

    fn is_reached(&self, case: u64) -> bool {
        match self {
            Self::Case(last) => case >= *last,
            Self::Time(end) => clock::instant() >= *end,
        }
    }
}

/// What came back.
struct Answer {
    status: StatusCode,
    kind: Option<String>,
    body: bytes::Bytes,
}

impl Answer {
    fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }
}

/// Somebody with an access token, until they sign out.
struct Person {
    id: OwnedUserId,
    token: String,
}

/// A server, the people who talk to it, and what they have heard.
struct World {
    app: Arc<App>,
    router: Router,
    people: Vec<Person>,
    known: Known,
    random: Random,
    seed: u64,
}

impl World {
    async fn open(folder: &Folder, seed: u64) -> Self {
        let mut config = Config::new(folder.path());
        config.server_name = Some("test.home.arpa".to_owned());
        config.registration = crate::Registration::Open;
        config.rate_limits = false;
        let app = server::open(folder, config).await.unwrap();
        // Nothing waits for news that will not come.
        app.shutdown.cancel();
        let router = router(app.clone());
        Self { app, router, people: Vec::new(), known: Known::new(), random: Random::seeded(seed), seed }
    }

    /// Somebody new comes.
    async fn welcome(&mut self, name: &str) {
        let id = UserId::parse(server::add_user(&self.app, name, "password", false).await.unwrap()).unwrap();
        let token = self.sign_in(&id).await.unwrap();
        self.people.push(Person { id, token });
    }

    async fn sign_in(&mut self, id: &UserId) -> Result<String, ApiError> {
        let signed_in = self.app.accounts.sign_in(id, NewDevice::default()).await?;
        for (name, value) in [("user_id", id.as_str()), ("device_id", signed_in.device_id.as_str())] {
            self.known.remember(name, value, &mut self.random);
        }
        Ok(signed_in.tokens.access.reveal())
    }

    /// Whoever signed out comes back; for whoever closed their account comes somebody else.
    async fn replace(&mut self, at: usize, number: u64) {
        let id = self.people[at].id.clone();
        if let Ok(token) = self.sign_in(&id).await {
            self.people[at].token = token;
        } else {
            self.people.remove(at);
            self.welcome(&format!("newcomer{number}")).await;
        }
    }

    async fn ask(&self, case: &Case, token: &str) -> Option<Answer> {
        let bearer = format!("Bearer {token}");
        let request = Request::builder().method(case.method.clone()).uri(&case.path);
        let request = request.header(header::AUTHORIZATION, bearer).body(Body::from(case.body.clone()));
        // Not an address at all: no client can send it.
        let request = request.ok()?;
        let router = self.router.clone();
        let answered = tokio::spawn(async move {
            let response = router.oneshot(request).await.unwrap();
            let kind = response.headers().get(header::CONTENT_TYPE);
            let kind = kind.and_then(|kind| kind.to_str().ok()).map(str::to_owned);
            Answer {
                status: response.status(),
                kind,
                body: to_bytes(response.into_body(), 1 << 26).await.unwrap(),
            }
        });
        if let Ok(answer) = tokio::time::timeout(HANGS, answered).await {
            return Some(answer.expect("panics are answered"));
        }
        // What hangs may hold this test's own thread: it could neither fail nor end.
        let told = format!(
            "seed {}: no answer to {} {}\n{}\n",
            self.seed,
            case.method,
            case.path,
            shown(&case.body)
        );
        let _nobody_listens = std::io::stderr().write_all(told.as_bytes());
        std::process::abort();
    }

    /// One request of somebody, and what must hold of its answer.
    async fn step(&mut self, number: u64, endpoint: &Endpoint, wrong: Wrong) {
        let at = self.random.below(self.people.len());
        let me = self.people[at].id.clone();
        let room = self.known.room(&mut self.random);
        let case =
            Maker { known: &self.known, random: &mut self.random, me: me.as_str(), room: &room, wrong }
                .case(endpoint);
        let token = match self.random.below(40) {
            0 => String::new(),
            1 => spoil::nearly(&self.people[at].token, &mut self.random),
            _ => self.people[at].token.clone(),
        };
        let Some(answer) = self.ask(&case, token.trim()).await else { return };
        let told = || {
            let answered = shown(&answer.body);
            format!(
                "seed {}, case {number}, {me}: {} {}\n{}\n{} {answered}",
                self.seed,
                case.method,
                case.path,
                shown(&case.body),
                answer.status
            )
        };
        // A file is whatever it is; and who waits for one to arrive is told that the server goes down.
        let of_file = endpoint.row.path.contains("{media}");
        let waited = of_file && answer.status == StatusCode::SERVICE_UNAVAILABLE;
        assert!(waited || !answer.status.is_server_error(), "{}", told());
        if answer.status != StatusCode::OK || !of_file {
            assert_eq!(answer.kind.as_deref(), Some("application/json"), "{}", told());
            let json = answer.json();
            assert!(json.is_some(), "{}", told());
            self.known.hear(&json.unwrap_or_default(), &room, &mut self.random);
        }
        let unknown = || answer.json().is_some_and(|json| json["errcode"] == "M_UNKNOWN_TOKEN");
        if token == self.people[at].token && answer.status == StatusCode::UNAUTHORIZED && unknown() {
            self.replace(at, number).await;
        }
    }

    /// Everybody can still read all they have.
    async fn look(&mut self) {
        for at in 0..self.people.len() {
            let id = self.people[at].id.clone();
            // They may be signed out by now.
            let Ok(token) = self.sign_in(&id).await else { continue };
            self.people[at].token = token;
            let person = &self.people[at];
            let get = async |path: String| {
                let case = Case { method: Method::GET, path, body: Vec::new() };
                let answer = self.ask(&case, &person.token).await.unwrap();
                let told = format!("seed {}: {} {}", self.seed, case.path, shown(&answer.body));
                assert_eq!(answer.status, StatusCode::OK, "{told}");
                answer.json().expect(&told)
            };
            let sync = get("/_matrix/client/v3/sync?timeout=0".to_owned()).await;
            for room in sync["rooms"]["join"].as_object().into_iter().flat_map(|rooms| rooms.keys()) {
                get(format!("/_matrix/client/v3/rooms/{room}/messages?dir=b&limit=1000")).await;
            }
        }
    }

    /// The database by itself, when nobody has it open any more.
    async fn end(mut self, database: &Path) {
        self.look().await;
        self.app.store.close().await;
        drop(self.app);
        assert_eq!(store::audit(database).unwrap().faults, Vec::<String>::new(), "seed {}", self.seed);
    }
}

/// A body in a message about it.
fn shown(body: &[u8]) -> String {
    String::from_utf8_lossy(body).chars().take(4_000).collect()
}

/// The endpoints by what they do, not by how many addresses they have.
fn endpoints() -> Vec<Vec<Endpoint>> {
    let mut groups: Vec<Vec<Endpoint>> = Vec::new();
    for (row, path) in access::endpoints() {
        let endpoint = Endpoint { method: row.method.parse().unwrap(), path, row };
        match groups.iter_mut().find(|group| std::ptr::eq(group[0].row, row)) {
            Some(group) => group.push(endpoint),
            None => groups.push(vec![endpoint]),
        }
    }
    groups
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nonsense_at_every_endpoint_is_answered_as_nonsense() {
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder::take(dir.path()).unwrap();
    let mut world = World::open(&folder, setting("HARK_FUZZ_SEED").unwrap_or(0x5EED)).await;
    world.welcome("alice").await;
    world.welcome("bob").await;
    let endpoints = endpoints();
    let about = |part: &[&str]| {
        let fits = |group: &&Vec<Endpoint>| part.iter().any(|part| group[0].row.path.contains(part));
        endpoints.iter().filter(fits).collect::<Vec<_>>()
    };
    let everything = about(&[""]);
    // What happens in rooms is most of what there is; without coming and speaking nothing does.
    let rooms = about(&["{room}", "/createRoom", "/sync", "/search"]);
    let talk = about(&["/createRoom", "/join", "/send/{type}", "/state/{type}"]);
    let (until, mut number) = (Until::told(), 0);
    while !until.is_reached(number) {
        let kind = world.random.below(3);
        let groups = [&everything, &rooms, &talk][kind];
        let group = groups[world.random.below(groups.len())];
        let endpoint = &group[world.random.below(group.len())];
        let wrong = if kind == 2 { Wrong::Nowhere } else { Wrong::somewhere(&mut world.random) };
        world.step(number, endpoint, wrong).await;
        number += 1;
        if number % LOOK_EVERY == 0 {
            world.look().await;
        }
    }
    println!("{number} requests");
    world.end(&dir.path().join("hark.db")).await;
}

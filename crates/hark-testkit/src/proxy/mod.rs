//! A wire that misbehaves: an HTTP proxy on loopback between a client and a server.
//!
//! It forwards whole requests, so that it can count them, and so that it knows the instant a test often needs: the
//! server has done it, but the client has not heard. Rules are tried in the order given; the first that matches a
//! request decides, and one with a number of times wears out.

mod forward;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::Method;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::{ready, within};

/// What happens to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The connection breaks before the server sees the request.
    Cut,
    /// The server gets the request and answers; the connection breaks before the client hears.
    LoseAnswer,
    /// Nothing comes, until the rules change.
    Hold,
    /// It takes this much longer.
    Delay(Duration),
    /// A page of a captive portal, with this status, and no word of Matrix.
    Html(u16),
    /// A Matrix error with this status and JSON body.
    Refuse(u16, String),
}

/// A request that came by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its method.
    pub method: Method,
    /// Path and query.
    pub path: String,
}

/// The proxy. Dropping it closes every connection.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    state: Arc<State>,
    accepting: JoinHandle<()>,
}

#[derive(Debug)]
struct State {
    rules: Mutex<Rules>,
    /// Grows with every change of the rules: wakes held requests, and breaks connections when `Cut` is for all.
    epoch: watch::Sender<u64>,
    seen: watch::Sender<Vec<Seen>>,
}

#[derive(Debug)]
struct Rules {
    target: SocketAddr,
    list: VecDeque<Rule>,
}

#[derive(Debug)]
struct Rule {
    part: String,
    fault: Fault,
    times: Option<u32>,
}

impl Proxy {
    /// Stands before the server at `target`.
    pub async fn before(target: SocketAddr) -> Self {
        ready();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port on loopback");
        let address = listener.local_addr().expect("a bound socket has an address");
        let state = Arc::new(State {
            rules: Mutex::new(Rules { target, list: VecDeque::new() }),
            epoch: watch::Sender::new(0),
            seen: watch::Sender::new(Vec::new()),
        });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&state)));
        Self { address, state, accepting }
    }

    /// What to give a client as its homeserver.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The server moved.
    pub fn retarget(&self, target: SocketAddr) {
        self.state.rules().target = target;
    }

    /// Every request whose path contains `part` meets `fault`, until [`Proxy::heal`].
    pub fn fault(&self, part: &str, fault: Fault) {
        self.add(part, fault, None);
    }

    /// The next `times` requests whose path contains `part` meet `fault`.
    pub fn fault_times(&self, part: &str, fault: Fault, times: u32) {
        self.add(part, fault, Some(times));
    }

    fn add(&self, part: &str, fault: Fault, times: Option<u32>) {
        self.state.rules().list.push_back(Rule { part: part.to_owned(), fault, times });
    }

    /// Breaks every connection, and new ones as they come, until [`Proxy::heal`].
    pub fn cut(&self) {
        self.state.rules().list.push_front(Rule { part: String::new(), fault: Fault::Cut, times: None });
        self.state.changed();
    }

    /// Forgets all rules; what was held goes on.
    pub fn heal(&self) {
        self.state.rules().list.clear();
        self.state.changed();
    }

    /// What came by since the start or the last [`Proxy::forget`].
    pub fn requests(&self) -> Vec<Seen> {
        self.state.seen.borrow().clone()
    }

    /// How many requests with this method had `part` in their path.
    pub fn count(&self, method: &Method, part: &str) -> usize {
        self.state
            .seen
            .borrow()
            .iter()
            .filter(|seen| seen.method == method && seen.path.contains(part))
            .count()
    }

    /// Starts counting anew.
    pub fn forget(&self) {
        self.state.seen.send_modify(Vec::clear);
    }

    /// Waits until `count` requests with this method and `part` in their path came by.
    pub async fn saw(&self, method: &Method, part: &str, count: usize) {
        let mut seen = self.state.seen.subscribe();
        let enough = |all: &Vec<Seen>| {
            all.iter().filter(|seen| seen.method == method && seen.path.contains(part)).count() >= count
        };
        let what = format!("{count} × {method} …{part}… by the proxy");
        within(&what, seen.wait_for(enough)).await.expect("the proxy lives");
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        self.cut();
    }
}

impl State {
    fn rules(&self) -> MutexGuard<'_, Rules> {
        // A test that failed while it held the lock is failing anyway.
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn changed(&self) {
        self.epoch.send_modify(|epoch| *epoch += 1);
    }

    fn is_cut(&self) -> bool {
        self.rules()
            .list
            .iter()
            .any(|rule| rule.part.is_empty() && rule.fault == Fault::Cut && rule.times.is_none())
    }

    /// The fault a request meets, and one use of it less.
    fn decide(&self, path: &str) -> Option<Fault> {
        let mut rules = self.rules();
        let index = rules.list.iter().position(|rule| path.contains(&rule.part))?;
        let rule = &mut rules.list[index];
        let fault = rule.fault.clone();
        if let Some(times) = &mut rule.times {
            *times -= 1;
            if *times == 0 {
                rules.list.remove(index);
            }
        }
        Some(fault)
    }

    /// Ends when all connections are to break.
    async fn until_cut(&self) {
        let mut epoch = self.epoch.subscribe();
        while !self.is_cut() {
            if epoch.changed().await.is_err() {
                return;
            }
        }
    }
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    while let Ok((stream, _)) = listener.accept().await {
        if state.is_cut() {
            continue;
        }
        let state = Arc::clone(&state);
        tokio::spawn(async move {
            let service = hyper::service::service_fn(|request| forward::answer(&state, request));
            let connection =
                hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            tokio::select! {
                // An error here is a fault we made, or a client that left.
                _ = connection => {}
                () = state.until_cut() => {}
            }
        });
    }
}

//! Many people and rooms on one homeserver, made over many connections at once: one after another they would take minutes.

use std::cell::Cell;
use std::ops::AsyncFn;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use futures_util::future::try_join_all;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::child::Child;
use crate::clock;
use crate::homeserver::{Person, register};
use crate::http::Http;
use crate::machine;

/// Requests under way at once: enough for the server to commit many of them together.
const CONNECTIONS: usize = 128;

/// A homeserver and the people on it.
pub(crate) struct Crowd {
    pub(crate) child: Child,
    /// Resident memory before anybody came, in bytes.
    pub(crate) at_start: u64,
    pub(crate) people: Vec<Person>,
}

impl Crowd {
    /// Starts a homeserver with `people` accounts.
    pub(crate) async fn start(dir: &Path, people: usize) -> Result<Self> {
        let child = Child::server(dir).await?;
        let at_start = machine::resident(child.pid()).unwrap_or(0);
        let mut crowd = Self { child, at_start, people: Vec::new() };
        crowd.people =
            crowd.each(people, async |http, n| register(http, &format!("person{n}")).await).await?;
        Ok(crowd)
    }

    /// Ends the server at once and starts it again on the same folder.
    pub(crate) async fn restart(self, dir: &Path) -> Result<Self> {
        self.child.stop().await?;
        Ok(Self { child: Child::server(dir).await?, ..self })
    }

    /// A connection of its own.
    pub(crate) async fn http(&self) -> Result<Http> {
        Http::connect(self.child.url()).await
    }

    /// Does the jobs `0..count`, many at once; what came of them, in their order.
    pub(crate) async fn each<T>(
        &self,
        count: usize,
        job: impl AsyncFn(&mut Http, usize) -> Result<T>,
    ) -> Result<Vec<T>> {
        let (next, job) = (Cell::new(0), &job);
        let worker = async |next: &Cell<usize>| {
            let (mut http, mut done) = (self.http().await?, Vec::new());
            while next.get() < count {
                let number = next.replace(next.get() + 1);
                done.push((number, job(&mut http, number).await?));
            }
            anyhow::Ok(done)
        };
        let mut done: Vec<_> = try_join_all((0..CONNECTIONS.min(count)).map(|_| worker(&next)))
            .await?
            .into_iter()
            .flatten()
            .collect();
        done.sort_by_key(|(number, _)| *number);
        Ok(done.into_iter().map(|(_, outcome)| outcome).collect())
    }

    /// Makes a room of one person that anybody may join.
    pub(crate) async fn room(&self, http: &mut Http, owner: usize) -> Result<String> {
        let body = json!({ "preset": "public_chat" });
        let room =
            http.json("POST", "/_matrix/client/v3/createRoom", &self.people[owner].token, &body).await?;
        Ok(room["room_id"].as_str().context("no room id")?.to_owned())
    }

    /// A person joins a room.
    pub(crate) async fn join(&self, http: &mut Http, person: usize, room: &str) -> Result<()> {
        let path = format!("/_matrix/client/v3/join/{room}");
        http.json("POST", &path, &self.people[person].token, &json!({})).await.map(drop)
    }

    /// A person says something in a room; `number` names the message.
    pub(crate) async fn send(&self, http: &mut Http, person: usize, room: &str, number: usize) -> Result<()> {
        let path = format!("/_matrix/client/v3/rooms/{room}/send/m.room.message/n{number}");
        let body = format!(r#"{{"msgtype":"m.text","body":"{}"}}"#, text(number));
        let (status, answer) = http.request("PUT", &path, &self.people[person].token, &body).await?;
        ensure!(status == 200, "send: {status} {}", String::from_utf8_lossy(answer));
        Ok(())
    }

    /// Asks who a person is: the first request of a fresh server does what is done once.
    pub(crate) async fn whoami(&self, http: &mut Http, person: usize) -> Result<()> {
        let path = "/_matrix/client/v3/account/whoami";
        http.request("GET", path, &self.people[person].token, "").await.map(drop)
    }

    /// A client of a person, that has seen nothing yet.
    pub(crate) async fn reader(&self, person: usize, filter: &Value) -> Result<Reader> {
        let http = self.http().await?;
        let filter = encoded(&filter.to_string());
        Ok(Reader { http, token: self.people[person].token.clone(), filter, since: String::new() })
    }
}

/// A client that syncs.
pub(crate) struct Reader {
    http: Http,
    token: String,
    filter: String,
    pub(crate) since: String,
}

impl Reader {
    /// What is new, waiting for it if `timeout` milliseconds allow. The next call goes on from there.
    pub(crate) async fn sync(&mut self, timeout: u64) -> Result<&[u8]> {
        let mut path = format!("/_matrix/client/v3/sync?timeout={timeout}&filter={}", self.filter);
        if !self.since.is_empty() {
            path.push_str("&since=");
            path.push_str(&self.since);
        }
        let (status, answer) = self.http.request("GET", &path, &self.token, "").await?;
        ensure!(status == 200, "sync: {status} {}", String::from_utf8_lossy(answer));
        next_batch(answer)?.clone_into(&mut self.since);
        Ok(answer)
    }

    /// Syncs for ever with long polls of `timeout` milliseconds, and says when each message had arrived.
    pub(crate) async fn follow(mut self, timeout: u64, seen: mpsc::UnboundedSender<Instant>) -> Result<()> {
        for number in 0.. {
            while !has_message(self.sync(timeout).await?, number) {}
            seen.send(clock::now())?;
        }
        Ok(())
    }
}

/// True if an answer holds message `number`.
pub(crate) fn has_message(answer: &[u8], number: usize) -> bool {
    let text = text(number);
    answer.windows(text.len()).any(|window| window == text.as_bytes())
}

/// About 85 bytes, as people write.
fn text(number: usize) -> String {
    format!("Message {number:08}: shall we meet at the station at half past seven tonight, as last week?")
}

/// Without reading megabytes of JSON: the load program shares the machine with what it measures.
fn next_batch(answer: &[u8]) -> Result<&str> {
    const NAME: &[u8] = b"\"next_batch\":\"";
    let at =
        answer.windows(NAME.len()).position(|window| window == NAME).context("no next_batch")? + NAME.len();
    let length = answer[at..].iter().position(|byte| *byte == b'"').context("no end of next_batch")?;
    Ok(std::str::from_utf8(&answer[at..at + length])?)
}

fn encoded(text: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            out.push(char::from(byte));
        } else {
            let _infallible = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_found_wherever_it_stands() {
        assert_eq!(next_batch(br#"{"rooms":{},"next_batch":"h1.2.y3-4"}"#).unwrap(), "h1.2.y3-4");
        assert!(next_batch(br#"{"rooms":{}}"#).is_err());
    }

    #[test]
    fn a_filter_survives_the_address() {
        assert_eq!(encoded(r#"{"a":1}"#), "%7B%22a%22%3A1%7D");
    }
}

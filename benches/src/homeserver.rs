//! Hark's homeserver in a child process, with people and rooms on it.

use anyhow::{Context as _, Result, ensure};
use hark_server::{Config, Registration, Server};
use serde_json::{Value, json};

use std::path::Path;

use crate::child::{Child, Role};
use crate::http::Http;
use crate::load::Link;
use crate::machine;

/// Serves until killed; prints its URL first. As `hark-server serve --registration open --rate-limits off` does.
pub(crate) async fn serve(dir: &Path) -> Result<()> {
    let mut config = Config::new(dir);
    config.listen = "127.0.0.1:0".parse()?;
    config.server_name = Some("bench.test".into());
    config.registration = Registration::Open;
    config.rate_limits = false;
    let server = Server::start(config).await?;
    println!("{}", server.url());
    std::future::pending().await
}

/// How senders share rooms.
#[derive(Clone, Copy)]
pub(crate) enum Layout {
    /// Every two senders have a room of their own.
    Pairs,
    /// All senders are in one room.
    OneRoom,
}

/// A running homeserver and the people on it.
pub(crate) struct Homeserver {
    pub(crate) child: Child,
    /// Resident memory before anybody came, in bytes.
    pub(crate) at_start: u64,
    people: Vec<Person>,
}

/// An account and what it may do.
pub(crate) struct Person {
    pub(crate) user_id: String,
    pub(crate) token: String,
}

/// One sender: a keep-alive connection and the request it repeats.
pub(crate) struct HarkLink {
    http: Http,
    token: String,
    path: String,
}

impl Homeserver {
    /// Starts one with `people` accounts.
    pub(crate) async fn start(dir: &Path, people: usize) -> Result<Self> {
        let child = Child::start(Role::Server, dir).await?;
        let at_start = machine::resident(child.pid()).unwrap_or(0);
        let mut server = Self { child, at_start, people: Vec::new() };
        let mut http = server.connect().await?;
        for number in 0..people {
            server.people.push(register(&mut http, &format!("person{number}")).await?);
        }
        Ok(server)
    }

    /// One link for each person, in rooms made for this call.
    pub(crate) async fn links(&self, layout: Layout) -> Result<Vec<HarkLink>> {
        let groups: Vec<&[Person]> = match layout {
            Layout::Pairs => self.people.chunks(2).collect(),
            Layout::OneRoom => vec![&self.people],
        };
        let mut links = Vec::new();
        for group in groups {
            let room = self.room(group).await?;
            for person in group {
                let path = format!("/_matrix/client/v3/rooms/{room}/send/m.room.message/");
                links.push(HarkLink { http: self.connect().await?, token: person.token.clone(), path });
            }
        }
        Ok(links)
    }

    async fn room(&self, members: &[Person]) -> Result<String> {
        let (owner, others) = members.split_first().context("a room of nobody")?;
        let mut http = self.connect().await?;
        let invite: Vec<&str> = others.iter().map(|person| person.user_id.as_str()).collect();
        let body =
            json!({ "invite": invite, "is_direct": others.len() == 1, "preset": "trusted_private_chat" });
        let room = http.json("POST", "/_matrix/client/v3/createRoom", &owner.token, &body).await?;
        let room = room["room_id"].as_str().context("no room id")?.to_owned();
        for person in others {
            http.json("POST", &format!("/_matrix/client/v3/join/{room}"), &person.token, &json!({})).await?;
        }
        Ok(room)
    }

    /// What one of its people may do.
    pub(crate) fn token(&self, person: usize) -> &str {
        &self.people[person].token
    }

    /// A connection to it.
    pub(crate) async fn connect(&self) -> Result<Http> {
        Http::connect(self.child.url()).await
    }
}

impl Link for HarkLink {
    async fn send(&mut self, txn: &str, text: &str) -> Result<()> {
        let body = format!(r#"{{"msgtype":"m.text","body":"{text}"}}"#);
        let path = format!("{}{txn}", self.path);
        let (status, answer) = self.http.request("PUT", &path, &self.token, &body).await?;
        ensure!(status == 200, "send: {status} {}", String::from_utf8_lossy(answer));
        Ok(())
    }
}

/// Makes an account.
pub(crate) async fn register(http: &mut Http, name: &str) -> Result<Person> {
    const PATH: &str = "/_matrix/client/v3/register";
    let mut body = json!({ "username": name, "password": "correct horse battery" });
    let (status, answer) = http.request("POST", PATH, "", &body.to_string()).await?;
    ensure!(status == 401, "registration asks for nothing: {status}");
    let session = serde_json::from_slice::<Value>(answer)?["session"].take();
    body["auth"] = json!({ "type": "m.login.dummy", "session": session });
    let person = http.json("POST", PATH, "", &body).await?;
    let text = |key: &str| person[key].as_str().map(str::to_owned).with_context(|| format!("no {key}"));
    Ok(Person { user_id: text("user_id")?, token: text("access_token")? })
}

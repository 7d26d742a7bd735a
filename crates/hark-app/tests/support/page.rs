//! A page of browser mode, without a browser: it follows the link, keeps the cookie, and speaks over the socket.

use futures_util::{SinkExt as _, StreamExt as _};
use hark_testkit::{ready, within};
use reqwest::header::{COOKIE, LOCATION, ORIGIN, SET_COOKIE};
use reqwest::{Client, StatusCode, redirect};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error as SocketError, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use url::Url;

/// Someone who wants to see the window at an address.
pub(crate) struct Visitor {
    pub(crate) http: Client,
    pub(crate) url: String,
}

impl Visitor {
    pub(crate) fn with_link(url: &str) -> Self {
        ready();
        let http = Client::builder().redirect(redirect::Policy::none()).build().unwrap();
        Self { http, url: url.to_owned() }
    }

    pub(crate) fn origin(&self) -> String {
        Url::parse(&self.url).unwrap().origin().ascii_serialization()
    }

    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.origin())
    }

    /// Follows the link once, as a browser does, and gives the cookie.
    pub(crate) async fn cookie(&self) -> String {
        let answer = self.http.get(&self.url).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        assert_eq!(answer.headers()[LOCATION], "/");
        let cookie = answer.headers()[SET_COOKIE].to_str().unwrap();
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
        cookie.split(';').next().unwrap().to_owned()
    }

    /// A socket with these headers and no others.
    pub(crate) async fn socket(&self, headers: &[(&'static str, &str)]) -> Result<Page, SocketError> {
        let mut request = self.at("/ws").replacen("http", "ws", 1).into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        let (stream, _) = within("the socket", tokio_tungstenite::connect_async(request)).await?;
        Ok(Page { stream, asked: 0, events: Vec::new(), answers: Vec::new() })
    }

    /// A page as a browser opens it.
    pub(crate) async fn page(&self) -> Page {
        let (cookie, origin) = (self.cookie().await, self.origin());
        self.socket(&[("cookie", &cookie), ("origin", &origin)]).await.unwrap()
    }

    /// Hands a sound file over.
    pub(crate) async fn upload(&self, cookie: &str, bytes: Vec<u8>) -> reqwest::Response {
        let put = self.http.put(self.at("/upload")).header(ORIGIN, self.origin()).header(COOKIE, cookie);
        put.body(bytes).send().await.unwrap()
    }
}

/// Commands from this number on are begun and not waited for.
const BEGUN: u64 = 10_000;

/// The socket of a page.
pub(crate) struct Page {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    asked: u64,
    /// Told while an answer was awaited.
    events: Vec<Value>,
    /// Answers to commands that were only begun.
    answers: Vec<Value>,
}

impl Page {
    /// Sends a frame as it is and waits for the next answer.
    pub(crate) async fn ask(&mut self, frame: &str) -> Value {
        self.stream.send(Message::text(frame)).await.unwrap();
        within("an answer", async {
            loop {
                let mut object = self.next().await.expect("the socket is open");
                let is_begun = object["id"].as_u64() >= Some(BEGUN);
                match object.get_mut("event") {
                    Some(event) => self.events.push(event.take()),
                    None if is_begun => self.answers.push(object),
                    None => return object,
                }
            }
        })
        .await
    }

    /// Sends a command and does not wait for its answer. Its number is above those of [`run`](Self::run).
    pub(crate) async fn begin(&mut self, id: u64, name: &str, args: Value) {
        assert!(id >= BEGUN);
        let frame = json!({ "id": id, "name": name, "args": args });
        self.stream.send(Message::text(frame.to_string())).await.unwrap();
    }

    /// The answer to a command that was begun and is expected to work.
    pub(crate) async fn outcome(&mut self, id: u64) -> Value {
        within("an answer", async {
            loop {
                if let Some(at) = self.answers.iter().position(|answer| answer["id"] == id) {
                    let mut answer = self.answers.remove(at);
                    assert!(answer.get("ok").is_some(), "{answer}");
                    return answer["ok"].take();
                }
                let mut object = self.next().await.expect("the socket is open");
                match object.get_mut("event") {
                    Some(event) => self.events.push(event.take()),
                    None => self.answers.push(object),
                }
            }
        })
        .await
    }

    /// Does a command that is expected to work.
    pub(crate) async fn run(&mut self, name: &str, args: Value) -> Value {
        self.asked += 1;
        let mut answer = self.ask(&json!({ "id": self.asked, "name": name, "args": args }).to_string()).await;
        assert_eq!(answer["id"], self.asked, "{answer}");
        assert!(answer.get("ok").is_some(), "{name}: {answer}");
        answer["ok"].take()
    }

    /// The next event that is as wanted; those before it are dropped.
    pub(crate) async fn event(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        within(what, async {
            loop {
                let event = if self.events.is_empty() {
                    let mut object = self.next().await.expect("the socket is open");
                    let event = object.get_mut("event").map(Value::take);
                    if event.is_none() {
                        self.answers.push(object);
                    }
                    event
                } else {
                    Some(self.events.remove(0))
                };
                if let Some(event) = event.filter(&wanted) {
                    return event;
                }
            }
        })
        .await
    }

    /// The next object; none when the socket is closed.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        loop {
            match self.stream.next().await? {
                Ok(Message::Text(text)) => return Some(serde_json::from_str(&text).unwrap()),
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }
}

//! A server on a free port and people who talk HTTP to it.

use std::time::Duration;

use hark_server::{Config, Registration, Server};
use reqwest::{Client, Method, Response, StatusCode, header::HeaderMap};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The password of everybody.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// A running server in a folder of its own.
pub(crate) struct Home {
    pub(crate) server: Server,
    pub(crate) client: Client,
    pub(crate) url: String,
    pub(crate) folder: TempDir,
}

/// What a request was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) async fn of(response: Response) -> Self {
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.unwrap();
        let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).expect(&text) };
        Self { status, headers, body }
    }

    /// The body of a success.
    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{}", self.body);
        self.body
    }

    /// Status and errcode of a refusal, which must also say something to people.
    #[track_caller]
    pub(crate) fn refusal(&self) -> (u16, &str) {
        assert!(!self.status.is_success(), "{}", self.body);
        assert!(self.body["error"].as_str().is_some_and(|sentence| !sentence.is_empty()), "{}", self.body);
        (self.status.as_u16(), self.body["errcode"].as_str().unwrap())
    }
}

/// A client. Sends of one test are few and local: what takes this long hangs.
pub(crate) fn client() -> Client {
    let _already_installed = rustls::crypto::aws_lc_rs::default_provider().install_default();
    Client::builder().timeout(Duration::from_secs(30)).build().unwrap()
}

/// Limits off, registration open, and what `change` says.
pub(crate) async fn home_with(change: impl FnOnce(&mut Config)) -> Home {
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config::new(folder.path().join("data"));
    config.listen = ([127, 0, 0, 1], 0).into();
    config.server_name = Some("test.home.arpa".to_owned());
    config.registration = Registration::Open;
    config.rate_limits = false;
    change(&mut config);
    let server = Server::start(config).await.unwrap();
    Home { client: client(), url: server.url(), server, folder }
}

pub(crate) async fn home() -> Home {
    home_with(|_| {}).await
}

/// Somebody signed in.
pub(crate) struct Person<'h> {
    pub(crate) home: &'h Home,
    pub(crate) user_id: String,
    pub(crate) device_id: String,
    pub(crate) token: String,
}

impl Home {
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Option<&str>,
    ) -> Answer {
        let mut request = self.client.request(method, format!("{}{path}", self.url));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.body(body.to_owned());
        }
        Answer::of(request.send().await.unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, None, Some(&body.to_string())).await
    }

    pub(crate) async fn log_in(&self, user: &str, password: &str) -> Answer {
        let identifier = json!({ "type": "m.id.user", "user": user });
        let body = json!({ "type": "m.login.password", "identifier": identifier, "password": password });
        self.post("/_matrix/client/v3/login", body).await
    }

    /// Adds and signs in somebody new.
    pub(crate) async fn person(&self, name: &str) -> Person<'_> {
        self.server.add_user(name, PASSWORD, false).await.unwrap();
        self.signed_in(name).await
    }

    /// Signs in somebody who exists.
    pub(crate) async fn signed_in(&self, name: &str) -> Person<'_> {
        let body = self.log_in(name, PASSWORD).await.ok();
        let text = |key: &str| body[key].as_str().unwrap().to_owned();
        Person {
            home: self,
            user_id: text("user_id"),
            device_id: text("device_id"),
            token: text("access_token"),
        }
    }
}

impl Person<'_> {
    async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let path = path.replace("{me}", &self.user_id);
        let body = body.map(|body| body.to_string());
        self.home.send(method, &path, Some(&self.token), body.as_deref()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PUT, path, Some(body)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }
}

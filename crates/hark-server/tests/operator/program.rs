//! The program, and clients of the server it runs.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Output, Stdio},
};

use serde_json::{Value, json};
use tempfile::TempDir;

/// A folder with or without a server that runs on it.
pub(crate) struct Place {
    folder: TempDir,
    serving: Option<Child>,
    pub(crate) url: String,
}

/// What a command answered.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) code: Option<i32>,
    pub(crate) said: String,
    pub(crate) errors: String,
}

impl Done {
    fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code(), said: text(output.stdout), errors: text(output.stderr) }
    }

    /// What a success said on one line.
    #[track_caller]
    pub(crate) fn ok(&self) -> &str {
        assert_eq!(self.code, Some(0), "{self:?}");
        self.said.trim_end()
    }

    /// What a success said in JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(self.ok()).unwrap_or_else(|_| panic!("{self:?}"))
    }

    /// One sentence with `words`, and exit code 1.
    #[track_caller]
    pub(crate) fn refused(&self, words: &str) {
        assert_eq!((self.code, self.errors.trim().lines().count()), (Some(1), 1), "{self:?}");
        assert!(self.errors.contains(words) && self.said.is_empty(), "{self:?}");
    }
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), serving: None, url: String::new() }
    }

    /// A new folder that is served.
    pub(crate) fn served(registration: &str) -> Self {
        let mut place = Self::new();
        place.serve(registration);
        place
    }

    pub(crate) fn serve(&mut self, registration: &str) {
        let options = ["--listen", "127.0.0.1:0", "--registration", registration, "--rate-limits", "off"];
        let mut command = self.command(&["serve"]);
        let mut child = command.args(options).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.split_whitespace().find(|word| word.starts_with("http://")).expect(&line);
        url.clone_into(&mut self.url);
        self.serving = Some(child);
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// What somebody without a token is answered.
    pub(crate) async fn get(&self, path: &str) -> Value {
        answer(client().get(format!("{}/_matrix/client/{path}", self.url))).await.1
    }

    /// Ends the server in order.
    pub(crate) fn stop(&mut self) {
        self.run(&["stop"]).ok();
        self.serving.take().unwrap().wait().unwrap();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hark-server"));
        command.args(arguments).args(["--data", self.folder.path().to_str().unwrap()]);
        command.env_remove("RUST_LOG").stdin(Stdio::null());
        command
    }

    /// Runs a command on the folder.
    pub(crate) fn run(&self, arguments: &[&str]) -> Done {
        Done::of(self.command(arguments).output().unwrap())
    }

    /// Runs a command that reads a line.
    pub(crate) fn run_with(&self, arguments: &[&str], input: &str) -> Done {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A program that refuses before it reads is gone already.
        let _refused = writeln!(child.stdin.take().unwrap(), "{input}");
        Done::of(child.wait_with_output().unwrap())
    }

    /// Adds somebody by the program, and signs them in.
    pub(crate) async fn person(&self, name: &str) -> Client {
        self.run_with(&["user", "add", name], &password_of(name)).ok();
        self.signed_in(name).await
    }

    /// Signs somebody in.
    pub(crate) async fn signed_in(&self, name: &str) -> Client {
        sign_in(&self.url, name, &password_of(name)).await
    }

    pub(crate) async fn log_in(&self, name: &str, password: &str) -> (u16, Value) {
        log_in(&self.url, name, password).await
    }

    pub(crate) async fn register(&self, body: Value) -> (u16, Value) {
        let url = format!("{}/_matrix/client/v3/register", self.url);
        answer(client().post(url).body(body.to_string())).await
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(mut child) = self.serving.take() {
            // Gone already when it died by itself.
            let _gone = child.kill();
            let _reaped = child.wait();
        }
    }
}

/// Signs somebody in to the server at `url`.
pub(crate) async fn sign_in(url: &str, name: &str, password: &str) -> Client {
    let (status, answer) = log_in(url, name, password).await;
    assert_eq!(status, 200, "{answer}");
    let text = |key: &str| answer[key].as_str().unwrap().to_owned();
    Client { http: client(), url: url.to_owned(), id: text("user_id"), token: text("access_token") }
}

async fn log_in(url: &str, name: &str, password: &str) -> (u16, Value) {
    let body = json!({ "type": "m.login.password", "user": name, "password": password });
    answer(client().post(format!("{url}/_matrix/client/v3/login")).body(body.to_string())).await
}

pub(crate) fn password_of(name: &str) -> String {
    format!("the password of {name}")
}

fn client() -> reqwest::Client {
    let _already_installed = rustls::crypto::aws_lc_rs::default_provider().install_default();
    reqwest::Client::new()
}

async fn answer(request: reqwest::RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    let text = answer.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

/// A signed-in device.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    url: String,
    pub(crate) id: String,
    pub(crate) token: String,
}

impl Client {
    /// The same device after the server has come back on another port.
    pub(crate) fn at(&self, place: &Place) -> Self {
        Self { url: place.url.clone(), ..self.clone() }
    }

    pub(crate) async fn call(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let url = format!("{}/_matrix/client/{path}", self.url);
        let request = self.http.request(method.parse().unwrap(), url).bearer_auth(&self.token);
        answer(request.body(body.to_string())).await
    }

    /// The body of a success at an address of another part of the specification.
    pub(crate) async fn done_at(&self, method: &str, path: &str, body: &str) -> Value {
        let url = format!("{}/{path}", self.url);
        let request = self.http.request(method.parse().unwrap(), url).bearer_auth(&self.token);
        let (status, answer) = answer(request.body(body.to_owned())).await;
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }

    /// The body of a success.
    pub(crate) async fn done(&self, method: &str, path: &str, body: Value) -> Value {
        let (status, answer) = self.call(method, path, body).await;
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        self.done("GET", path, json!({})).await
    }

    pub(crate) async fn create_room(&self, about: Value) -> String {
        self.done("POST", "v3/createRoom", about).await["room_id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn say(&self, room: &str, text: &str) -> String {
        let path = format!("v3/rooms/{room}/send/m.room.message/{}", text.replace(' ', "-"));
        let said = self.done("PUT", &path, json!({ "msgtype": "m.text", "body": text })).await;
        said["event_id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn sync(&self, query: &str) -> Value {
        self.get(&format!("v3/sync?{query}")).await
    }
}

/// The token a sync ends at.
pub(crate) fn next(sync: &Value) -> &str {
    sync["next_batch"].as_str().unwrap()
}

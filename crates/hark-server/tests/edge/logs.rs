//! What the log says at its loudest: what happened, but no token, no password, no name, no room and nothing anybody said.

use std::path::Path;

use serde_json::{Value, json};

use crate::{
    program::Serving,
    support::{Answer, client},
};

/// Passwords, and texts that must be nowhere in a log.
const PASSWORD: &str = "a-password-that-must-not-be-seen";
const WRONG: &str = "another-password-that-is-wrong";
const SAID: &str = "mulberry-is-what-was-said";
const FILE: &str = "quince-is-in-the-file";
const TOPIC: &str = "damson-is-the-topic";

/// Somebody who talks to the program.
struct Caller<'s> {
    http: reqwest::Client,
    url: &'s str,
    token: String,
    id: String,
}

impl<'s> Caller<'s> {
    async fn registered(server: &'s Serving, name: &str) -> Self {
        let mut caller = Self { http: client(), url: &server.url, token: String::new(), id: String::new() };
        let auth = json!({ "type": "m.login.dummy" });
        let body = json!({ "username": name, "password": PASSWORD, "auth": auth });
        caller.sign_in("v3/register", body).await;
        let body = json!({ "type": "m.login.password", "user": name, "password": PASSWORD });
        caller.sign_in("v3/login", body).await;
        caller
    }

    async fn sign_in(&mut self, path: &str, body: Value) {
        let answer = self.call("POST", path, body).await.ok();
        answer["access_token"].as_str().unwrap().clone_into(&mut self.token);
        answer["user_id"].as_str().unwrap().clone_into(&mut self.id);
    }

    async fn call(&self, method: &str, path: &str, body: Value) -> Answer {
        let url = format!("{}/_matrix/client/{path}", self.url);
        let request = self.http.request(method.parse().unwrap(), url).bearer_auth(&self.token);
        Answer::of(request.body(body.to_string()).send().await.unwrap()).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, json!({})).await
    }
}

/// Two people talk, and do what is wrong, too. What must not be in a log.
async fn conversation(server: &Serving) -> Vec<String> {
    let alice = Caller::registered(server, "hortensia").await;
    let bob = Caller::registered(server, "leopold").await;
    let about = json!({ "topic": TOPIC, "invite": [bob.id], "preset": "trusted_private_chat" });
    let room = alice.call("POST", "v3/createRoom", about).await.ok()["room_id"].as_str().unwrap().to_owned();
    bob.call("POST", &format!("v3/rooms/{room}/join"), json!({})).await.ok();
    let said = json!({ "msgtype": "m.text", "body": SAID });
    let send = format!("v3/rooms/{room}/send/m.room.message/plum-transaction");
    let event = alice.call("PUT", &send, said.clone()).await.ok()["event_id"].as_str().unwrap().to_owned();
    let typing = json!({ "typing": true, "timeout": 10 });
    bob.call("PUT", &format!("v3/rooms/{room}/typing/{}", bob.id), typing).await.ok();
    bob.call("POST", &format!("v3/rooms/{room}/receipt/m.read/{event}"), json!({})).await.ok();
    let synced = bob.get("v3/sync").await.ok();
    assert!(synced.to_string().contains(SAID));
    let media = format!("{}/_matrix/media/v3/upload?filename={FILE}.txt", server.url);
    let upload = alice.http.post(media).bearer_auth(&alice.token).body(FILE);
    let file =
        Answer::of(upload.send().await.unwrap()).await.ok()["content_uri"].as_str().unwrap().to_owned();
    let file = file.rsplit('/').next().unwrap().to_owned();

    let wrong = json!({ "type": "m.login.password", "user": "hortensia", "password": WRONG });
    assert_eq!(alice.call("POST", "v3/login", wrong).await.status, 403);
    let wrong = json!({ "type": "m.login.password", "user": "hortensia", "password": [PASSWORD] });
    assert_eq!(alice.call("POST", "v3/login", wrong).await.status, 400);
    for path in [
        format!("v3/profile/{}", bob.id),
        format!("v3/user/{}/account_data/m.direct", alice.id),
        format!("v3/rooms/{room}/event/{event}x"),
        format!("v1/media/download/elsewhere.example.org/{file}"),
        format!("v3/rooms/{room}/messages?dir=sideways&from={SAID}"),
        format!("v3/{SAID}?access_token={}", alice.token),
    ] {
        assert_ne!(alice.get(&path).await.status, 500, "{path}");
    }
    alice.call("PUT", &send.replace("m.room.message", "m.room.encrypted"), json!(SAID)).await.refusal();
    let stranger = Caller { token: format!("{}-not", alice.token), ..alice };
    assert_eq!(stranger.call("PUT", &send, said).await.status, 401);
    let known = [PASSWORD, WRONG, SAID, FILE, TOPIC, "hortensia", "leopold", "plum-transaction"];
    let opaque = |id: &str| id.split(':').next().unwrap()[1..].to_owned();
    let made = [stranger.token, bob.token.clone(), opaque(&room), opaque(&event), file];
    known.into_iter().map(ToOwned::to_owned).chain(made).collect()
}

fn assert_discreet(log: &str, secrets: &[String]) {
    assert!(log.contains("answered") && log.contains("/sync"), "the log is not empty:\n{log}");
    for secret in secrets {
        let line = log.lines().find(|line| line.contains(secret.as_str()));
        assert!(line.is_none(), "{secret} is in the log: {line:?}");
    }
}

async fn logged(folder: &Path, format: &str) -> String {
    let options = ["--registration", "open", "--log-format", format, "--rate-limits", "off"];
    let server = Serving::start(&folder.join(format), &options, Some("trace"));
    let secrets = conversation(&server).await;
    let log = server.end();
    assert_discreet(&log, &secrets);
    log
}

#[cfg(unix)]
#[tokio::test]
async fn nothing_that_anybody_said_or_is_called_is_ever_logged() {
    let folder = tempfile::tempdir().unwrap();
    logged(folder.path(), "text").await;
}

#[cfg(unix)]
#[tokio::test]
async fn every_line_of_a_log_for_programs_is_json_and_as_discreet() {
    let folder = tempfile::tempdir().unwrap();
    let log = logged(folder.path(), "json").await;
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let sync =
        lines.iter().find(|line| line["endpoint"].as_str().is_some_and(|path| path.ends_with("/sync")));
    let sync = sync.unwrap();
    assert_eq!((&sync["status"], &sync["method"]), (&json!(200), &json!("GET")));
    assert!(sync["user"].as_str().is_some_and(|user| user.len() == 12), "{sync}");
    assert!(sync["timestamp"].is_string() && sync["level"] == "INFO", "{sync}");
}

#[test]
fn a_start_that_fails_is_json_too_where_the_log_is() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("hark.db"), "Dear diary, ".repeat(1000)).unwrap();
    let data = folder.path().to_str().unwrap();
    let refused = crate::program::run(&["serve", "--data", data, "--log-format", "json"]);
    assert_eq!(refused.status.code(), Some(1));
    let line: Value = serde_json::from_slice(&refused.stderr).unwrap();
    assert!(line["message"].as_str().unwrap().contains("damaged"), "{line}");
}

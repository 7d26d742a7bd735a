//! What the log says at its loudest: what happened, but no token, no password, no name.

use serde_json::Value;

use crate::{program::Serving, support::client};

#[cfg(unix)]
#[tokio::test]
async fn no_secret_and_no_name_is_ever_logged() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Serving::start(&data, &["--registration", "open"], Some("trace"));
    let client = client();
    let password = "a-password-that-must-not-be-seen";
    let body =
        format!(r#"{{"username":"hortensia","password":"{password}","auth":{{"type":"m.login.dummy"}}}}"#);
    let url = format!("{}/_matrix/client/v3/register", server.url);
    let answer: Value = client.post(url).body(body).send().await.unwrap().json().await.unwrap();
    let token = answer["access_token"].as_str().unwrap().to_owned();
    for path in
        ["account/whoami", "profile/@hortensia:nowhere", "user/@hortensia:nowhere/account_data/m.direct"]
    {
        let url = format!("{}/_matrix/client/v3/{path}", server.url);
        client.get(url).bearer_auth(&token).send().await.unwrap();
    }
    let wrong = format!(r#"{{"type":"m.login.password","user":"hortensia","password":["{password}"]}}"#);
    client.post(format!("{}/_matrix/client/v3/login", server.url)).body(wrong).send().await.unwrap();
    let log = server.end();
    assert!(log.contains("answered") && log.contains("/account/whoami"), "the log is not empty:\n{log}");
    for secret in [token.as_str(), password, "hortensia"] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}

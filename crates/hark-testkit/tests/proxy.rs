//! The proxy does to a connection what its rules say, and nothing else.

use std::time::Duration;

use hark_testkit::{Fault, Proxy, Server, within};
use http::Method;
use serde_json::{Value, json};

const VERSIONS: &str = "/_matrix/client/versions";

async fn ask(proxy: &Proxy) -> reqwest::Result<reqwest::Response> {
    within("an answer or a broken connection", reqwest::get(format!("{}{VERSIONS}", proxy.url()))).await
}

#[tokio::test]
async fn a_healthy_wire_forwards_and_counts() {
    let server = Server::start().await;
    let proxy = server.proxy().await;
    let versions: Value = ask(&proxy).await.unwrap().json().await.unwrap();
    assert!(versions["versions"].is_array());
    assert_eq!(proxy.count(&Method::GET, VERSIONS), 1);
    assert_eq!(proxy.count(&Method::POST, VERSIONS), 0);
    proxy.forget();
    assert_eq!(proxy.requests(), []);
}

#[tokio::test]
async fn a_cut_wire_breaks_until_it_is_healed() {
    let server = Server::start().await;
    let proxy = server.proxy().await;
    proxy.cut();
    assert!(ask(&proxy).await.is_err());
    proxy.heal();
    assert_eq!(ask(&proxy).await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_lost_answer_is_lost_after_the_server_did_it() {
    let server = Server::start().await;
    let proxy = server.proxy().await;
    proxy.fault_times("/register", Fault::LoseAnswer, 1);
    let body = json!({ "username": "alice", "password": "a password", "auth": { "type": "m.login.dummy" } });
    let register = || {
        reqwest::Client::new().post(format!("{}/_matrix/client/v3/register", proxy.url())).json(&body).send()
    };
    assert!(register().await.is_err());
    let again: Value = register().await.unwrap().json().await.unwrap();
    assert_eq!(again["errcode"], "M_USER_IN_USE", "the server had heard the first: {again}");
}

#[tokio::test]
async fn a_fault_with_a_number_wears_out() {
    let server = Server::start().await;
    let proxy = server.proxy().await;
    proxy.fault_times("versions", Fault::Html(200), 2);
    for _ in 0..2 {
        let page = ask(&proxy).await.unwrap();
        assert!(page.text().await.unwrap().starts_with("<!doctype html>"));
    }
    assert!(ask(&proxy).await.unwrap().json::<Value>().await.is_ok());
}

#[tokio::test]
async fn a_held_request_goes_on_when_the_wire_is_healed() {
    let server = Server::start().await;
    let proxy = server.proxy().await;
    proxy.fault("versions", Fault::Hold);
    let url = format!("{}{VERSIONS}", proxy.url());
    let held = tokio::spawn(reqwest::get(url));
    proxy.saw(&Method::GET, VERSIONS, 1).await;
    assert!(!held.is_finished());
    proxy.heal();
    assert_eq!(within("the held answer", held).await.unwrap().unwrap().status(), 200);
}

#[tokio::test]
async fn a_refusal_and_a_delay_are_as_ordered() {
    let server = Server::start().await;
    let proxy = server.proxy().await;
    proxy.fault_times(
        "versions",
        Fault::Refuse(429, json!({ "errcode": "M_LIMIT_EXCEEDED" }).to_string()),
        1,
    );
    proxy.fault_times("versions", Fault::Delay(Duration::from_millis(50)), 1);
    let refused = ask(&proxy).await.unwrap();
    assert_eq!(refused.status(), 429);
    assert_eq!(refused.json::<Value>().await.unwrap()["errcode"], "M_LIMIT_EXCEEDED");
    let slow = reqwest::Client::builder().timeout(Duration::from_millis(10)).build().unwrap();
    assert!(slow.get(format!("{}{VERSIONS}", proxy.url())).send().await.unwrap_err().is_timeout());
}

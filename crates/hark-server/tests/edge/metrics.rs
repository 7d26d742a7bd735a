//! What `/metrics` says (OP1): the numbers alerts are made from, and nobody's name.

use std::net::TcpListener;

use reqwest::Method;
use serde_json::json;

use crate::{
    program,
    support::{Home, home, home_with},
};

pub(crate) async fn page(home: &Home) -> String {
    let url = format!("http://{}/metrics", home.server.metrics_addr().unwrap());
    let answer = home.client.get(url).send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    answer.text().await.unwrap()
}

pub(crate) async fn measured_home() -> Home {
    home_with(|config| config.metrics = Some(([127, 0, 0, 1], 0).into())).await
}

/// The value of the line that begins with `name`.
fn find<N: std::str::FromStr>(page: &str, name: &str) -> Option<N> {
    let line = page.lines().find(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(' ')))?;
    line.rsplit(' ').next()?.parse().ok()
}

#[track_caller]
fn value<N: std::str::FromStr>(page: &str, name: &str) -> N {
    find(page, name).unwrap_or_else(|| panic!("no {name} in:\n{page}"))
}

/// A value that counts something.
#[track_caller]
fn count(page: &str, name: &str) -> u64 {
    value(page, name)
}

#[tokio::test]
async fn deliveries_requests_connections_and_sizes_are_counted() {
    let home = measured_home().await;
    let alice = home.person("alice").await;
    let room = alice.post("/_matrix/client/v3/createRoom", json!({})).await.ok();
    let room = room["room_id"].as_str().unwrap().to_owned();
    let send = format!("/_matrix/client/v3/rooms/{room}/send/m.room.message/1");
    alice.put(&send, json!({ "msgtype": "m.text", "body": "hello" })).await.ok();
    alice.put(&send.replace(&room, "!elsewhere:x.org"), json!({})).await.refusal();
    home.send(Method::POST, "/_matrix/media/v3/upload", Some(&alice.token), Some("0123456789")).await.ok();
    home.get("/_matrix/client/v3/account/whoami").await;

    let page = page(&home).await;
    assert_eq!(count(&page, "hark_send_seconds_count"), 1);
    assert_eq!(count(&page, "hark_send_failures_total"), 0, "what may not be sent is no failure");
    assert_eq!(count(&page, "hark_send_seconds_bucket{le=\"+Inf\"}"), 1);
    assert!(value::<f64>(&page, "hark_send_seconds_sum") > 0.0);
    assert!(count(&page, "hark_commit_seconds_count") >= 3);
    assert_eq!(count(&page, "hark_upload_seconds_count"), 1);
    assert!(count(&page, "hark_connections_open") >= 1);
    let open = count(&page, "hark_connections_total") - count(&page, "hark_connections_closed_total");
    assert_eq!(count(&page, "hark_connections_open"), open);
    assert!(count(&page, "hark_database_bytes") + count(&page, "hark_database_wal_bytes") > 0);
    assert_eq!(count(&page, "hark_media_bytes"), 10);
    assert!(count(&page, "hark_free_bytes") > 0);
    count(&page, "hark_slow_queries_total");
    if cfg!(target_os = "linux") {
        assert!(count(&page, "process_resident_memory_bytes") > 1_000_000);
    }
    let requests = |endpoint: &str, method: &str, status: u16| {
        let name =
            format!("hark_requests_total{{endpoint=\"{endpoint}\",method=\"{method}\",status=\"{status}\"}}");
        count(&page, &name)
    };
    assert_eq!(requests("/_matrix/client/v3/account/whoami", "GET", 401), 1);
    assert_eq!(requests("/_matrix/client/v3/createRoom", "POST", 200), 1);
    for private in ["alice", "test.home.arpa", "elsewhere", &room, &alice.token] {
        assert!(!page.contains(private), "{private} is in:\n{page}");
    }
    home.server.shutdown().await;
}

#[tokio::test]
async fn a_client_that_waited_is_counted_with_how_long_its_news_took() {
    let home = measured_home().await;
    let alice = home.person("alice").await;
    let mut since =
        alice.get("/_matrix/client/v3/sync").await.ok()["next_batch"].as_str().unwrap().to_owned();
    // Whether a poll waits before the change comes is a matter of luck; some time it does.
    loop {
        let path = format!("/_matrix/client/v3/sync?timeout=20000&since={since}");
        let data = format!("/_matrix/client/v3/user/{}/account_data/org.example.n", alice.user_id);
        let change = alice.put(&data, json!({ "since": since }));
        let (polled, changed) = tokio::join!(alice.get(&path), change);
        changed.ok();
        since = polled.ok()["next_batch"].as_str().unwrap().to_owned();
        let page = page(&home).await;
        if count(&page, "hark_delivery_seconds_count") >= 1 {
            assert!(value::<f64>(&page, "hark_delivery_seconds_sum") > 0.0);
            break;
        }
    }
    home.server.shutdown().await;
}

#[tokio::test]
async fn a_client_that_goes_away_while_it_waits_is_seen_to_wait_and_to_go() {
    let home = measured_home().await;
    let alice = home.person("alice").await;
    let since = alice.get("/_matrix/client/v3/sync").await.ok()["next_batch"].as_str().unwrap().to_owned();
    let path = format!("/_matrix/client/v3/sync?timeout=60000&since={since}");
    {
        let waiting = alice.get(&path);
        let seen = async { while count(&page(&home).await, "hark_long_polls_open") < 1 {} };
        tokio::select! {
            answer = waiting => panic!("{answer:?}"),
            () = seen => {}
        }
    }
    let unanswered =
        "hark_requests_total{endpoint=\"/_matrix/client/v3/sync\",method=\"GET\",status=\"none\"}";
    while find(&page(&home).await, unanswered) != Some(1) {}
    let page = page(&home).await;
    assert_eq!((count(&page, "hark_long_polls_open"), count(&page, "hark_long_polls_total")), (0, 1));
    home.server.shutdown().await;
}

#[tokio::test]
async fn where_it_was_not_asked_for_there_are_no_metrics() {
    let home = home().await;
    assert!(home.server.metrics_addr().is_none());
    assert_eq!(home.get("/metrics").await.refusal(), (404, "M_UNRECOGNIZED"));
    home.server.shutdown().await;
}

#[test]
fn an_address_that_is_taken_is_said_to_be_that_of_the_metrics() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let data = folder.path().to_str().unwrap();
    let refused = program::run(&["serve", "--data", data, "--listen", "127.0.0.1:0", "--metrics", &address]);
    assert_eq!(refused.status.code(), Some(1));
    let error = String::from_utf8(refused.stderr).unwrap();
    assert!(error.contains("--metrics") && error.contains(&address), "{error}");
}

//! What a connection may cost (SE6): how long it may be silent, how much it may send, and how many there may be.

use std::{net::SocketAddr, time::Duration};

use reqwest::Method;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use crate::{
    program::Serving,
    support::{Home, home, home_with},
};

/// Whatever is awaited here comes at once, or never.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long a silent client is waited for, in the tests about that.
const SILENCE: Duration = Duration::from_millis(300);

/// A connection that is written to byte by byte.
struct Wire(TcpStream);

impl Wire {
    async fn to(address: SocketAddr) -> Self {
        Self(timeout(PATIENCE, TcpStream::connect(address)).await.unwrap().unwrap())
    }

    /// A server that has had enough may have hung up in the middle: then so be it.
    async fn send(&mut self, text: &str) -> bool {
        self.0.write_all(text.as_bytes()).await.is_ok()
    }

    /// Everything the server says until it hangs up.
    async fn until_the_end(mut self) -> String {
        let mut said = Vec::new();
        // What came before a reset has come.
        let _reset = timeout(PATIENCE, self.0.read_to_end(&mut said)).await.expect("the server hangs up");
        String::from_utf8_lossy(&said).into_owned()
    }

    /// What the server says until it has said `word`.
    async fn until(&mut self, word: &str) -> String {
        let mut said = String::new();
        let mut some = [0; 4096];
        while !said.contains(word) {
            let count = timeout(PATIENCE, self.0.read(&mut some)).await.expect(&said).unwrap();
            assert!(count > 0, "hung up after: {said}");
            said.push_str(&String::from_utf8_lossy(&some[..count]));
        }
        said
    }
}

async fn impatient() -> Home {
    home_with(|config| config.max_silence = SILENCE).await
}

async fn is_alive(home: &Home) {
    home.get("/_matrix/client/versions").await.ok();
}

#[tokio::test]
async fn a_client_that_stops_in_the_middle_of_its_headers_is_cut_off() {
    let home = impatient().await;
    for begun in ["", "GET /_matr", "GET /_matrix/client/versions HTTP/1.1\r\nHost: x\r\nX-Slow: "] {
        let mut wire = Wire::to(home.server.addr()).await;
        wire.send(begun).await;
        let said = wire.until_the_end().await;
        assert!(!said.contains("200 OK"), "{said}");
    }
    is_alive(&home).await;
    home.server.shutdown().await;
}

#[tokio::test]
async fn a_client_that_stops_in_the_middle_of_its_body_is_cut_off() {
    let home = impatient().await;
    let alice = home.person("alice").await;
    for (method, path) in [
        ("POST", "/_matrix/client/v3/createRoom".to_owned()),
        ("POST", "/_matrix/media/v3/upload".to_owned()),
        ("PUT", format!("/_matrix/client/v3/user/{}/account_data/a", alice.user_id)),
    ] {
        let mut wire = Wire::to(home.server.addr()).await;
        let token = &alice.token;
        wire.send(&format!("{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Length: 1000\r\n\r\n{{\"a\":"))
            .await;
        let said = wire.until_the_end().await;
        assert!(said.starts_with("HTTP/1.1 4") && said.contains("errcode"), "{path}: {said}");
    }
    is_alive(&home).await;
    home.server.shutdown().await;
}

#[tokio::test]
async fn a_client_that_waits_for_news_is_not_cut_off() {
    let home = impatient().await;
    let alice = home.person("alice").await;
    let first = alice.get("/_matrix/client/v3/sync").await.ok();
    let since = first["next_batch"].as_str().unwrap();
    let waited = alice.get(&format!("/_matrix/client/v3/sync?since={since}&timeout=1500")).await;
    assert_eq!(waited.status, 200, "five times the silence that is allowed in a request");
    home.server.shutdown().await;
}

#[tokio::test]
async fn sixty_four_megabytes_are_refused_without_being_read() {
    let home = home().await;
    let alice = home.person("alice").await;
    let head = |length: &str| {
        format!(
            "POST /_matrix/client/v3/createRoom HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n{length}\r\n\r\n",
            alice.token
        )
    };
    let mut announced = Wire::to(home.server.addr()).await;
    announced.send(&head("Content-Length: 67108864")).await;
    let said = announced.until("M_TOO_LARGE").await;
    assert!(said.starts_with("HTTP/1.1 413"), "{said}");

    let mut chunked = Wire::to(home.server.addr()).await;
    chunked.send(&head("Transfer-Encoding: chunked")).await;
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    let mut taken = 0;
    // Buffers of both ends take a few more than the server reads.
    while taken < 1024 && timeout(PATIENCE, chunked.send(&chunk)).await.unwrap_or(false) {
        taken += 1;
    }
    assert!(taken < 1024, "64 MB were read");
    is_alive(&home).await;
    home.server.shutdown().await;
}

#[tokio::test]
async fn headers_without_end_are_refused() {
    let home = home().await;
    for head in [
        format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(200_000)),
        format!("GET / HTTP/1.1\r\nHost: x\r\nX-Long: {}\r\n\r\n", "a".repeat(200_000)),
        format!("GET / HTTP/1.1\r\nHost: x\r\n{}\r\n", "X-Many: 1\r\n".repeat(2_000)),
    ] {
        let mut wire = Wire::to(home.server.addr()).await;
        wire.send(&head).await;
        let said = wire.until_the_end().await;
        assert!(said.is_empty() || said.starts_with("HTTP/1.1 4"), "{said}");
    }
    is_alive(&home).await;
    home.server.shutdown().await;
}

#[tokio::test]
async fn garbage_behind_a_request_leaves_its_answer_whole() {
    let home = home().await;
    for garbage in ["\0\x01\x02 nonsense\r\n\r\n", "GET GET GET\r\n\r\n", "{\"not\":\"http\"}\r\n\r\n"] {
        let mut wire = Wire::to(home.server.addr()).await;
        wire.send(&format!("GET /_matrix/client/versions HTTP/1.1\r\nHost: x\r\n\r\n{garbage}")).await;
        let said = wire.until_the_end().await;
        assert!(said.starts_with("HTTP/1.1 200 OK") && said.contains("unstable_features"), "{said}");
        assert_eq!(said.matches("200 OK").count(), 1, "{said}");
    }
    is_alive(&home).await;
    home.server.shutdown().await;
}

#[tokio::test]
async fn one_connection_too_many_is_told_so_and_room_is_made_by_one_that_goes() {
    let home = home_with(|config| config.max_connections = 2).await;
    let request = "GET /_matrix/client/versions HTTP/1.1\r\nHost: x\r\n\r\n";
    let (mut one, mut two) = (Wire::to(home.server.addr()).await, Wire::to(home.server.addr()).await);
    for wire in [&mut one, &mut two] {
        wire.send(request).await;
        wire.until("unstable_features").await;
    }
    let mut three = Wire::to(home.server.addr()).await;
    three.send(request).await;
    let said = three.until_the_end().await;
    assert!(said.starts_with("HTTP/1.1 503") && said.contains("Retry-After: 5"), "{said}");
    let body = said.split("\r\n\r\n").nth(1).unwrap();
    assert!(serde_json::from_str::<serde_json::Value>(body).unwrap()["errcode"].is_string());
    drop(one);
    // When the server has noticed is its own matter.
    let again = async {
        loop {
            let mut wire = Wire::to(home.server.addr()).await;
            wire.send(&request.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n")).await;
            if wire.until_the_end().await.starts_with("HTTP/1.1 200") {
                return;
            }
        }
    };
    timeout(PATIENCE, again).await.expect("there is room again");
    two.send(request).await;
    two.until("unstable_features").await;
    home.server.shutdown().await;
}

/// Ten thousand, or as many as this process may hold open.
#[cfg(unix)]
#[test]
fn ten_thousand_open_sockets_leave_the_server_to_others() {
    use std::{
        io::{Read as _, Write as _},
        net::TcpStream,
    };

    hark_server::open_many_files();
    let folder = tempfile::tempdir().unwrap();
    let server = Serving::start(folder.path(), &[], None);
    let address = server.url.trim_start_matches("http://").to_owned();
    let mut open = Vec::new();
    while open.len() < 10_000 {
        match TcpStream::connect(&address) {
            Ok(socket) => open.push(socket),
            Err(error) => {
                println!("this process may hold no more than {} open: {error}", open.len());
                break;
            }
        }
    }
    // What the test itself still needs.
    open.truncate(open.len().saturating_sub(20));
    assert!(open.len() > 200, "only {} sockets", open.len());
    let ask = |mut socket: &TcpStream| {
        let request = "GET /_matrix/client/versions HTTP/1.1\r\nHost: x\r\n\r\n";
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket.write_all(request.as_bytes()).unwrap();
        let mut said = [0; 15];
        socket.read_exact(&mut said).unwrap();
        assert_eq!(&said, b"HTTP/1.1 200 OK");
    };
    ask(&TcpStream::connect(&address).unwrap());
    for socket in open.iter().step_by(open.len() / 10) {
        ask(socket);
    }
    println!("{} sockets were open", open.len());
}

#[tokio::test]
async fn sync_keys_history_and_media_are_not_counted_and_the_rest_is() {
    let home = home_with(|config| config.rate_limits = true).await;
    let alice = home.person("alice").await;
    let room = alice.post("/_matrix/client/v3/createRoom", serde_json::json!({})).await.ok();
    let room = room["room_id"].as_str().unwrap();
    let history = format!("/_matrix/client/v3/rooms/{room}/messages?dir=b");
    for _ in 0..120 {
        for path in ["/_matrix/client/v3/sync?timeout=0", "/_matrix/client/v1/media/config", &history] {
            assert_eq!(alice.get(path).await.status, 200, "{path}");
        }
        let upload = "/_matrix/media/v3/upload";
        let uploaded = home.send(Method::POST, upload, Some(&alice.token), Some("x")).await;
        assert_eq!(uploaded.status, 200);
    }
    let mut refused = None;
    for _ in 0..200 {
        let answer = alice.get("/_matrix/client/v3/account/whoami").await;
        if answer.status != 200 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("a hundred at once are the most");
    assert_eq!(refused.refusal(), (429, "M_LIMIT_EXCEEDED"));
    let wait = refused.body["retry_after_ms"].as_u64().unwrap();
    let header: u64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!(wait > 0 && header == wait.div_ceil(1000), "{wait} ms, {header} s");
    home.server.shutdown().await;
}

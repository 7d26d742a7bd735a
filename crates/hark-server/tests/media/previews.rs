//! What links lead to, seen by a server that may fetch from one address of this computer and from no other.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    http::header,
    response::{IntoResponse, Redirect},
    routing::get,
};
use hark_server::UrlPreviews;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::{
    pictures::{encoded, halves},
    support::{House, Person},
    wire::{house, ok, refusal},
};

/// The address the server may fetch from.
const PERMITTED: Ipv4Addr = Ipv4Addr::LOCALHOST;
/// Another address of this computer, which it may not.
const INSIDE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// A web site on one of the ports that are fetched from.
async fn site(address: Ipv4Addr, pages: Router) -> String {
    for port in 8100..9000 {
        if let Ok(listener) = TcpListener::bind((address, port)).await {
            tokio::spawn(async move { axum::serve(listener, pages).await.unwrap() });
            return format!("http://{address}:{port}");
        }
    }
    panic!("no port is free");
}

/// A server that shows previews.
async fn showing() -> House {
    house(|config| {
        config.media.url_previews = Some(UrlPreviews { permitted: vec![IpAddr::V4(PERMITTED)] });
        config.media.unused_life = Duration::ZERO;
    })
    .await
}

/// A page, and a count of how often it was fetched.
fn counted(html: impl Into<String>) -> (Router, Arc<AtomicUsize>) {
    let (html, count) = (html.into(), Arc::new(AtomicUsize::new(0)));
    let counter = count.clone();
    let page = get(async move || {
        counter.fetch_add(1, Ordering::SeqCst);
        axum::response::Html(html)
    });
    (Router::new().route("/", page), count)
}

impl Person {
    async fn preview(&self, url: &str) -> Response {
        self.preview_at("client/v1/media/preview_url", url).await
    }

    async fn preview_at(&self, path: &str, url: &str) -> Response {
        let url: String = url::form_urlencoded::byte_serialize(url.as_bytes()).collect();
        self.to(Method::GET, &format!("{path}?url={url}")).send().await.unwrap()
    }
}

fn title(text: &str) -> Value {
    json!({ "og:title": text })
}

#[tokio::test]
async fn a_server_that_was_not_told_to_follows_no_links() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let (page, count) = counted("<title>x</title>");
    let site = site(PERMITTED, page).await;
    assert_eq!(refusal(alice.preview(&site).await).await, (404, "M_UNRECOGNIZED".to_owned()));
    assert_eq!(count.load(Ordering::SeqCst), 0);
}

/// Complement `TestUrlPreview`: the Open Graph tags of a page, with its picture kept here and described.
#[tokio::test]
async fn a_page_is_shown_by_its_tags_and_its_picture() {
    let house = showing().await;
    let alice = house.person("alice").await;
    let picture = encoded(&halves(60, 40), image::ImageFormat::Png);
    let size = picture.len();
    let html = r#"<html><head><title>Plain</title><meta property="og:title" content="The Rock">
        <meta property="og:type" content="video.movie"><meta property="og:url" content="http://www.imdb.com/title/tt0117500/">
        <meta property="og:image" content="test.png"><meta property="og:image:width" content="9999"></head><body>x</body></html>"#;
    let pages = Router::new()
        .route("/test.png", get(async move || ([(header::CONTENT_TYPE, "image/png")], picture)))
        .route("/", get(async move || axum::response::Html(html)));
    let site = site(PERMITTED, pages).await;
    let found = ok(alice.preview(&format!("{site}/#part")).await).await;
    assert_eq!(found["og:title"], "The Rock");
    assert_eq!(found["og:type"], "video.movie");
    assert_eq!(found["og:url"], "http://www.imdb.com/title/tt0117500/");
    assert_eq!(found["matrix:image:size"], size);
    assert_eq!(found["og:image:type"], "image/png");
    assert_eq!((&found["og:image:width"], &found["og:image:height"]), (&json!(60), &json!(40)));
    let id = found["og:image"].as_str().unwrap().strip_prefix("mxc://hark.test/").unwrap();
    assert_eq!(alice.download(id, "").await.bytes().await.unwrap().len(), size);
    let old = alice.preview_at("media/v3/preview_url", &site).await;
    assert_eq!(ok(old).await["og:title"], "The Rock", "clients of before v1.11 ask there");
    // The picture is nobody's upload: unless a message has it, it goes.
    let direct = ok(alice.preview(&format!("{site}/test.png")).await).await;
    assert_eq!((&direct["og:title"], &direct["og:image:width"]), (&json!("test.png"), &json!(60)));
    assert!(house.server.prune_media().await.unwrap().uploads >= 2);
    assert_eq!(alice.download(id, "").await.status(), 404);
}

#[tokio::test]
async fn a_page_is_fetched_once_for_all_who_ask() {
    let house = showing().await;
    let (alice, bob) = (house.person("alice").await, house.person("bob").await);
    let (page, count) = counted("<title>once</title>");
    let site = site(PERMITTED, page).await;
    let (one, other) = tokio::join!(alice.preview(&site), bob.preview(&site));
    assert_eq!((ok(one).await, ok(other).await), (title("once"), title("once")));
    assert_eq!(ok(alice.preview(&site).await).await, title("once"));
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn addresses_inside_are_not_fetched_however_they_are_written() {
    let house = showing().await;
    let alice = house.person("alice").await;
    let (page, count) = counted("<title>a secret</title>");
    let secret = site(INSIDE, page).await;
    let port = secret.rsplit_once(':').unwrap().1;
    let missing = (404, "M_NOT_FOUND".to_owned());
    for host in [
        "127.0.0.2",
        "127.2",
        "2130706434",
        "0x7f.0.0.2",
        "[::ffff:127.0.0.2]",
        "[::ffff:7f00:2]",
        "[64:ff9b::7f00:2]",
    ] {
        let refused = refusal(alice.preview(&format!("http://{host}:{port}/")).await).await;
        assert_eq!(refused, missing, "{host}");
    }
    // A redirect and a picture are looked at like the page itself.
    let to_secret = secret.clone();
    let picture = format!("<title>outside</title><meta property=og:image content='{secret}/p.png'>");
    let pages = Router::new()
        .route("/redirect", get(async move || Redirect::temporary(&to_secret)))
        .route("/picture", get(async move || axum::response::Html(picture)));
    let site = site(PERMITTED, pages).await;
    assert_eq!(refusal(alice.preview(&format!("{site}/redirect")).await).await, missing);
    assert_eq!(ok(alice.preview(&format!("{site}/picture")).await).await, title("outside"));
    assert_eq!(count.load(Ordering::SeqCst), 0, "nobody was there");
}

#[tokio::test]
async fn what_is_no_web_page_is_refused_by_its_address() {
    let house = showing().await;
    let alice = house.person("alice").await;
    let invalid = (400, "M_INVALID_PARAM".to_owned());
    for odd in [
        "",
        "nonsense",
        "file:///etc/passwd",
        "ftp://127.0.0.1/",
        "http://127.0.0.1:22/",
        "http://a:b@127.0.0.1/",
    ] {
        assert_eq!(refusal(alice.preview(odd).await).await, invalid, "{odd}");
    }
    let without = alice.to(Method::GET, "client/v1/media/preview_url").send().await.unwrap();
    assert_eq!(refusal(without).await, (400, "M_MISSING_PARAM".to_owned()));
}

#[tokio::test]
async fn a_few_redirects_are_followed_and_no_more() {
    let house = showing().await;
    let alice = house.person("alice").await;
    let hop = get(async |axum::extract::Path(left): axum::extract::Path<u32>| match left {
        0 => axum::response::Html("<title>arrived</title>").into_response(),
        left => Redirect::permanent(&format!("/{}", left - 1)).into_response(),
    });
    let site = site(PERMITTED, Router::new().route("/{left}", hop)).await;
    assert_eq!(ok(alice.preview(&format!("{site}/3")).await).await, title("arrived"));
    assert_eq!(refusal(alice.preview(&format!("{site}/4")).await).await.0, 404);
}

#[tokio::test]
async fn only_the_beginning_of_a_page_is_read_and_nothing_of_what_is_none() {
    let house = showing().await;
    let alice = house.person("alice").await;
    let endless = || {
        let head = futures_util::stream::iter([Ok::<_, std::io::Error>("<title>endless</title>".to_owned())]);
        let rest = futures_util::stream::repeat_with(|| Ok("<p>more</p>".repeat(1000)));
        Body::from_stream(futures_util::StreamExt::chain(head, rest))
    };
    let typed = |kind: &'static str, body: Body| ([(header::CONTENT_TYPE, kind)], body);
    let pages = Router::new()
        .route("/page", get(async move || typed("text/html; charset=utf-8", endless())))
        .route("/film", get(async move || typed("video/mp4", endless())))
        .route("/huge.png", get(async move || typed("image/png", endless())))
        .route("/no.png", get(async move || typed("image/png", Body::from("<script>"))))
        .route(
            "/latin",
            get(async move || {
                typed("text/html; charset=iso-8859-1", Body::from(&b"<title>caf\xe9</title>"[..]))
            }),
        )
        .route("/plain", get(async move || axum::response::Html("nothing to say")));
    let site = site(PERMITTED, pages).await;
    let at = |path: &str| format!("{site}/{path}");
    assert_eq!(ok(alice.preview(&at("page")).await).await, title("endless"));
    assert_eq!(ok(alice.preview(&at("latin")).await).await, title("café"));
    assert_eq!(ok(alice.preview(&at("plain")).await).await, json!({}));
    assert_eq!(ok(alice.preview(&at("no.png")).await).await, title("no.png"), "it only says it is a picture");
    for nothing in ["film", "huge.png", "missing"] {
        assert_eq!(refusal(alice.preview(&at(nothing)).await).await.0, 404, "{nothing}");
    }
}

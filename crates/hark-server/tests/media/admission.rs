//! Which files are let in.

use reqwest::Method;

use crate::{
    support::House,
    wire::{house, ok, refusal},
};

/// A 1 × 1 picture.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89";

/// ME4: a type that is not taken is refused with the list of those that are.
#[tokio::test]
async fn a_type_that_is_not_taken_is_refused_with_those_that_are() {
    let house = house(|config| {
        config.media.accepted_types = vec!["image/*".to_owned(), "application/octet-stream".to_owned()];
    })
    .await;
    let alice = house.person("alice").await;
    let refused = alice.upload("video/mp4", "x").await;
    assert_eq!(refused.status(), 400);
    let body: serde_json::Value = refused.json().await.unwrap();
    assert_eq!(body["errcode"], "M_INVALID_PARAM");
    assert_eq!(body["app.hark.accepted_types"], serde_json::json!(["image/*", "application/octet-stream"]));
    assert!(body["error"].as_str().unwrap().contains("image/*, application/octet-stream"), "{body}");
    let page = "<!DOCTYPE html><html><script>alert(1)</script></html>";
    assert_eq!(refusal(alice.upload("image/png", page).await).await.0, 400, "its bytes say what it is");
    assert_eq!(refusal(alice.upload("application/octet-stream", page).await).await.0, 400);
    alice.uploads("IMAGE/PNG", PNG).await;
    alice.uploads("application/octet-stream", vec![0x9d; 100]).await;
}

/// ME4: a file that says it is too large is refused before its bytes are waited for.
#[tokio::test]
async fn a_file_that_says_it_is_too_large_is_not_waited_for() {
    let house = house(|config| config.max_upload = 1000).await;
    let alice = house.person("alice").await;
    let never = futures_util::stream::pending::<Result<Vec<u8>, std::io::Error>>();
    let request = alice.to(Method::POST, "media/v3/upload").header("content-length", 1001);
    let answer = request.body(reqwest::Body::wrap_stream(never)).send().await.unwrap();
    assert_eq!(refusal(answer).await, (413, "M_TOO_LARGE".to_owned()));
}

#[tokio::test]
async fn one_person_keeps_so_much_and_no_more() {
    let house = house(|config| {
        config.media.max_per_user = Some(1000);
        config.media.limits_uri = Some("https://example.org/limits".to_owned());
    })
    .await;
    let (alice, bob) = (house.person("alice").await, house.person("bob").await);
    alice.uploads("text/plain", vec![b'x'; 600]).await;
    let refused = alice.upload("text/plain", vec![b'y'; 401]).await;
    assert_eq!(refused.status(), 403);
    let body: serde_json::Value = refused.json().await.unwrap();
    assert_eq!(body["errcode"], "M_USER_LIMIT_EXCEEDED");
    assert_eq!(body["info_uri"], "https://example.org/limits");
    let chunks = futures_util::stream::iter((0..3).map(|_| Ok::<_, std::io::Error>(vec![b'z'; 200])));
    let unsaid = refusal(alice.upload("text/plain", reqwest::Body::wrap_stream(chunks)).await).await;
    assert_eq!(unsaid, (403, "M_USER_LIMIT_EXCEEDED".to_owned()));
    alice.uploads("text/plain", vec![b'y'; 400]).await;
    bob.uploads("text/plain", vec![b'x'; 900]).await;
}

#[tokio::test]
async fn files_leave_room_on_the_disk_for_what_is_said() {
    let house = house(|config| config.media.min_free = u64::MAX).await;
    let alice = house.person("alice").await;
    let refused = refusal(alice.upload("text/plain", "x").await).await;
    assert_eq!(refused, (503, "M_UNKNOWN".to_owned()));
    let room = alice.create_room(serde_json::json!({})).await;
    alice.say(&room, "there is room for words").await;
}

/// ME4: an upload that stops on its way is told so, and the same file can be sent again.
#[tokio::test]
async fn an_upload_that_stops_on_its_way_is_told_so() {
    let house = house(|config| config.media.upload_pause = std::time::Duration::from_millis(50)).await;
    let alice = house.person("alice").await;
    let begun = futures_util::stream::iter([Ok::<_, std::io::Error>(b"the first half".to_vec())]);
    let stuck = futures_util::StreamExt::chain(begun, futures_util::stream::pending());
    let answer = refusal(alice.upload("text/plain", reqwest::Body::wrap_stream(stuck)).await).await;
    assert_eq!(answer, (408, "M_UNKNOWN".to_owned()));
    alice.uploads("text/plain", "the whole").await;
}

#[tokio::test]
async fn nothing_of_a_refused_file_is_left() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let pieces = vec![Ok(vec![b'x'; 1000]), Err(std::io::Error::other("the cable was pulled"))];
    let body = reqwest::Body::wrap_stream(futures_util::stream::iter(pieces));
    alice.to(Method::POST, "media/v3/upload").body(body).send().await.unwrap_err();
    ok(alice.upload("text/plain", "whole").await).await;
    let house = house.restart().await;
    let left = std::fs::read_dir(house.path().join("media/tmp")).unwrap().count();
    assert_eq!(left, 0);
}

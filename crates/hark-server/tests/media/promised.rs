//! Addresses handed out before their file.

use std::time::Duration;

use reqwest::Method;

use crate::{
    support::House,
    wire::{header, house, ok, refusal},
};

/// Complement `TestAsyncUpload`: an address without a file is 504, takes one file, and then gives it out like any other.
#[tokio::test]
async fn an_address_is_handed_out_first_and_filled_later() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let answer = ok(alice.to(Method::POST, "media/v1/create").send().await.unwrap()).await;
    assert!(answer["unused_expires_at"].as_i64().unwrap() > 1_700_000_000_000, "{answer}");
    let id = crate::wire::id_of(&answer);
    let early = alice.download(&id, "?timeout_ms=0").await;
    assert_eq!(refusal(early).await, (504, "M_NOT_YET_UPLOADED".to_owned()));
    let early = alice.thumbnail(&id, "width=32&height=32&timeout_ms=0").await;
    assert_eq!(refusal(early).await, (504, "M_NOT_YET_UPLOADED".to_owned()));
    let filled = alice.fill(&id, "text/plain", "hello").await;
    assert_eq!(ok(filled).await, serde_json::json!({}));
    let again = alice.fill(&id, "text/plain", "other").await;
    assert_eq!(refusal(again).await, (409, "M_CANNOT_OVERWRITE_MEDIA".to_owned()));
    let file = alice.download(&id, "").await;
    assert_eq!(header(&file, "content-type"), "text/plain");
    assert_eq!(header(&file, "content-disposition"), "inline; filename=\"file\"");
    assert_eq!(file.text().await.unwrap(), "hello");
}

#[tokio::test]
async fn who_asks_early_is_answered_when_the_file_comes() {
    let house = House::open().await;
    let (alice, bob) = (house.person("alice").await, house.person("bob").await);
    let id = alice.promised().await;
    let waiting = tokio::spawn({
        let (bob, id) = (bob.clone(), id.clone());
        async move { bob.download(&id, "?timeout_ms=60000").await }
    });
    let never = tokio::time::timeout(Duration::from_millis(100), bob.download(&id, "")).await;
    assert!(never.is_err(), "it waits");
    ok(alice.fill(&id, "text/plain", "late").await).await;
    assert_eq!(waiting.await.unwrap().text().await.unwrap(), "late");
}

#[tokio::test]
async fn only_who_asked_for_an_address_fills_it() {
    let house = House::open().await;
    let (alice, bob) = (house.person("alice").await, house.person("bob").await);
    let id = alice.promised().await;
    let forbidden = (403, "M_FORBIDDEN".to_owned());
    assert_eq!(refusal(bob.fill(&id, "text/plain", "mine").await).await, forbidden);
    ok(alice.fill(&id, "text/plain", "hers").await).await;
    assert_eq!(refusal(bob.fill(&id, "text/plain", "mine").await).await, forbidden);
    let plain = alice.uploads("text/plain", "an upload of the other kind").await;
    let taken = refusal(alice.fill(&plain, "text/plain", "x").await).await;
    assert_eq!(taken, (409, "M_CANNOT_OVERWRITE_MEDIA".to_owned()));
    let missing = (404, "M_NOT_FOUND".to_owned());
    assert_eq!(refusal(alice.fill("nothing", "text/plain", "x").await).await, missing);
    let elsewhere = alice.to(Method::PUT, &format!("media/v3/upload/elsewhere.org/{id}")).body("x");
    assert_eq!(refusal(elsewhere.send().await.unwrap()).await, missing);
    assert_eq!(bob.download(&id, "").await.text().await.unwrap(), "hers");
}

#[tokio::test]
async fn of_two_uploads_to_one_address_one_wins() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let id = alice.promised().await;
    let (one, other) = tokio::join!(alice.fill(&id, "text/plain", "1"), alice.fill(&id, "text/plain", "2"));
    let statuses = [one.status().as_u16(), other.status().as_u16()];
    assert!(statuses == [200, 409] || statuses == [409, 200], "{statuses:?}");
    let won = if statuses[0] == 200 { "1" } else { "2" };
    assert_eq!(alice.download(&id, "").await.text().await.unwrap(), won);
}

#[tokio::test]
async fn addresses_without_a_file_are_few_until_they_are_filled() {
    let house = house(|config| config.media.max_promised = 2).await;
    let (alice, bob) = (house.person("alice").await, house.person("bob").await);
    let first = alice.promised().await;
    alice.promised().await;
    let third = alice.to(Method::POST, "media/v1/create").send().await.unwrap();
    assert!(!header(&third, "retry-after").is_empty());
    assert_eq!(refusal(third).await, (429, "M_LIMIT_EXCEEDED".to_owned()));
    bob.promised().await;
    ok(alice.fill(&first, "text/plain", "x").await).await;
    alice.promised().await;
}

#[tokio::test]
async fn an_address_that_is_never_filled_ends() {
    let house = house(|config| config.media.promise_life = Duration::ZERO).await;
    let alice = house.person("alice").await;
    let id = alice.promised().await;
    let missing = (404, "M_NOT_FOUND".to_owned());
    assert_eq!(refusal(alice.download(&id, "").await).await, missing);
    assert_eq!(refusal(alice.fill(&id, "text/plain", "x").await).await, missing);
}

#[tokio::test]
async fn a_promise_outlives_a_restart() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let id = alice.promised().await;
    let house = house.restart().await;
    let alice = house.again(&alice);
    ok(alice.fill(&id, "text/plain", "after").await).await;
    assert_eq!(alice.download(&id, "").await.text().await.unwrap(), "after");
}

#[tokio::test]
async fn a_file_too_large_for_a_promise_leaves_it_open() {
    let house = house(|config| config.max_upload = 10).await;
    let alice = house.person("alice").await;
    let id = alice.promised().await;
    let refused = refusal(alice.fill(&id, "text/plain", "more than ten bytes").await).await;
    assert_eq!(refused, (413, "M_TOO_LARGE".to_owned()));
    ok(alice.fill(&id, "text/plain", "short").await).await;
}

/// The addresses of before v1.11 are shut, and open where the server was told so: Complement and SyTest fetch files there.
#[tokio::test]
async fn old_addresses_give_files_out_only_where_the_server_was_told() {
    let shut = House::open().await;
    let alice = shut.person("alice").await;
    let id = alice.uploads("text/plain", "hello").await;
    let old = |id: &str| format!("media/v3/download/hark.test/{id}");
    let answer = alice.to(Method::GET, &old(&id)).send().await.unwrap();
    assert_eq!(refusal(answer).await, (404, "M_NOT_FOUND".to_owned()));
    let open = house(|config| config.media.without_token = true).await;
    let bob = open.person("bob").await;
    let id = bob.uploads("text/plain", "hello").await;
    for path in [old(&id), format!("media/r0/download/hark.test/{id}/name.txt")] {
        let url = format!("{}/_matrix/{path}", open.server.url());
        let answer = reqwest::get(url).await.unwrap();
        assert!(header(&answer, "content-security-policy").starts_with("sandbox"));
        assert_eq!(answer.text().await.unwrap(), "hello");
    }
    let promised = bob.promised().await;
    let early = format!("{}/_matrix/{}?timeout_ms=0", open.server.url(), old(&promised));
    assert_eq!(refusal(reqwest::get(early).await.unwrap()).await.0, 504);
}

//! Finding words again (SR1).

use hark_testkit::{Person, Resident, Server};
use serde_json::json;

use crate::support::{Talk, body, talking};

#[tokio::test]
async fn a_word_is_found_by_both_newest_first_and_by_its_beginning() {
    let server = Server::start().await;
    let (alice, bob) = talking(&server).await;
    alice.says(&bob, "The road to Köln is closed").await;
    alice.says(&bob, "take the train").await;
    bob.hears(&alice, "take the train").await;
    bob.says(&alice, "no train to Köln on Sunday").await;
    alice.hears(&bob, "no train to Köln on Sunday").await;
    for person in [&alice, &bob] {
        assert_eq!(found(person, "train").await, ["no train to Köln on Sunday", "take the train"]);
        assert_eq!(found(person, "koln").await, ["no train to Köln on Sunday", "The road to Köln is closed"]);
        assert_eq!(found(person, "train sund").await, ["no train to Köln on Sunday"]);
        assert_eq!(found(person, "aeroplane").await, Vec::<String>::new());
        // Nothing of a query language leaks: these are words like any other, and none of them occurs.
        assert_eq!(found(person, "train\" OR \"road").await, Vec::<String>::new());
        assert_eq!(found(person, "NEAR( train*").await, Vec::<String>::new());
    }
    let hit = &bob.search("closed", 1).await.unwrap()[0];
    assert!(hit.snippet.contains("\u{2}closed\u{3}"), "{:?}", hit.snippet);
    assert_eq!(hit.conversation_name, bob.with(&alice).await.unwrap().name);
}

#[tokio::test]
async fn a_removed_message_is_no_longer_found() {
    let server = Server::start().await;
    let (alice, bob) = talking(&server).await;
    let secret = alice.says(&bob, "the secret is plum").await;
    bob.hears(&alice, "the secret is plum").await;
    assert_eq!(found(&bob, "plum").await.len(), 1);
    let on_alice = Person::login(&server.url(), "alice").await;
    let path = format!("/_matrix/client/v3/rooms/{}/redact/{}/r1", secret.room_id, secret.event_id.unwrap());
    on_alice.put(&path, json!({})).await.ok();
    for person in [&alice, &bob] {
        person.until("it is gone", async |_| found(person, "plum").await.is_empty().then_some(())).await;
    }
    assert_eq!(bob.texts_with(&alice).await, ["hello"]);
}

async fn found(person: &Resident, words: &str) -> Vec<String> {
    let hits = person.search(words, 10).await.unwrap();
    hits.iter().filter_map(|hit| body(&hit.message).map(str::to_owned)).collect()
}

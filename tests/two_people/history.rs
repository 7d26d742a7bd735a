//! Nothing missing, nothing twice, whatever was away for however long (SY1, SY5).

use hark_testkit::{Resident, Server};

use crate::support::{Talk, talking};

#[tokio::test]
async fn history_after_a_gap_has_no_hole() {
    let server = Server::start().await;
    let (alice, bob) = talking(&server).await;
    let bob_id = bob.user_id();
    alice.says(&bob, "before the gap").await;
    bob.hears(&alice, "before the gap").await;
    bob.close().await;
    let mut expected = vec!["hello".to_owned(), "before the gap".to_owned()];
    let mut last = None;
    for n in 0..150 {
        let text = format!("while away {n}");
        last = Some(alice.send_text(&bob_id, &text).await.unwrap());
        expected.push(text);
    }
    alice.sent(&last.unwrap()).await;
    let bob = bob.reopen().await;
    bob.hears(&alice, "while away 149").await;
    assert_eq!(bob.texts_with(&alice).await, expected);
    // And it stays so.
    let bob = bob.reopen().await;
    assert_eq!(bob.texts_with(&alice).await, expected);
}

#[tokio::test]
async fn a_new_device_reads_the_whole_history_in_the_servers_order() {
    let server = Server::start().await;
    let (alice, bob) = talking(&server).await;
    let mut expected = vec!["hello".to_owned()];
    for n in 0..45 {
        let (speaker, listener) = if n % 2 == 0 { (&alice, &bob) } else { (&bob, &alice) };
        let text = format!("line {n}");
        speaker.says(listener, &text).await;
        expected.push(text);
    }
    let tablet = Resident::login(&server.url(), "bob").await;
    tablet.hears(&alice, "line 44").await;
    assert_eq!(tablet.texts_with(&alice).await, expected);
}

#[tokio::test]
async fn a_restart_shows_the_same_inbox_while_the_server_is_away() {
    let server = Server::start().await;
    let (alice, bob) = talking(&server).await;
    alice.says(&bob, "last words").await;
    bob.hears(&alice, "last words").await;
    let before = bob.with(&alice).await.unwrap();
    bob.close().await;
    server.stop().await;
    let bob = bob.reopen().await;
    let after = bob.with(&alice).await.unwrap();
    assert_eq!(after.last, before.last);
    assert_eq!(after.unread, before.unread);
    assert_eq!(bob.texts_with(&alice).await, ["hello", "last words"]);
}

#[tokio::test]
async fn both_sides_go_on_after_the_server_restarted() {
    let server = Server::start().await;
    let (alice, bob) = talking(&server).await;
    let server = server.restart().await;
    for person in [&alice, &bob] {
        person.retry_connection().await;
    }
    alice.says(&bob, "after the restart").await;
    bob.hears(&alice, "after the restart").await;
    bob.says(&alice, "indeed").await;
    alice.hears(&bob, "indeed").await;
    assert_eq!(alice.texts_with(&bob).await, ["hello", "after the restart", "indeed"]);
    server.stop().await;
}

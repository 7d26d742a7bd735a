//! Read, typing, drafts (RC2, TP1, MF8), and the counts of the inbox (SY6).

use hark_testkit::Server;

use crate::support::{Talk, kind_of, talking};

#[tokio::test]
async fn reading_a_message_shows_it_as_read_to_its_sender_and_clears_the_count() {
    let server = Server::start().await;
    let (alice, bob) = talking(&server).await;
    let sent = alice.says(&bob, "read me").await;
    let heard = bob.hears(&alice, "read me").await;
    let unread = async |count| {
        let what = format!("{count} unread");
        bob.until(&what, async |_| bob.with(&alice).await.filter(|found| found.unread == count)).await
    };
    let conversation = unread(2).await;
    bob.mark_read(&conversation.id, heard.key).await.unwrap();
    unread(0).await;
    alice
        .until("it is shown as read", async |engine| {
            let now = engine.message(sent.key).await.unwrap()?;
            (kind_of(&now.state) == "read").then_some(())
        })
        .await;
}

#[tokio::test]
async fn typing_is_seen_and_ends() {
    let server = Server::start().await;
    let (alice, bob) = talking(&server).await;
    let id = bob.with(&alice).await.unwrap().id;
    bob.set_typing(&id, true).await.unwrap();
    alice.until("typing", async |_| alice.with(&bob).await.filter(|found| found.typing == ["bob"])).await;
    bob.set_typing(&id, false).await.unwrap();
    alice
        .until("typing ends", async |_| alice.with(&bob).await.filter(|found| found.typing.is_empty()))
        .await;
}

#[tokio::test]
async fn a_draft_survives_a_restart() {
    let server = Server::start().await;
    let (alice, bob) = talking(&server).await;
    let id = bob.with(&alice).await.unwrap().id;
    bob.set_draft(&id, "half a thou").await.unwrap();
    let bob = bob.reopen().await;
    assert_eq!(bob.with(&alice).await.unwrap().draft.as_deref(), Some("half a thou"));
}

//! What breaks between a client and its server, and what must not follow from it.

mod support;

use std::time::Duration;

use hark_client::model::{Connection, ConversationId, Message, MessageState};
use hark_client::{Change, Engine, Error, KeyPolicy, OpenError, Options, SignInMode, VoiceClip};
use serde_json::json;
use support::{Fault, Homeserver, Person, change, words};

const SEND: &str = "/send/m.room.message/";

/// Alice in a room with Bob, who is only a name.
async fn alice_and_a_room(server: &Homeserver) -> (Person, String) {
    let room = server.with(|world| {
        let room = world.make_room("@alice:x", &["@bob:x"], true);
        world.member(&room, "@bob:x", "@bob:x", json!({"membership": "join"}));
        world.set_account_data("@alice:x", "m.direct", json!({"@bob:x": [room]}));
        room
    });
    (server.person("alice").await, room)
}

async fn send(alice: &Person, text: &str) -> Message {
    alice.engine.send_text("@bob:x", text).await.expect("queued")
}

/// The words Alice said, as the server has them.
fn said(server: &Homeserver) -> Vec<String> {
    server.with(|world| {
        let said =
            world.log.iter().filter(|(_, e)| e["sender"] == "@alice:x" && e["type"] == "m.room.message");
        said.filter_map(|(_, e)| Some(e["content"]["body"].as_str()?.to_owned())).collect()
    })
}

#[tokio::test]
async fn a_web_page_instead_of_an_answer_is_offline_and_the_message_arrives_in_order() {
    for status in [200, 403, 404, 520] {
        let server = Homeserver::start().await;
        let (alice, _) = alice_and_a_room(&server).await;
        server.fault(SEND, Fault::Html(status));
        let first = send(&alice, "first").await;
        let second = send(&alice, "second").await;
        assert_eq!(alice.engine.wait_settled(first.key).await.expect("sent").state, MessageState::Sent);
        alice.engine.wait_settled(second.key).await.expect("sent");
        assert_eq!(said(&server), ["first", "second"], "after a page of {status}");
    }
}

#[tokio::test]
async fn an_answer_lost_after_the_work_was_done_does_not_send_twice() {
    let server = Homeserver::start().await;
    let (alice, _) = alice_and_a_room(&server).await;
    server.fault(SEND, Fault::BreakAfterApplying);
    let message = send(&alice, "once").await;
    alice.engine.wait_settled(message.key).await.expect("sent");
    let next = send(&alice, "next").await;
    alice.engine.wait_settled(next.key).await.expect("sent");
    assert_eq!(said(&server), ["once", "next"]);
    let thread = alice.thread_where("@bob:x", |t| words(t).len() == 2).await;
    assert!(thread.iter().any(|m| m.key == message.key && m.state == MessageState::Sent));
}

#[tokio::test]
async fn an_echo_without_a_transaction_id_before_the_answer_becomes_the_same_row() {
    let server = Homeserver::start().await;
    let (alice, _) = alice_and_a_room(&server).await;
    server.with(|world| world.hide_txn_ids = true);
    server.fault(SEND, Fault::BreakAfterApplying);
    let message = send(&alice, "once").await;
    let settled = alice.engine.wait_settled(message.key).await.expect("sent");
    assert!(settled.event_id.is_some());
    let thread = alice.thread_where("@bob:x", |t| words(t) == ["once"]).await;
    assert_eq!(thread.last().expect("one").key, message.key);
    assert_eq!(said(&server), ["once"]);
}

#[tokio::test]
async fn too_fast_waits_as_told_and_keeps_the_order() {
    let server = Homeserver::start().await;
    let (alice, _) = alice_and_a_room(&server).await;
    let slow = json!({"errcode": "M_LIMIT_EXCEEDED", "error": "slow down", "retry_after_ms": 700});
    server.faults(SEND, 2, Fault::Matrix(429, slow));
    let mut last = None;
    for n in 0..5 {
        last = Some(send(&alice, &n.to_string()).await);
    }
    let settled = alice.engine.wait_settled(last.expect("five").key).await.expect("sent");
    assert_eq!(settled.state, MessageState::Sent);
    assert_eq!(said(&server), ["0", "1", "2", "3", "4"]);
}

#[tokio::test]
async fn a_refusal_is_final_says_why_and_lets_the_next_one_pass() {
    let server = Homeserver::start().await;
    let (alice, _) = alice_and_a_room(&server).await;
    server.fault(SEND, Fault::Matrix(400, json!({"errcode": "M_BAD_JSON", "error": "No floats"})));
    let bad = send(&alice, "bad").await;
    let good = send(&alice, "good").await;
    let refused = alice.engine.wait_settled(bad.key).await.expect("settled");
    let MessageState::Failed { reason, refused: true } = refused.state else { panic!("{refused:?}") };
    assert!(reason.contains("No floats"), "{reason}");
    alice.engine.wait_settled(good.key).await.expect("sent");
    alice.engine.retry(bad.key).await.expect("tried");
    assert_eq!(alice.engine.wait_settled(bad.key).await.expect("sent").state, MessageState::Sent);
    assert_eq!(said(&server), ["good", "bad"]);
}

#[tokio::test]
async fn three_failures_of_the_server_mark_it_failed_and_retry_or_delete_are_possible() {
    let server = Homeserver::start().await;
    let (alice, _) = alice_and_a_room(&server).await;
    server.faults(SEND, 3, Fault::Matrix(500, json!({"errcode": "M_UNKNOWN", "error": "Out of paper"})));
    let mut changes = alice.engine.changes();
    let message = send(&alice, "patience").await;
    let failed = change(&mut changes, |change| match change {
        Change::Message { message: m, .. } if m.key == message.key => match &m.state {
            MessageState::Failed { reason, refused } => Some((reason.clone(), *refused)),
            _ => None,
        },
        _ => None,
    })
    .await;
    assert!(failed.0.contains("Out of paper") && !failed.1, "{failed:?}");
    alice.engine.retry(message.key).await.expect("tried");
    assert_eq!(alice.engine.wait_settled(message.key).await.expect("sent").state, MessageState::Sent);
    assert_eq!(said(&server), ["patience"]);
}

#[tokio::test]
async fn no_answer_in_five_seconds_is_a_failed_try_and_the_next_one_has_the_same_id() {
    let server = Homeserver::start().await;
    let (alice, _) = alice_and_a_room(&server).await;
    server.fault(SEND, Fault::Hang);
    let message = send(&alice, "slow").await;
    assert_eq!(alice.engine.wait_settled(message.key).await.expect("sent").state, MessageState::Sent);
    let txn = message.txn_id.expect("an id");
    assert_eq!(server.calls(&[SEND, &txn]), 2);
    assert!(server.calls(&["/versions"]) >= 2, "it asked whether the server is there");
}

#[tokio::test]
async fn what_was_written_offline_survives_a_restart_and_is_sent_once_in_order() {
    let server = Homeserver::start().await;
    let (mut alice, _) = alice_and_a_room(&server).await;
    server.faults("PUT", 1_000, Fault::Html(502));
    for n in 0..6 {
        send(&alice, &n.to_string()).await;
    }
    alice.restart().await;
    send(&alice, "6").await;
    server.with(|world| world.faults.clear());
    alice.engine.retry_connection().await;
    alice
        .thread_where("@bob:x", |t| {
            words(t).len() == 7 && t.iter().all(|m| !matches!(m.state, MessageState::Sending { .. }))
        })
        .await;
    assert_eq!(said(&server), ["0", "1", "2", "3", "4", "5", "6"]);
    let row =
        alice.engine.conversation(&ConversationId("@bob:x".to_owned())).await.expect("read").expect("there");
    assert_eq!(row.waiting, 0);
}

#[tokio::test]
async fn a_failed_send_of_a_voice_message_reuses_the_finished_upload() {
    let server = Homeserver::start().await;
    let (alice, _) = alice_and_a_room(&server).await;
    server.fault("/upload", Fault::Html(502));
    server.fault(SEND, Fault::Html(502));
    let clip = VoiceClip { ogg: vec![7; 1000], duration_ms: 900, waveform: vec![1, 2, 3] };
    let message = alice.engine.send_voice("@bob:x", clip.clone()).await.expect("queued");
    alice.engine.wait_settled(message.key).await.expect("sent");
    assert_eq!(server.with(|world| world.uploads.clone()), [clip.ogg]);
    assert_eq!(said(&server).len(), 1);
}

#[tokio::test]
async fn a_room_that_no_longer_has_me_is_replaced_and_the_message_goes_there_once() {
    let server = Homeserver::start().await;
    let (alice, old) = alice_and_a_room(&server).await;
    // The server removes Alice; before she hears of it, she writes.
    server.faults("/sync", 3, Fault::Html(502));
    server.with(|world| world.member(&old, "@bob:x", "@alice:x", json!({"membership": "leave"})));
    let message = send(&alice, "where are you").await;
    let settled = alice.engine.wait_settled(message.key).await.expect("sent");
    assert_eq!(settled.state, MessageState::Sent);
    assert_ne!(settled.room_id, old);
    assert_eq!(said(&server), ["where are you"]);
    assert_eq!(server.calls(&["createRoom"]), 1);
    let direct =
        server.with(|world| world.account_data[&("@alice:x".to_owned(), "m.direct".to_owned())].1.clone());
    assert_eq!(direct, json!({"@bob:x": [old, settled.room_id]}));
}

#[tokio::test]
async fn a_room_made_of_which_no_answer_came_is_found_and_not_made_again() {
    let server = Homeserver::start().await;
    let mut alice = server.person("alice").await;
    server.fault("createRoom", Fault::BreakAfterApplying);
    let message = send(&alice, "hello").await;
    alice.engine.wait_settled(message.key).await.expect("sent");
    assert_eq!(server.with(|world| world.rooms()).len(), 1);
    // The same with a crash in between.
    server.faults("createRoom", 1, Fault::HangAfterApplying);
    let message = alice.engine.send_text("@carol:x", "hello").await.expect("queued");
    while server.calls(&["createRoom"]) < 2 {
        tokio::task::yield_now().await;
    }
    alice.restart().await;
    alice.engine.wait_settled(message.key).await.expect("sent");
    assert_eq!(server.calls(&["createRoom"]), 2);
    assert_eq!(server.with(|world| world.rooms()).len(), 2);
}

#[tokio::test]
async fn m_direct_that_cannot_be_written_is_written_later_and_holds_up_nothing() {
    let server = Homeserver::start().await;
    let alice = server.person("alice").await;
    server.faults("m.direct", 2, Fault::Html(502));
    let message = send(&alice, "hello").await;
    alice.engine.wait_settled(message.key).await.expect("sent");
    let written = async {
        while !server.with(|w| w.account_data.contains_key(&("@alice:x".to_owned(), "m.direct".to_owned()))) {
            server.shared.news.notified().await;
        }
    };
    tokio::time::timeout(support::DEADLINE, written).await.expect("written in the end");
}

#[tokio::test]
async fn a_login_the_server_ended_keeps_everything_and_goes_on_after_signing_in_again() {
    let server = Homeserver::start().await;
    let (alice, _) = alice_and_a_room(&server).await;
    let before = alice.engine.account().expect("signed in");
    server.with(support::World::forget_logins);
    alice.engine.retry_connection().await;
    alice.link(|link| matches!(link, Connection::LoggedOut { .. })).await;
    let message = send(&alice, "still here").await;
    let again = alice.engine.sign_in(&server.url, "alice", "secret", SignInMode::Login).await.expect("again");
    assert_eq!(again.device_id, before.device_id);
    alice.engine.wait_settled(message.key).await.expect("sent");
    assert_eq!(said(&server), ["still here"]);
}

#[tokio::test]
async fn a_token_the_server_does_not_know_brings_a_fresh_sync_over_what_is_here() {
    let server = Homeserver::start().await;
    let (alice, room) = alice_and_a_room(&server).await;
    let message = send(&alice, "mine").await;
    alice.engine.wait_settled(message.key).await.expect("sent");
    alice.thread_where("@bob:x", |t| words(t) == ["mine"]).await;
    server.with(|world| {
        world.oldest_token = world.log.len() + 1;
        world.say(&room, "@bob:x", "yours");
    });
    let thread = alice.thread_where("@bob:x", |t| words(t) == ["mine", "yours"]).await;
    assert!(thread.iter().any(|m| m.key == message.key));
}

#[tokio::test]
async fn a_gap_is_filled_and_the_order_is_the_servers() {
    let server = Homeserver::start().await;
    let (alice, room) = alice_and_a_room(&server).await;
    let mine = send(&alice, "before").await;
    alice.engine.wait_settled(mine.key).await.expect("sent");
    alice.thread_where("@bob:x", |t| words(t) == ["before"]).await;
    // Away for 170 messages; the next sync brings the last 20.
    alice.engine.close().await;
    server.with(|world| {
        for n in 0..170 {
            world.say(&room, "@bob:x", &n.to_string());
        }
    });
    let alice = Person { engine: support::open(alice.dir.path()).await, dir: alice.dir };
    let thread = alice.thread_where("@bob:x", |t| words(t).len() == 171).await;
    let wanted: Vec<String> =
        std::iter::once("before".to_owned()).chain((0..170).map(|n| n.to_string())).collect();
    assert_eq!(words(&thread), wanted);
}

#[tokio::test]
async fn a_new_login_pages_back_to_the_beginning() {
    let server = Homeserver::start().await;
    server.with(|world| {
        let room = world.group("Walk", &["@alice:x", "@bob:x"]);
        for n in 0..130 {
            world.say(&room, "@bob:x", &n.to_string());
        }
    });
    let alice = server.person("alice").await;
    let id = alice.engine.conversations("walk").await.expect("read")[0].id.clone();
    let (mut before, mut seen) = (None, Vec::new());
    for _ in 0..12 {
        let page = alice.engine.timeline(&id, before.as_deref(), 25).await.expect("a page");
        seen.splice(0..0, words(&page.messages).into_iter().map(str::to_owned).collect::<Vec<_>>());
        before = page.older;
        if before.is_none() {
            break;
        }
    }
    assert_eq!(before, None, "the beginning is reached");
    assert_eq!(seen, (0..130).map(|n| n.to_string()).collect::<Vec<_>>());
}

#[tokio::test]
async fn the_server_down_at_start_opens_on_the_store_and_says_offline() {
    let server = Homeserver::start().await;
    let (alice, _) = alice_and_a_room(&server).await;
    let message = send(&alice, "kept").await;
    alice.engine.wait_settled(message.key).await.expect("sent");
    alice.engine.close().await;
    drop(server);
    let alice = Person { engine: support::open(alice.dir.path()).await, dir: alice.dir };
    assert_eq!(words(&alice.thread("@bob:x").await), ["kept"]);
    let link = alice.link(|link| matches!(link, Connection::Offline { .. })).await;
    let Connection::Offline { reason, .. } = link else { panic!("{link:?}") };
    assert!(reason.contains("cannot be reached"), "{reason}");
}

#[tokio::test]
async fn a_damaged_store_is_kept_aside_and_rebuilt_from_the_server() {
    let server = Homeserver::start().await;
    let (alice, _) = alice_and_a_room(&server).await;
    let message = send(&alice, "hello").await;
    alice.engine.wait_settled(message.key).await.expect("sent");
    alice.engine.close().await;
    let file = alice.dir.path().join("store.db");
    let mut bytes = std::fs::read(&file).expect("a store");
    for byte in bytes.iter_mut().take(4096) {
        *byte ^= 0x55;
    }
    std::fs::write(&file, bytes).expect("damaged");
    let alice = Person { engine: support::open(alice.dir.path()).await, dir: alice.dir };
    let aside = alice.engine.recovered_from().expect("told");
    assert!(aside.exists());
    alice.thread_where("@bob:x", |t| words(t) == ["hello"]).await;
}

#[tokio::test]
async fn a_held_folder_is_refused_and_free_after_closing() {
    let dir = tempfile::tempdir().expect("a folder");
    let engine = support::open(dir.path()).await;
    let second = Engine::open(Options::new(dir.path()).key(KeyPolicy::File)).await.err();
    assert_eq!(second, Some(OpenError::Held(dir.path().to_owned())));
    engine.close().await;
    support::open(dir.path()).await.close().await;
}

#[tokio::test]
async fn signing_in_says_what_is_wrong() {
    let server = Homeserver::start().await;
    let dir = tempfile::tempdir().expect("a folder");
    let engine = support::open(dir.path()).await;
    let wrong = engine.sign_in(&server.url, "alice", "guess", SignInMode::Login).await;
    assert_eq!(wrong, Err(Error::WrongPassword));
    let nobody = engine.sign_in("http://127.0.0.1:9", "alice", "secret", SignInMode::Login).await;
    assert_eq!(nobody, Err(Error::NoServer("http://127.0.0.1:9".to_owned())));
    server.fault("/versions", Fault::Html(200));
    server.fault("/.well-known", Fault::Html(404));
    let portal = engine.sign_in(&server.url, "alice", "secret", SignInMode::Login).await;
    assert_eq!(portal, Err(Error::NoServer(server.url.clone())));
    assert_eq!(engine.account(), None);
    assert_eq!(engine.send_text("@bob:x", "hi").await, Err(Error::SignedOut));
}

#[tokio::test]
async fn an_encrypted_room_gets_nothing_in_clear() {
    let server = Homeserver::start().await;
    let (alice, room) = alice_and_a_room(&server).await;
    server.with(|world| {
        let event = json!({"type": "m.room.encryption", "event_id": "$enc", "sender": "@bob:x", "state_key": "",
            "origin_server_ts": 1, "content": {"algorithm": "m.megolm.v1.aes-sha2"}});
        world.log.push((room.clone(), event));
    });
    alice
        .until(|engine| async move {
            let id = ConversationId("@bob:x".to_owned());
            engine.conversation(&id).await.expect("read").filter(|c| c.encrypted)
        })
        .await;
    assert_eq!(alice.engine.send_text("@bob:x", "secret").await, Err(Error::Encrypted));
    assert!(said(&server).is_empty());
}

#[tokio::test]
async fn a_message_of_hours_ago_can_be_deleted_before_it_is_sent() {
    let server = Homeserver::start().await;
    let (alice, _) = alice_and_a_room(&server).await;
    server.faults("PUT", 1_000, Fault::Html(502));
    let first = send(&alice, "first").await;
    let second = send(&alice, "second").await;
    alice.engine.discard(second.key).await.expect("deleted");
    assert_eq!(alice.engine.message(second.key).await, Ok(None));
    server.with(|world| world.faults.clear());
    alice.engine.retry(first.key).await.expect("tried");
    alice.engine.wait_settled(first.key).await.expect("sent");
    assert_eq!(said(&server), ["first"]);
}

#[tokio::test]
async fn a_hundred_sends_at_once_arrive_in_order_each_once() {
    let server = Homeserver::start().await;
    let (alice, _) = alice_and_a_room(&server).await;
    let mut last = None;
    for n in 0..100 {
        last = Some(send(&alice, &n.to_string()).await);
    }
    tokio::time::timeout(Duration::from_mins(1), alice.engine.wait_settled(last.expect("sent").key))
        .await
        .expect("in time")
        .expect("sent");
    assert_eq!(said(&server), (0..100).map(|n| n.to_string()).collect::<Vec<_>>());
}

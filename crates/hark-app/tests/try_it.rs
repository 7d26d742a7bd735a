//! "Just try it": from nothing to a conversation with somebody who answers.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod support;

use std::path::Path;
use std::time::Duration;

use hark_app::App;
use hark_app::api::{Command, Event, InConversation, Nothing, SendText, Timeline};
use hark_app::model::{Account, Content, Conversation, ConversationId, Message, MessageState, Page};
use hark_client::{KeyPolicy, Options, VoiceClip};
use hark_testkit::{no_more_than, ready};
use serde::de::DeserializeOwned;

/// Password hashing and room making happen for real, in a debug build.
const SOON: Duration = Duration::from_secs(40);

async fn open(folder: &Path) -> App {
    ready();
    App::open(Options::new(folder).key(KeyPolicy::File)).await.unwrap()
}

async fn run<T: DeserializeOwned>(app: &App, command: Command) -> T {
    serde_json::from_value(app.run(command).await.unwrap()).unwrap()
}

/// The conversation with the echo contact.
async fn echo(app: &App) -> ConversationId {
    let all: Vec<Conversation> =
        run(app, Command::Conversations(hark_app::api::Conversations { filter: String::new() })).await;
    assert_eq!(all.len(), 1, "{all:?}");
    all[0].id.clone()
}

async fn thread(app: &App, with: &ConversationId) -> Vec<Message> {
    let timeline = Timeline { conversation: with.clone(), before: None, limit: 100 };
    run::<Page>(app, Command::Timeline(timeline)).await.messages
}

fn texts(messages: &[Message], mine: bool) -> Vec<String> {
    let text = |message: &Message| match &message.content {
        Content::Text { body } if message.mine == mine => Some(body.clone()),
        _ => None,
    };
    messages.iter().filter_map(text).collect()
}

/// Waits until the thread is as wanted.
async fn until(
    app: &App,
    with: &ConversationId,
    what: &str,
    wanted: impl Fn(&[Message]) -> bool,
) -> Vec<Message> {
    let mut events = app.events();
    no_more_than(SOON, what, async {
        loop {
            let messages = thread(app, with).await;
            if wanted(&messages) {
                return messages;
            }
            while !matches!(events.recv().await, Ok(Event::Message { .. } | Event::Reload) | Err(_)) {}
        }
    })
    .await
}

async fn say(app: &App, to: &ConversationId, text: &str) {
    let send = SendText { conversation: to.clone(), text: text.to_owned() };
    let _: Message = run(app, Command::SendText(send)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_click_gives_an_account_and_somebody_who_answers_also_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let app = open(folder.path()).await;
    let account: Account = run(&app, Command::TryIt(Nothing {})).await;
    assert!(account.user_id.ends_with(".home.arpa"), "{account:?}");
    let echo = echo(&app).await;
    let greeted = until(&app, &echo, "the greeting", |all| !texts(all, false).is_empty()).await;
    assert_eq!(texts(&greeted, false).len(), 1);

    say(&app, &echo, "is anybody there?").await;
    until(&app, &echo, "the echo", |all| texts(all, false).iter().any(|text| text == "is anybody there?"))
        .await;
    let clip =
        tokio::task::spawn_blocking(|| hark_voice::prepare(&support::tone(500))).await.unwrap().unwrap();
    let voice =
        VoiceClip { ogg: clip.ogg.clone(), duration_ms: clip.duration_ms, waveform: clip.waveform.clone() };
    app.engine().send_voice(&echo.0, voice).await.unwrap();
    let is_voice = |message: &&Message| !message.mine && matches!(message.content, Content::Voice { .. });
    let heard =
        until(&app, &echo, "the same voice", |all| all.iter().any(|message| is_voice(&message))).await;
    let Content::Voice { source, duration_ms, .. } = &heard.iter().find(is_voice).unwrap().content else {
        panic!()
    };
    assert_eq!(*duration_ms, clip.duration_ms);
    assert_eq!(app.engine().media(source, hark_client::MediaKind::Voice).await.unwrap(), clip.ogg);
    app.close().await;

    let app = open(folder.path()).await;
    say(&app, &echo, "and now?").await;
    let all = until(&app, &echo, "the echo after a restart", |all| {
        texts(all, false).iter().any(|text| text == "and now?")
    })
    .await;
    let said = texts(&all, false);
    assert_eq!(said.len(), 3, "greeting and one answer each: {said:?}");
    app.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_while_the_echo_contact_was_away_is_answered_once() {
    let folder = tempfile::tempdir().unwrap();
    let app = open(folder.path()).await;
    let _: Account = run(&app, Command::TryIt(Nothing {})).await;
    let echo = echo(&app).await;
    until(&app, &echo, "the greeting", |all| !texts(all, false).is_empty()).await;
    for n in 0..5 {
        say(&app, &echo, &format!("number {n}")).await;
    }
    // Closed at once: some answers are given before, some after.
    app.close().await;
    let app = open(folder.path()).await;
    let all = until(&app, &echo, "five answers", |all| texts(all, false).len() >= 6).await;
    let said = texts(&all, false);
    let expected: Vec<String> = (0..5).map(|n| format!("number {n}")).collect();
    assert_eq!(said[1..], expected);
    assert!(
        all.iter()
            .filter(|message| message.mine)
            .all(|message| !matches!(message.state, MessageState::Failed { .. }))
    );
    app.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_signed_in_is_not_signed_in_twice() {
    let folder = tempfile::tempdir().unwrap();
    let app = open(folder.path()).await;
    let first: Account = run(&app, Command::TryIt(Nothing {})).await;
    let error = app.run(Command::TryIt(Nothing {})).await.unwrap_err();
    assert!(error.message.contains(&first.user_id), "{error}");
    let leave = InConversation { conversation: ConversationId("@nobody:nowhere.example".to_owned()) };
    assert!(app.run(Command::Leave(leave)).await.is_err());
    app.close().await;
}

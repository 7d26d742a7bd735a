//! With a real homeserver and a D-Bus of the test's own: what a person would see on their desktop. Where nothing may be
//! shown, a later message that is shown proves that nothing was.

use hark_client::Change;
use hark_client::model::{Content, ConversationId, Message};
use hark_testkit::{Desktop as Screen, Person, Resident, Server, Shown, wait_for, within};
use serde_json::json;
use tokio::sync::{broadcast, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::desktop::{self, Desktop};
use super::{Watched, run};
use crate::api::{Attention, Event, Settings};

/// Someone at a desktop. Whom they talk with writes by plain Matrix. The engine's changes go through the test, so that it
/// knows when the task has taken them.
struct Desk {
    screen: Screen,
    me: Resident,
    changes: broadcast::Receiver<Change>,
    relay: broadcast::Sender<Change>,
    settings: watch::Sender<Settings>,
    attention: watch::Sender<Attention>,
    events: broadcast::Receiver<Event>,
    stopping: CancellationToken,
    task: JoinHandle<()>,
}

impl Desk {
    async fn of(server: &Server, screen: Screen) -> Self {
        let me = server.engine("me").await;
        let (settings, attention) = (watch::Sender::default(), watch::Sender::default());
        let (tell, events) = broadcast::channel(16);
        let stopping = CancellationToken::new();
        let watched = Watched { settings: settings.subscribe(), attention: attention.subscribe() };
        let desktop = Desktop::at(screen.address());
        let changes = me.changes();
        let (relay, relayed) = broadcast::channel(1024);
        let task = tokio::spawn(run((*me).clone(), relayed, desktop, watched, tell, stopping.clone()));
        Self { screen, me, changes, relay, settings, attention, events, stopping, task }
    }

    /// Someone whose room with me I have joined.
    async fn talks_with(&mut self, server: &Server, name: &str) -> (Person, String) {
        let other = server.person(name).await;
        let room = other.direct_room_with(&self.me.user_id()).await;
        let id = ConversationId(other.user_id.clone());
        self.change("the invitation", |change| match change {
            Change::Invite { conversation, .. } if *conversation == id => Some(()),
            _ => None,
        })
        .await;
        within("it is accepted", self.me.accept(&id)).await.expect("a conversation");
        (other, room)
    }

    /// What the desktop is asked next.
    async fn seen(&mut self) -> Shown {
        loop {
            tokio::select! {
                seen = self.screen.next() => return seen,
                Ok(change) = self.changes.recv() => drop(self.relay.send(change)),
            }
        }
    }

    async fn shows(&mut self) -> (u32, u32, String, String) {
        match self.seen().await {
            Shown::Notify { id, replaces, title, body, .. } => (id, replaces, title, body),
            other @ Shown::Close { .. } => panic!("{other:?} instead of a notification"),
        }
    }

    /// Waits for a change and until the task has taken it.
    async fn change<T>(&mut self, what: &str, mut wanted: impl FnMut(&Change) -> Option<T>) -> T {
        within(what, async {
            loop {
                let change = self.changes.recv().await.expect("the engine runs");
                let found = wanted(&change);
                let _ = self.relay.send(change);
                if let Some(found) = found {
                    while !self.relay.is_empty() {
                        tokio::task::yield_now().await;
                    }
                    return found;
                }
            }
        })
        .await
    }

    /// Waits until a message is in the inbox and the task knows.
    async fn hears(&mut self, words: &str) -> Message {
        self.change(words, |change| match change {
            Change::Conversation(line) => line
                .last
                .clone()
                .filter(|last| matches!(&last.content, Content::Text { body } if body == words)),
            _ => None,
        })
        .await
    }

    async fn muted(&mut self, muted: bool) {
        self.change("the conversation is muted, or no longer", |change| match change {
            Change::Conversation(line) if line.muted == muted => Some(()),
            _ => None,
        })
        .await;
    }

    /// Words from someone nobody has heard of yet: what comes before them was not shown.
    async fn next_is(&mut self, server: &Server, name: &str) {
        let (other, room) = self.talks_with(server, name).await;
        other.send_text(&room, "the next").await;
        let (_, _, title, body) = self.shows().await;
        assert_eq!((title.as_str(), body.as_str()), (name, "the next"));
    }

    async fn quits(self) -> (Screen, Resident) {
        self.stopping.cancel();
        within("the end", self.task).await.expect("it ends well");
        (self.screen, self.me)
    }
}

#[tokio::test]
async fn a_message_is_shown_once_with_its_sender_and_a_click_opens_it() {
    let server = Server::start().await;
    let mut desk = Desk::of(&server, Screen::start().await).await;
    let (anna, room) = desk.talks_with(&server, "anna").await;
    anna.send_text(&room, "1 < 2 & <b>so\u{202e} on</b>").await;
    let shown = desk.seen().await;
    let Shown::Notify { id, replaces: 0, title, body, actions, hints } = shown else {
        panic!("{shown:?} is not a new notification")
    };
    assert_eq!(title, "anna");
    assert_eq!(body, "1 &lt; 2 &amp; &lt;b&gt;so on&lt;/b&gt;");
    assert_eq!(actions, ["default"]);
    let hint = |name: &str| hints.iter().find(|(hint, _)| hint == name).map(|(_, value)| value.as_str());
    assert_eq!((hint("desktop-entry"), hint("category")), (Some("app.hark.desktop"), Some("im.received")));
    let row =
        desk.me.conversation(&ConversationId(anna.user_id.clone())).await.expect("read").expect("there");
    desk.screen.click(id).await;
    assert_eq!(desk.seen().await, Shown::Close { id });
    let (conversation, key) =
        wait_for(&mut desk.events, "the window is asked to show it", |event| match event {
            Event::Show { conversation, key } => Some((conversation.clone(), *key)),
            _ => None,
        })
        .await;
    assert_eq!((conversation.0, key), (anna.user_id.clone(), row.last.map(|last| last.key)));
    desk.next_is(&server, "bert").await;
    server.stop().await;
}

#[tokio::test]
async fn a_voice_message_tells_its_length_and_a_group_who_spoke() {
    let server = Server::start().await;
    let mut desk = Desk::of(&server, Screen::start().await).await;
    let (anna, _) = desk.talks_with(&server, "anna").await;
    let me = desk.me.user_id();
    let group = anna.create_room(json!({ "name": "Climbing", "invite": [me] })).await;
    let voice = json!({
        "msgtype": "m.audio", "body": "Voice message", "url": "mxc://hark.test/none",
        "info": { "duration": 42_000 }, "org.matrix.msc3245.voice": {},
        "org.matrix.msc1767.audio": { "duration": 42_000 },
    });
    anna.send(&group, "m.room.message", voice).await;
    let (_, _, title, body) = desk.shows().await;
    assert_eq!((title.as_str(), body.as_str()), ("Climbing", "anna: Voice message, 0:42"));
    server.stop().await;
}

#[tokio::test]
async fn what_is_read_on_another_device_or_removed_is_withdrawn() {
    let server = Server::start().await;
    let mut desk = Desk::of(&server, Screen::start().await).await;
    let (anna, room) = desk.talks_with(&server, "anna").await;
    let first = anna.send_text(&room, "read me elsewhere").await;
    let (id, ..) = desk.shows().await;
    let phone = Person::login(&server.url(), "me").await;
    let receipt = format!("/_matrix/client/v3/rooms/{room}/receipt/m.read/{first}");
    phone.post(&receipt, json!({})).await.ok();
    assert_eq!(desk.seen().await, Shown::Close { id });

    let second = anna.send_text(&room, "not so").await;
    let (id, replaces, _, body) = desk.shows().await;
    assert_eq!((replaces, body.as_str()), (0, "not so"));
    anna.put(&format!("/_matrix/client/v3/rooms/{room}/redact/{second}/t"), json!({})).await.ok();
    assert_eq!(desk.seen().await, Shown::Close { id });

    anna.send_text(&room, "still there at the end").await;
    let (id, ..) = desk.shows().await;
    let (mut screen, _me) = desk.quits().await;
    assert_eq!(screen.so_far(), [Shown::Close { id }]);
    server.stop().await;
}

#[tokio::test]
async fn nothing_is_shown_of_ones_own_messages_muted_rooms_strangers_or_while_the_person_looks() {
    let server = Server::start().await;
    let mut desk = Desk::of(&server, Screen::start().await).await;
    let (anna, room) = desk.talks_with(&server, "anna").await;
    let phone = Person::login(&server.url(), "me").await;

    phone.send_text(&room, "my own").await;
    desk.hears("my own").await;

    let rule = format!("/_matrix/client/v3/pushrules/global/room/{room}");
    phone.put(&rule, json!({ "actions": [] })).await.ok();
    desk.muted(true).await;
    anna.send_text(&room, "into the silence").await;
    desk.hears("into the silence").await;
    phone.request(reqwest::Method::DELETE, &rule, None).await.ok();
    desk.muted(false).await;

    desk.attention.send_replace(Attention { focused: true, conversation: None });
    anna.send_text(&room, "while I look").await;
    desk.hears("while I look").await;
    desk.attention.send_replace(Attention::default());

    desk.settings.send_replace(Settings { do_not_disturb: true, ..Settings::default() });
    anna.send_text(&room, "while I rest").await;
    desk.hears("while I rest").await;
    desk.settings.send_replace(Settings { preview: false, ..Settings::default() });

    let stranger = server.person("stranger").await;
    stranger.direct_room_with(&desk.me.user_id()).await;
    desk.change("the request", |change| matches!(change, Change::Invite { .. }).then_some(())).await;

    anna.send_text(&room, "at last").await;
    let (_, _, title, body) = desk.shows().await;
    assert_eq!((title.as_str(), body.as_str()), ("anna", "New message"));
    server.stop().await;
}

#[tokio::test]
async fn a_mention_in_a_muted_room_is_told_unless_the_rules_silence_it_whole() {
    let server = Server::start().await;
    let mut desk = Desk::of(&server, Screen::start().await).await;
    let (anna, room) = desk.talks_with(&server, "anna").await;
    let phone = Person::login(&server.url(), "me").await;
    let rules = "/_matrix/client/v3/pushrules/global";
    phone.put(&format!("{rules}/room/{room}"), json!({ "actions": [] })).await.ok();
    desk.muted(true).await;
    anna.send_text(&room, "nothing for you").await;
    anna.send_text(&room, "for me to see").await;
    let (_, _, _, body) = desk.shows().await;
    assert_eq!(body, "for me to see");
    server.stop().await;
}

#[tokio::test]
async fn a_restart_shows_nothing_again_and_what_came_meanwhile_as_one() {
    let server = Server::start().await;
    let mut desk = Desk::of(&server, Screen::start().await).await;
    let (anna, room) = desk.talks_with(&server, "anna").await;
    anna.send_text(&room, "before").await;
    desk.shows().await;
    let (mut screen, me) = desk.quits().await;
    assert_eq!(screen.so_far().len(), 1, "it is withdrawn");
    let folder = me.data();
    me.close().await;
    for n in 1..=50 {
        anna.send_text(&room, &format!("while away {n}")).await;
    }
    let options = hark_client::Options::new(&folder).key(hark_client::KeyPolicy::File);
    let engine = hark_client::Engine::open(options).await.expect("it opens again");
    let stopping = CancellationToken::new();
    let (settings, attention) = (watch::Sender::default(), watch::Sender::default());
    let watched = Watched { settings: settings.subscribe(), attention: attention.subscribe() };
    let (tell, _events) = broadcast::channel(16);
    let desktop = Desktop::at(screen.address());
    let task = tokio::spawn(run(engine.clone(), engine.changes(), desktop, watched, tell, stopping.clone()));
    let Shown::Notify { title, body, replaces: 0, .. } = screen.next().await else {
        panic!("nothing is shown")
    };
    assert_eq!(title, "anna");
    let (count, newest) = body.split_once('\n').expect("a summary");
    assert!(count.ends_with(" new messages"), "{body}");
    assert_eq!(newest, "while away 50");
    stopping.cancel();
    within("the end", task).await.expect("it ends well");
    assert!(matches!(screen.so_far()[..], [Shown::Close { .. }]));
    engine.close().await;
    server.stop().await;
}

#[tokio::test]
async fn without_a_service_nothing_breaks_and_one_that_comes_later_is_found() {
    let server = Server::start().await;
    let mut desk = Desk::of(&server, Screen::bare()).await;
    let (anna, room) = desk.talks_with(&server, "anna").await;
    assert!(desktop::service_at(Some(desk.screen.address())).await.is_err());
    anna.send_text(&room, "unseen").await;
    desk.hears("unseen").await;
    // A service that knows neither markup nor clicks.
    desk.screen.serve(&["body"]).await;
    let address = desk.screen.address().to_owned();
    assert_eq!(desktop::service_at(Some(&address)).await.as_deref(), Ok("Testkit"));
    let (bert, room) = desk.talks_with(&server, "bert").await;
    bert.send_text(&room, "a < b").await;
    let shown = desk.seen().await;
    let Shown::Notify { body, actions, .. } = shown else { panic!("{shown:?}") };
    assert_eq!((body.as_str(), actions.len()), ("a < b", 0));
    // It is restarted: what it showed is gone, and the next message is a new notification.
    desk.screen.serve(&["body", "actions"]).await;
    let (cleo, room) = desk.talks_with(&server, "cleo").await;
    cleo.send_text(&room, "again").await;
    let (_, replaces, _, body) = desk.shows().await;
    assert_eq!((replaces, body.as_str()), (0, "again"));
    server.stop().await;
}

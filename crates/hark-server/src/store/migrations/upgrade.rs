//! A server of each earlier layout goes on with this program as if nothing had happened.
//!
//! `fixtures/` holds what a server kept: for each step the rows of what it added, as the program of that time wrote them. A database
//! of layout N is step 1 and its fixture, and so on to N; one of every N is brought up to date and lived in. A step without a fixture
//! has what it made of the rows before it.

use std::{fs, path::Path};

use rusqlite::Connection;
use serde_json::{Value, json};

use super::STEPS;
use crate::{Config, Server, store};

/// What was kept in what each step added, in the order of [`STEPS`].
const FIXTURES: &[&str] = &[
    include_str!("fixtures/0001_core.sql"),
    include_str!("fixtures/0002_accounts.sql"),
    include_str!("fixtures/0003_played.sql"),
    include_str!("fixtures/0004_relations.sql"),
    include_str!("fixtures/0005_discovery.sql"),
];

/// The first layout with accounts: before it nobody could sign in.
const FIRST: usize = 2;

const SIGNING_KEY: &str = "ed25519 a_npsm z7Ovszb2dT6ov1YV31u792NLYFYbUlqWx11lWd6YAfQ\n";
const NOTE: &str = "a note from long ago";
const NOTE_AT: &str = "LHHCELNgUBzuP0SOj6AQNcMa";
const ALICE: &str = "hk_ufJNbf55BlI62gGzRslubTOpwfxXPWH1";
const BOB: &str = "hk_8VGtWYMwOVrRpI0n1M3bYZYT19AsilNp";
const GARDEN: &str = "!CyJEyCiavITywLmaLh:old.example.org";
const PRIVATE: &str = "!wEIYZufytThhR4AbprjhtMBNACQI1sxGdkeDPDWX4bw";
const CELLAR: &str = "!swKgTqdZpouMitBece:old.example.org";
const NEW_SHED: &str = "!jSBRbQhSDIosAvuSHq:old.example.org";
const PEAS: &str = "$O69vHGr4P6F3jOUTQeglxpJQdiLc7oDz38-ghMPOjGY";
const SLIP: &str = "$XPMWzYj0XxC9uGwLIDEGKh0eKuuN3zgOgPZp0Og_OKI";
const SPOKEN: &str = "$uNqWPV0jkadI3HIhn4EOXfGN5OdLNpy243YLSzQkE2k";
/// What Alice's client knew when the server was last used.
const SINCE: &str = "h5b2c25fa.71.y3b0bf01a-1";

/// The folder of a server as the program whose newest step was number `layout` left it.
fn folder_of(layout: usize, folder: &Path) {
    let connection = Connection::open(folder.join("hark.db")).unwrap();
    connection.pragma_update(None, "journal_mode", "WAL").unwrap();
    for (number, step) in STEPS[..layout].iter().enumerate() {
        connection.execute_batch(step).unwrap();
        connection.execute_batch(FIXTURES.get(number).unwrap_or(&"")).unwrap();
    }
    connection.pragma_update(None, "user_version", layout).unwrap();
    fs::write(folder.join("signing.key"), SIGNING_KEY).unwrap();
    let hash: String =
        connection.query_row("SELECT content_hash FROM media", (), |row| row.get(0)).unwrap_or_default();
    if let Some((first, rest)) = hash.split_at_checked(2) {
        fs::create_dir_all(folder.join("media").join(first)).unwrap();
        fs::write(folder.join("media").join(first).join(rest), NOTE).unwrap();
    }
}

struct Client {
    http: reqwest::Client,
    url: String,
}

impl Client {
    async fn answer(&self, method: &str, token: &str, path: &str, body: Value) -> String {
        let url = format!("{}/_matrix/client/{path}", self.url);
        let request = self.http.request(method.parse().unwrap(), url).bearer_auth(token);
        let answer = request.body(body.to_string()).send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert_eq!(status, 200, "{path}: {text}");
        text
    }

    async fn call(&self, method: &str, token: &str, path: &str, body: Value) -> Value {
        serde_json::from_str(&self.answer(method, token, path, body).await).unwrap()
    }

    async fn get(&self, token: &str, path: &str) -> Value {
        self.call("GET", token, path, json!({})).await
    }

    async fn say(&self, token: &str, room: &str, text: &str) -> Value {
        let path = format!("v3/rooms/{room}/send/m.room.message/new-{}", text.len());
        self.call("PUT", token, &path, json!({ "msgtype": "m.text", "body": text })).await
    }
}

fn bodies(timeline: &Value) -> Vec<&str> {
    timeline["events"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|event| event["content"]["body"].as_str())
        .collect()
}

/// What was there is there, for those who were there.
async fn is_as_it_was(client: &Client) {
    let news = client.get(ALICE, &format!("v3/sync?since={SINCE}")).await;
    assert_eq!(bodies(&news["rooms"]["join"][GARDEN]["timeline"]), ["said after the last look"]);
    assert_eq!(news["to_device"]["events"][0]["content"], json!({ "hello": 1 }));

    let all = client.get(ALICE, "v3/sync?filter={\"room\":{\"timeline\":{\"limit\":50}}}").await;
    let rooms = all["rooms"]["join"].as_object().unwrap();
    assert_eq!(rooms.len(), 3, "{:?}", rooms.keys());
    assert!([GARDEN, PRIVATE, NEW_SHED].iter().all(|room| rooms.contains_key(*room)));
    assert!(all["rooms"]["invite"][CELLAR]["invite_state"].is_object());
    let garden = &rooms[GARDEN];
    assert!(bodies(&garden["timeline"]).contains(&"The peas are up"));
    assert_eq!(garden["unread_notifications"]["highlight_count"], 1);
    let events = garden["timeline"]["events"].as_array().unwrap();
    let event = |id: &str| events.iter().find(|event| event["event_id"] == id).unwrap();
    assert_eq!(event(SLIP)["content"], json!({}), "what was redacted stays redacted");
    assert_eq!(event(PEAS)["unsigned"]["m.relations"]["m.thread"]["count"], 1);
    assert!(rooms[PRIVATE]["timeline"].to_string().contains("m.megolm.v1.aes-sha2"));
    let kept = all["account_data"].to_string();
    assert!(kept.contains("m.direct") && kept.contains(GARDEN), "push rules too: {kept}");
    assert!(rooms[PRIVATE]["account_data"].to_string().contains("m.favourite"));

    let listed = client.get(ALICE, "v3/publicRooms").await;
    let listed = listed["chunk"].as_array().unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!((&listed[0]["name"], &listed[0]["topic"]), (&json!("Garden"), &json!("What grows")));
    assert_eq!(listed[0]["canonical_alias"], "#garden:old.example.org");
    let note = format!("v1/media/download/old.example.org/{NOTE_AT}");
    let note = client.answer("GET", ALICE, &note, json!({})).await;
    assert_eq!(note, NOTE);
    // The index of an older layout is made while the server runs.
    let wanted = json!({ "search_categories": { "room_events": { "search_term": "beans" } } });
    loop {
        let found = client.call("POST", ALICE, "v3/search", wanted.clone()).await;
        if found["search_categories"]["room_events"]["count"] == 1 {
            break;
        }
    }
}

/// People go on.
async fn goes_on(client: &Client) {
    let before = client.get(BOB, "v3/sync").await;
    let before = before["next_batch"].as_str().unwrap();
    client.say(ALICE, GARDEN, "And now the tomatoes").await;
    client.say(ALICE, PRIVATE, "Still here?").await;
    let after = client.get(BOB, &format!("v3/sync?since={before}")).await;
    assert_eq!(bodies(&after["rooms"]["join"][GARDEN]["timeline"]), ["And now the tomatoes"]);
    assert_eq!(bodies(&after["rooms"]["join"][PRIVATE]["timeline"]), ["Still here?"]);
    client.call("POST", BOB, &format!("v3/rooms/{GARDEN}/receipt/app.hark.played/{SPOKEN}"), json!({})).await;
    client.call("POST", ALICE, &format!("v3/rooms/{CELLAR}/join"), json!({})).await;
    client.say(ALICE, CELLAR, "Hello down there").await;
    let about = json!({ "reason": "slip" });
    client.call("POST", ALICE, &format!("v3/rooms/{GARDEN}/report/{SLIP}"), about).await;
    let login = json!({ "type": "m.login.password", "user": "bob", "password": "password of bob" });
    let login = client.call("POST", "", "v3/login", login).await;
    assert_eq!(login["user_id"], "@bob:old.example.org");
}

#[tokio::test]
async fn a_server_of_every_earlier_layout_goes_on() {
    let _already_installed = rustls::crypto::aws_lc_rs::default_provider().install_default();
    for layout in FIRST..=STEPS.len() {
        let folder = tempfile::tempdir().unwrap();
        folder_of(layout, folder.path());
        let mut config = Config::new(folder.path());
        config.listen = ([127, 0, 0, 1], 0).into();
        config.rate_limits = false;
        let server = Server::start(config).await.unwrap();
        assert_eq!(server.server_name(), "old.example.org");
        let client = Client { http: reqwest::Client::new(), url: server.url() };
        println!("layout {layout}");
        is_as_it_was(&client).await;
        goes_on(&client).await;
        server.shutdown().await;
        let audit = store::audit(&folder.path().join("hark.db")).unwrap();
        assert_eq!(audit.faults, Vec::<String>::new(), "layout {layout}");
    }
}

#[test]
fn rooms_without_accounts_are_brought_up_to_date_too() {
    let folder = tempfile::tempdir().unwrap();
    folder_of(1, folder.path());
    drop(store::Store::open(&folder.path().join("hark.db")).unwrap());
    let audit = store::audit(&folder.path().join("hark.db")).unwrap();
    assert_eq!((audit.faults, audit.rooms, audit.events), (Vec::new(), 5, 59));
}

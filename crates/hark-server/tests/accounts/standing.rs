use serde_json::{Value, json};

use crate::{
    PASSWORD, by_password,
    support::{Answer, House, Person, token, unique},
};

/// Somebody who runs the server, and their house.
async fn run(house: &House) -> Person {
    house.server.add_user("root", PASSWORD, true).await.unwrap();
    house.signed_in(&house.log_in("root", PASSWORD, json!({})).await.ok())
}

async fn ask(person: &Person, method: &str, path: &str, body: Option<Value>) -> Answer {
    let url = format!("{}/_matrix/client/v1/admin/{path}", person.base());
    let mut request = reqwest::Client::new().request(method.parse().unwrap(), url).bearer_auth(&person.token);
    if let Some(body) = body {
        request = request.json(&body);
    }
    let response = request.send().await.unwrap();
    Answer { status: response.status().as_u16(), body: response.json().await.unwrap() }
}

async fn suspend(root: &Person, who: &Person, suspended: bool) {
    let body = json!({ "suspended": suspended });
    assert_eq!(ask(root, "PUT", &format!("suspend/{}", who.id), Some(body.clone())).await.ok(), body);
    assert_eq!(ask(root, "GET", &format!("suspend/{}", who.id), None).await.ok(), body);
}

async fn lock(root: &Person, who: &Person, locked: bool) {
    let body = json!({ "locked": locked });
    assert_eq!(ask(root, "PUT", &format!("lock/{}", who.id), Some(body.clone())).await.ok(), body);
    assert_eq!(ask(root, "GET", &format!("lock/{}", who.id), None).await.ok(), body);
}

/// MSC4323: only those who run the server may, and before anything is looked up; not about themselves, nor about each other.
#[tokio::test]
async fn only_those_who_run_the_server_hold_accounts_back() {
    let house = House::open().await;
    let root = run(&house).await;
    house.server.add_user("other_root", PASSWORD, true).await.unwrap();
    let alice = house.person("alice").await;
    for (what, member) in [("suspend", "suspended"), ("lock", "locked")] {
        for who in ["@root:hark.test", "@nobody:hark.test", "@alice:elsewhere.org"] {
            let body = json!({ member: true });
            assert_eq!(
                ask(&alice, "PUT", &format!("{what}/{who}"), Some(body)).await.refusal(),
                (403, "M_FORBIDDEN")
            );
            assert_eq!(
                ask(&alice, "GET", &format!("{what}/{who}"), None).await.refusal(),
                (403, "M_FORBIDDEN")
            );
        }
        for (who, refusal) in [
            ("@root:hark.test", (403, "M_FORBIDDEN")),
            ("@other_root:hark.test", (403, "M_FORBIDDEN")),
            ("@nobody:hark.test", (404, "M_NOT_FOUND")),
            ("@alice:elsewhere.org", (400, "M_INVALID_PARAM")),
        ] {
            let body = json!({ member: true });
            assert_eq!(
                ask(&root, "PUT", &format!("{what}/{who}"), Some(body)).await.refusal(),
                refusal,
                "{who}"
            );
        }
        let missing = ask(&root, "PUT", &format!("{what}/{}", alice.id), Some(json!({}))).await;
        assert_eq!(missing.refusal(), (400, "M_MISSING_PARAM"));
        assert_eq!(
            ask(&root, "GET", &format!("{what}/{}", alice.id), None).await.ok(),
            json!({ member: false })
        );
    }
}

/// Spec "Account suspension": reading goes on, leaving and taking back one's own words too; whatever others would hear of is refused.
#[tokio::test]
async fn who_is_suspended_reads_and_leaves_but_does_not_write() {
    let house = House::open().await;
    let (root, alice, bob) = (run(&house).await, house.person("alice").await, house.person("bob").await);
    let room = bob.create_room(json!({ "preset": "public_chat" })).await;
    let other = bob.create_room(json!({ "preset": "public_chat" })).await;
    alice.join(&room).await.ok();
    let (own, bobs) = (alice.say(&room, "mine").await, bob.say(&room, "bob's").await);
    suspend(&root, &alice, true).await;
    let refused = (403, "M_USER_SUSPENDED");
    let send = format!("rooms/{room}/send/m.room.message/{}", unique());
    assert_eq!(alice.put(&send, json!({ "msgtype": "m.text", "body": "x" })).await.refusal(), refused);
    assert_eq!(alice.set_state(&room, "m.room.topic", json!({ "topic": "x" })).await.refusal(), refused);
    assert_eq!(alice.join(&other).await.refusal(), refused);
    assert_eq!(alice.post("createRoom", json!({})).await.refusal(), refused);
    assert_eq!(alice.invite(&room, &bob).await.refusal(), refused);
    assert_eq!(alice.post(&format!("knock/{other}"), json!({})).await.refusal(), refused);
    let name = format!("profile/{}/displayname", alice.id);
    assert_eq!(alice.put(&name, json!({ "displayname": "x" })).await.refusal(), refused);
    assert_eq!(alice.redact(&room, &bobs).await.refusal(), refused);

    let synced = alice.sync("timeout=0").await;
    assert!(synced["rooms"]["join"][&room].is_object());
    alice.get(&format!("rooms/{room}/messages?dir=b")).await.ok();
    alice.redact(&room, &own).await.ok();
    alice.get("devices").await.ok();
    let another = house.another_device("alice").await;
    assert_eq!(another.put(&send, json!({ "msgtype": "m.text", "body": "x" })).await.refusal(), refused);
    alice.leave(&room).await.ok();

    let house = house.restart().await;
    let (root, alice) = (house.again(&root), house.again(&alice));
    assert_eq!(alice.join(&room).await.refusal(), refused, "a restart forgets nothing");
    suspend(&root, &alice, false).await;
    alice.join(&room).await.ok();
    alice.say(&room, "back").await;
}

/// Spec "Account locking": a locked user can sign out and nothing else, is told so in a way that keeps the session for later, and a
/// wait that is under way ends.
#[tokio::test]
async fn who_is_locked_can_only_sign_out() {
    let house = House::open().await;
    let (root, alice) = (run(&house).await, house.person("alice").await);
    let (leaving, waiting) = (house.another_device("alice").await, house.another_device("alice").await);
    let first = waiting.sync("timeout=0").await;
    let path = format!("sync?timeout=25000&since={}", token(&first));
    let wait = tokio::spawn(async move { waiting.get(&path).await });
    lock(&root, &alice, true).await;
    let told = wait.await.unwrap();
    assert_eq!((told.refusal(), &told.body["soft_logout"]), ((401, "M_USER_LOCKED"), &json!(true)));
    for path in ["account/whoami", "sync?timeout=0", "devices", "joined_rooms"] {
        let answer = alice.get(path).await;
        assert_eq!(
            (answer.refusal(), &answer.body["soft_logout"]),
            ((401, "M_USER_LOCKED"), &json!(true)),
            "{path}"
        );
    }
    let closing = json!({ "auth": by_password(&alice, PASSWORD) });
    assert_eq!(alice.post("account/deactivate", closing).await.refusal(), (401, "M_USER_LOCKED"));
    assert_eq!(house.log_in("alice", PASSWORD, json!({})).await.refusal(), (401, "M_USER_LOCKED"));
    assert_eq!(house.log_in("alice", "wrong", json!({})).await.refusal(), (403, "M_FORBIDDEN"));
    leaving.post("logout", json!({})).await.ok();
    assert_eq!(leaving.get("account/whoami").await.refusal(), (401, "M_UNKNOWN_TOKEN"));
    lock(&root, &alice, false).await;
    assert_eq!(alice.get("account/whoami").await.ok()["user_id"], alice.id, "the session is still there");
    house.log_in("alice", PASSWORD, json!({})).await.ok();
}

/// SyTest "/whois": one's own devices with when and from where they asked; those of others only for those who run the server.
#[tokio::test]
async fn whois_tells_of_oneself_and_administrators_of_everybody() {
    let house = House::open().await;
    let (root, alice) = (run(&house).await, house.person("alice").await);
    let bob = house.person("bob").await;
    let path = format!("admin/whois/{}", alice.id);
    for asker in [&alice, &root] {
        let answer = asker.get(&path).await.ok();
        assert_eq!(answer["user_id"], alice.id);
        let connection = &answer["devices"][&alice.device]["sessions"][0]["connections"][0];
        assert_eq!(connection["ip"], "127.0.0.1");
        assert!(connection["last_seen"].as_i64().unwrap() > 1_600_000_000_000);
    }
    assert_eq!(bob.get(&path).await.refusal(), (403, "M_FORBIDDEN"));
}

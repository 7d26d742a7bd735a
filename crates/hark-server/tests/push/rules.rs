//! Push rules: reading and changing them, and being told of changes.

use serde_json::{Value, json};

use crate::support::{House, Person, token};

const GLOBAL: &str = "pushrules/global";

fn ids(rules: &Value) -> Vec<&str> {
    rules.as_array().unwrap().iter().map(|rule| rule["rule_id"].as_str().unwrap()).collect()
}

fn notify() -> Value {
    json!({ "actions": ["notify"] })
}

/// The rules in an answer of /sync.
fn told(sync: &Value) -> Option<Value> {
    let events = sync["account_data"]["events"].as_array()?;
    let rules = events.iter().find(|event| event["type"] == "m.push_rules")?;
    Some(rules["content"]["global"].clone())
}

/// A rule of each kind can be added and read back, with what the specification says a rule has.
#[tokio::test]
async fn a_rule_of_each_kind_is_added_and_read_back() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let condition = json!([{ "kind": "event_match", "key": "content.msgtype", "pattern": "m.notice" }]);
    for (kind, id, body) in [
        ("room", "!spam:example.com", notify()),
        ("sender", "@bob:example.com", notify()),
        ("content", "my_content_rule", json!({ "pattern": "my_pattern", "actions": ["notify"] })),
        ("override", "my_override_rule", json!({ "conditions": condition, "actions": ["notify"] })),
        ("underride", "my_underride_rule", json!({ "conditions": condition, "actions": ["notify"] })),
    ] {
        let at = format!("{GLOBAL}/{kind}/{id}");
        alice.put(&at, body.clone()).await.ok();
        // Twice is as good as once.
        alice.put(&at, body.clone()).await.ok();
        let rule = alice.get(&at).await.ok();
        assert_eq!((&rule["rule_id"], &rule["actions"]), (&json!(id), &json!(["notify"])), "{kind}");
        assert_eq!((&rule["enabled"], &rule["default"]), (&json!(true), &json!(false)), "{kind}");
        assert_eq!(rule.get("conditions"), body.get("conditions"), "{kind}");
        assert_eq!(rule.get("pattern"), body.get("pattern"), "{kind}");
    }
    house.server.shutdown().await;
}

/// New rules come first; `before` and `after` place new rules and move old ones.
#[tokio::test]
async fn rules_stand_where_they_were_put() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let put = async |id: &str, query: &str| {
        alice.put(&format!("{GLOBAL}/room/!{id}:example.com{query}"), notify()).await
    };
    let order = async || {
        let rules = alice.get(GLOBAL).await.ok();
        ids(&rules["room"]).iter().map(|id| id[1..2].to_owned()).collect::<String>()
    };
    put("a", "").await.ok();
    put("b", "").await.ok();
    assert_eq!(order().await, "ba");
    put("c", "?after=!a:example.com").await.ok();
    put("d", "?before=!a:example.com").await.ok();
    assert_eq!(order().await, "bdac");
    put("b", "?after=!c:example.com").await.ok();
    assert_eq!(order().await, "dacb");
    put("d", "?before=!b:example.com").await.ok();
    assert_eq!(order().await, "acdb");
    assert_eq!(put("e", "?before=!none:example.com").await.refusal(), (404, "M_NOT_FOUND"));
    assert_eq!(put("e", "?after=.m.rule.master").await.refusal(), (400, "M_INVALID_PARAM"));
    alice.delete(&format!("{GLOBAL}/room/!a:example.com")).await.ok();
    assert_eq!(order().await, "cdb");
    house.server.shutdown().await;
}

/// Rules of the user's own stand above those of the server, of which `.m.rule.master` alone comes first.
#[tokio::test]
async fn own_rules_come_before_the_defaults_but_after_the_master_switch() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let anything = json!({ "conditions": [], "actions": [] });
    for kind in ["override", "underride"] {
        alice.put(&format!("{GLOBAL}/{kind}/mine"), anything.clone()).await.ok();
    }
    let rules = alice.get(GLOBAL).await.ok();
    assert_eq!(ids(&rules["override"])[..3], [".m.rule.master", "mine", ".m.rule.suppress_notices"]);
    assert_eq!(ids(&rules["underride"])[..2], ["mine", ".m.rule.call"]);
    house.server.shutdown().await;
}

/// The list is found with and without the slash at its end, in both versions of the address.
#[tokio::test]
async fn the_list_is_found_with_and_without_a_slash() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let whole = alice.get("pushrules/").await.ok();
    assert_eq!(alice.get("pushrules").await.ok(), whole);
    assert_eq!(alice.get("../r0/pushrules/").await.ok(), whole);
    assert_eq!(alice.get("pushrules/global").await.ok(), whole["global"]);
    assert_eq!(alice.get("pushrules/global/").await.ok(), whole["global"]);
    house.server.shutdown().await;
}

/// Ids are taken as they come, whatever letters they have.
#[tokio::test]
async fn rule_ids_may_have_odd_letters() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    for (id, address) in [
        ("ünïcode 🎂", "%C3%BCn%C3%AFcode%20%F0%9F%8E%82"),
        ("100%", "100%25"),
        ("what?#&+;=", "what%3F%23%26%2B%3B%3D"),
        ("..", "%2E%2E."),
    ] {
        let at = format!("{GLOBAL}/content/{address}");
        let put = alice.put(&at, json!({ "pattern": "x", "actions": [] })).await;
        if id.starts_with('.') {
            assert_eq!(put.refusal(), (400, "M_INVALID_PARAM"));
            continue;
        }
        put.ok();
        assert_eq!(alice.get(&at).await.ok()["rule_id"], id);
        alice.put(&format!("{at}/enabled"), json!({ "enabled": false })).await.ok();
        assert_eq!(alice.get(&format!("{at}/enabled")).await.ok(), json!({ "enabled": false }));
        alice.delete(&at).await.ok();
    }
    for address in ["a%2Fb", "a%5Cb", "%00"] {
        let at = format!("{GLOBAL}/content/{address}");
        let put = alice.put(&at, json!({ "pattern": "x", "actions": [] })).await;
        assert_eq!(put.status, 400, "{address}");
    }
    house.server.shutdown().await;
}

/// What is not a rule is refused in words, and changes nothing.
#[tokio::test]
async fn what_is_no_rule_is_refused() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let before = alice.get(GLOBAL).await.ok();
    let long = "x".repeat(257);
    for (at, body) in [
        ("override/mine", json!({ "actions": [] })),
        ("override/mine", json!({ "conditions": [{ "key": "type", "pattern": "x" }], "actions": [] })),
        (
            "override/mine",
            json!({ "conditions": [{ "kind": "event_match", "key": "type", "pattern": long }], "actions": [] }),
        ),
        (
            "override/mine",
            json!({ "conditions": vec![json!({ "kind": "odd", "data": long }); 20], "actions": [] }),
        ),
        ("content/mine", json!({ "actions": [] })),
        ("content/mine", json!({ "pattern": "x" })),
        ("content/mine", json!({ "pattern": "x", "actions": [1] })),
        ("content/.m.rule.mine", json!({ "pattern": "x", "actions": [] })),
        ("content/mine/enabled", json!({ "enabled": "yes" })),
        ("room/no-room", notify()),
        ("sender/nobody", notify()),
    ] {
        let answer = alice.put(&format!("{GLOBAL}/{at}"), body.clone()).await;
        assert_eq!(answer.status, 400, "{at} {body} {}", answer.body);
    }
    let nowhere = alice.put("pushrules/device/content/mine", json!({ "pattern": "x", "actions": [] })).await;
    assert_eq!(nowhere.refusal(), (404, "M_UNRECOGNIZED"));
    assert_eq!(alice.get(GLOBAL).await.ok(), before);
    house.server.shutdown().await;
}

/// Actions of a default rule and of an own one can be changed; of one that does not exist, 404. The same for switching on and off.
#[tokio::test]
async fn actions_and_switches_work_on_defaults_and_own_rules_and_404_elsewhere() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    alice.put(&format!("{GLOBAL}/content/mine"), json!({ "pattern": "x", "actions": [] })).await.ok();
    for at in ["content/mine", "underride/.m.rule.message"] {
        let at = format!("{GLOBAL}/{at}");
        let loud = json!({ "actions": ["notify", { "set_tweak": "sound", "value": "ping" }] });
        alice.put(&format!("{at}/actions"), loud.clone()).await.ok();
        assert_eq!(alice.get(&format!("{at}/actions")).await.ok(), loud);
        assert_eq!(alice.get(&at).await.ok()["actions"], loud["actions"]);
        for enabled in [false, true] {
            let switch = json!({ "enabled": enabled });
            alice.put(&format!("{at}/enabled"), switch.clone()).await.ok();
            assert_eq!(alice.get(&format!("{at}/enabled")).await.ok(), switch);
        }
    }
    for at in ["content/none", "underride/.m.rule.none", "nokind/mine"] {
        let at = format!("{GLOBAL}/{at}");
        let missing = (404, "M_NOT_FOUND");
        assert_eq!(alice.put(&format!("{at}/actions"), notify()).await.refusal(), missing, "{at}");
        assert_eq!(
            alice.put(&format!("{at}/enabled"), json!({ "enabled": true })).await.refusal(),
            missing,
            "{at}"
        );
        for end in ["", "/actions", "/enabled"] {
            assert_eq!(alice.get(&format!("{at}{end}")).await.refusal(), missing, "{at}{end}");
        }
        assert_eq!(alice.delete(&at).await.refusal(), missing, "{at}");
    }
    house.server.shutdown().await;
}

/// A rule that was switched off stays off when it is written anew.
#[tokio::test]
async fn a_rule_that_is_written_anew_stays_switched_off() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let at = format!("{GLOBAL}/room/!r:example.com");
    alice.put(&at, notify()).await.ok();
    alice.put(&format!("{at}/enabled"), json!({ "enabled": false })).await.ok();
    alice.put(&at, json!({ "actions": ["dont_notify"] })).await.ok();
    let rule = alice.get(&at).await.ok();
    assert_eq!((&rule["enabled"], &rule["actions"]), (&json!(false), &json!(["dont_notify"])));
    house.server.shutdown().await;
}

/// What waits for news is told of the whole list at once when a rule is added, switched, changed or removed.
#[tokio::test]
async fn each_change_wakes_sync_with_the_whole_list() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let first = alice.sync("timeout=0").await;
    assert!(ids(&told(&first).unwrap()["override"]).contains(&".m.rule.master"));
    let at = format!("{GLOBAL}/room/!foo:example.com");
    let mut since = token(&first).to_owned();
    for (method, end, body) in [
        ("PUT", "", Some(notify())),
        ("PUT", "/enabled", Some(json!({ "enabled": false }))),
        ("PUT", "/enabled", Some(json!({ "enabled": true }))),
        ("PUT", "/actions", Some(json!({ "actions": ["dont_notify"] }))),
        ("DELETE", "", None),
    ] {
        let waiting = wait(&alice, &since);
        let change = async { alice.call(method, &format!("{at}{end}"), body).await.ok() };
        let (news, _) = tokio::join!(waiting, change);
        let rules = told(&news).unwrap();
        for kind in ["override", "content", "room", "sender", "underride"] {
            assert!(rules[kind].is_array(), "{method} {end} {rules}");
        }
        assert_eq!(rules, alice.get(GLOBAL).await.ok(), "{method} {end}");
        since = token(&news).to_owned();
    }
    house.server.shutdown().await;
}

async fn wait(person: &Person, since: &str) -> Value {
    person.sync(&format!("timeout=20000&since={since}")).await
}

/// Rules are one's own.
#[tokio::test]
async fn nobody_has_rules_of_others() {
    let house = House::open().await;
    let (alice, bob) = (house.person("alice").await, house.person("bob").await);
    alice.put(&format!("{GLOBAL}/room/!foo:example.com"), notify()).await.ok();
    assert_eq!(ids(&bob.get(GLOBAL).await.ok()["room"]), [""; 0]);
    house.server.shutdown().await;
}

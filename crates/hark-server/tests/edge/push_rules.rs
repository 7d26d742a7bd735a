//! Push rules: the defaults for everybody, changes for whoever makes them.

use serde_json::{Value, json};

use crate::support::home;

const GLOBAL: &str = "/_matrix/client/v3/pushrules/global";

fn ids(rules: &Value) -> Vec<&str> {
    rules.as_array().unwrap().iter().map(|rule| rule["rule_id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn everybody_begins_with_the_defaults_of_the_specification() {
    let home = home().await;
    let alice = home.person("alice").await;
    let rules = alice.get("/_matrix/client/v3/pushrules/").await.ok();
    let overriding = ids(&rules["global"]["override"]);
    assert_eq!(overriding[0], ".m.rule.master");
    for known in [
        ".m.rule.suppress_notices",
        ".m.rule.invite_for_me",
        ".m.rule.is_user_mention",
        ".m.rule.is_room_mention",
    ] {
        assert!(overriding.contains(&known), "{known}");
    }
    assert!(ids(&rules["global"]["underride"]).contains(&".m.rule.message"));
    for kind in ["content", "room", "sender"] {
        assert_eq!(
            ids(&rules["global"][kind]),
            [""; 0],
            "a client reads the list of each kind, though it is empty"
        );
    }
    assert_eq!(alice.get(GLOBAL).await.ok(), rules["global"]);
    home.server.shutdown().await;
}

#[tokio::test]
async fn a_rule_of_ones_own_is_added_changed_moved_and_removed() {
    let home = home().await;
    let alice = home.person("alice").await;
    let cake = format!("{GLOBAL}/content/cake");
    assert_eq!(alice.get(&cake).await.refusal(), (404, "M_NOT_FOUND"));
    alice.put(&cake, json!({ "pattern": "cake", "actions": ["notify"] })).await.ok();
    assert_eq!(alice.get(&cake).await.ok()["pattern"], "cake");
    alice.put(&format!("{cake}/enabled"), json!({ "enabled": false })).await.ok();
    assert_eq!(alice.get(&format!("{cake}/enabled")).await.ok(), json!({ "enabled": false }));
    alice.put(&format!("{cake}/actions"), json!({ "actions": [] })).await.ok();
    assert_eq!(alice.get(&format!("{cake}/actions")).await.ok(), json!({ "actions": [] }));
    let tea = json!({ "pattern": "tea", "actions": ["notify"] });
    alice.put(&format!("{GLOBAL}/content/tea?after=cake"), tea.clone()).await.ok();
    let listed = alice.get(GLOBAL).await.ok();
    assert_eq!(ids(&listed["content"])[..2], ["cake", "tea"]);
    let nowhere = alice.put(&format!("{GLOBAL}/content/pie?before=nope"), tea.clone()).await;
    assert_eq!(nowhere.refusal(), (404, "M_NOT_FOUND"));
    alice.delete(&cake).await.ok();
    assert_eq!(alice.delete(&cake).await.refusal(), (404, "M_NOT_FOUND"));
    let endless = json!({ "pattern": "*".repeat(300), "actions": [] });
    assert_eq!(alice.put(&cake, endless).await.refusal(), (400, "M_INVALID_PARAM"));
    home.server.shutdown().await;
}

/// `before` and `after` name the neighbour a rule gets, whether it is new or moves, wherever it stood.
#[tokio::test]
async fn a_rule_moves_next_to_any_other_from_anywhere() {
    let home = home().await;
    let alice = home.person("alice").await;
    let put = async |id: &str, place: String| {
        let rule = json!({ "pattern": id, "actions": [] });
        alice.put(&format!("{GLOBAL}/content/{id}{place}"), rule).await
    };
    for id in ["a", "b", "c"] {
        put(id, String::new()).await.ok();
    }
    let listed = alice.get(GLOBAL).await.ok();
    let mut expected: Vec<String> = ids(&listed["content"]).into_iter().map(str::to_owned).collect();
    for moved in ["a", "b", "c"] {
        for neighbour in ["a", "b", "c"].into_iter().filter(|neighbour| *neighbour != moved) {
            for (side, behind) in [("before", 0), ("after", 1)] {
                put(moved, format!("?{side}={neighbour}")).await.ok();
                expected.retain(|id| id != moved);
                let at = expected.iter().position(|id| id == neighbour).unwrap();
                expected.insert(at + behind, moved.to_owned());
                assert_eq!(
                    ids(&alice.get(GLOBAL).await.ok()["content"]),
                    expected,
                    "{moved} {side} {neighbour}"
                );
            }
        }
    }
    for side in ["before", "after"] {
        put("a", format!("?{side}=a")).await.ok();
    }
    assert_eq!(ids(&alice.get(GLOBAL).await.ok()["content"]), expected, "next to itself it stays");
    home.server.shutdown().await;
}

#[tokio::test]
async fn a_default_is_switched_off_but_not_removed() {
    let home = home().await;
    let (alice, bob) = (home.person("alice").await, home.person("bob").await);
    let notices = format!("{GLOBAL}/override/.m.rule.suppress_notices");
    alice.put(&format!("{notices}/enabled"), json!({ "enabled": false })).await.ok();
    assert_eq!(alice.get(&notices).await.ok()["enabled"], false);
    assert_eq!(bob.get(&notices).await.ok()["enabled"], true);
    assert_eq!(alice.delete(&notices).await.status, 400);
    let unknown = alice.put(&format!("{GLOBAL}/override/nope/enabled"), json!({ "enabled": true })).await;
    assert_eq!(unknown.refusal(), (404, "M_NOT_FOUND"));
    home.server.shutdown().await;
}

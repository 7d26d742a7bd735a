//! What clients keep on the server: account data, tags, filters.

use serde_json::json;

use crate::support::home;

const GLOBAL: &str = "/_matrix/client/v3/user/{me}/account_data";
const ROOM: &str = "/_matrix/client/v3/user/{me}/rooms/!room:test.home.arpa";

#[tokio::test]
async fn account_data_is_kept_as_it_came_and_is_its_owners_alone() {
    let home = home().await;
    let (alice, bob) = (home.person("alice").await, home.person("bob").await);
    let direct = format!("{GLOBAL}/m.direct");
    assert_eq!(alice.get(&direct).await.refusal(), (404, "M_NOT_FOUND"));
    let content = json!({ "@bob:test.home.arpa": ["!room:test.home.arpa"], "z": 1, "a": null });
    alice.put(&direct, content.clone()).await.ok();
    assert_eq!(alice.get(&direct).await.ok(), content);
    let hers = direct.replace("{me}", &alice.user_id);
    assert_eq!(bob.get(&hers).await.refusal(), (403, "M_FORBIDDEN"));
    assert_eq!(bob.put(&hers, json!({})).await.refusal(), (403, "M_FORBIDDEN"));
    let in_room = format!("{ROOM}/account_data/org.example");
    assert_eq!(alice.get(&in_room).await.refusal(), (404, "M_NOT_FOUND"));
    alice.put(&in_room, json!({ "in": "room" })).await.ok();
    assert_eq!(alice.get(&in_room).await.ok(), json!({ "in": "room" }));
    assert_eq!(alice.get(&format!("{GLOBAL}/org.example")).await.refusal(), (404, "M_NOT_FOUND"));
    home.server.shutdown().await;
}

#[tokio::test]
async fn what_has_an_endpoint_of_its_own_is_not_written_here() {
    let home = home().await;
    let alice = home.person("alice").await;
    for path in [format!("{GLOBAL}/m.push_rules"), format!("{ROOM}/account_data/m.fully_read")] {
        assert_eq!(alice.put(&path, json!({})).await.refusal(), (405, "M_BAD_JSON"));
    }
    let rules = alice.get(&format!("{GLOBAL}/m.push_rules")).await.ok();
    assert!(rules["global"]["override"].is_array());
    let large = json!({ "x": "x".repeat(70_000) });
    assert_eq!(alice.put(&format!("{GLOBAL}/org.large"), large).await.refusal(), (413, "M_TOO_LARGE"));
    home.server.shutdown().await;
}

#[tokio::test]
async fn tags_come_and_go_one_by_one() {
    let home = home().await;
    let alice = home.person("alice").await;
    let tags = format!("{ROOM}/tags");
    assert_eq!(alice.get(&tags).await.ok(), json!({ "tags": {} }));
    alice.put(&format!("{tags}/m.favourite"), json!({ "order": "0.25" })).await.ok();
    alice.put(&format!("{tags}/u.work%2Fhome"), json!({})).await.ok();
    let both = json!({ "tags": { "m.favourite": { "order": "0.25" }, "u.work/home": {} } });
    assert_eq!(alice.get(&tags).await.ok(), both);
    assert_eq!(alice.get(&format!("{ROOM}/account_data/m.tag")).await.ok(), both);
    alice.delete(&format!("{tags}/m.favourite")).await.ok();
    alice.delete(&format!("{tags}/m.favourite")).await.ok();
    assert_eq!(alice.get(&tags).await.ok(), json!({ "tags": { "u.work/home": {} } }));
    home.server.shutdown().await;
}

#[tokio::test]
async fn a_filter_is_kept_with_what_we_do_not_know_and_has_one_id() {
    let home = home().await;
    let (alice, bob) = (home.person("alice").await, home.person("bob").await);
    let filters = "/_matrix/client/v3/user/{me}/filter";
    let filter =
        json!({ "room": { "timeline": { "limit": 5 }, "state": { "lazy_load_members": true } }, "org.x": 1 });
    let id = alice.post(filters, filter.clone()).await.ok()["filter_id"].as_str().unwrap().to_owned();
    assert!(!id.starts_with('{'));
    assert_eq!(alice.post(filters, filter.clone()).await.ok()["filter_id"], id);
    assert_eq!(alice.get(&format!("{filters}/{id}")).await.ok(), filter);
    assert_eq!(bob.get(&format!("{filters}/{id}")).await.refusal(), (404, "M_NOT_FOUND"));
    assert_eq!(alice.get(&format!("{filters}/nope")).await.refusal(), (404, "M_NOT_FOUND"));
    let not_a_boolean = json!({ "room": { "state": { "lazy_load_members": "true" } } });
    assert_eq!(alice.post(filters, not_a_boolean).await.refusal(), (400, "M_BAD_JSON"));
    home.server.shutdown().await;
}

/// Specification, "Room Tagging": `order` is a number between 0 and 1.
#[tokio::test]
async fn a_tag_keeps_its_fractional_order() {
    let home = home().await;
    let alice = home.person("alice").await;
    let tags = format!("/_matrix/client/v3/user/{}/rooms/!room:test.home.arpa/tags", alice.user_id);
    alice.put(&format!("{tags}/m.favourite"), json!({ "order": 0.25 })).await.ok();
    assert_eq!(alice.get(&tags).await.ok(), json!({ "tags": { "m.favourite": { "order": 0.25 } } }));
    home.server.shutdown().await;
}

//! Messages between devices, as far as they can be seen without sync: what is accepted, and what is not.

use serde_json::json;

use crate::support::home;

#[tokio::test]
async fn messages_for_anybody_are_accepted_and_malformed_ones_are_not() {
    let home = home().await;
    let alice = home.person("alice").await;
    let at = "/_matrix/client/v3/sendToDevice/org.example";
    let known = json!({ "messages": { &alice.user_id: { "*": { "n": 1 } } } });
    assert_eq!(alice.put(&format!("{at}/1"), known.clone()).await.ok(), json!({}));
    assert_eq!(alice.put(&format!("{at}/1"), known).await.ok(), json!({}));
    let unknown = json!({ "messages": { "@nobody:test.home.arpa": { "DEVICE": {} } } });
    alice.put(&format!("{at}/2"), unknown).await.ok();
    for (body, refusal) in [
        (json!({}), (400, "M_MISSING_PARAM")),
        (json!({ "messages": [] }), (400, "M_BAD_JSON")),
        (json!({ "messages": { "not a user": {} } }), (400, "M_BAD_JSON")),
        (json!({ "messages": { &alice.user_id: { "*": "text" } } }), (400, "M_BAD_JSON")),
        (
            json!({ "messages": { &alice.user_id: { "*": { "x": "x".repeat(70_000) } } } }),
            (413, "M_TOO_LARGE"),
        ),
    ] {
        assert_eq!(alice.put(&format!("{at}/3"), body).await.refusal(), refusal);
    }
    home.server.shutdown().await;
}

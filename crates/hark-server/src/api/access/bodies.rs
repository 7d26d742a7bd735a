//! Bodies that no endpoint takes, at every endpoint that takes one: refused with the right errcode, and nothing is changed.

use super::{changes, endpoints, fill, people::People};

/// What is not JSON, and what JSON readers disagree about. In all of it something is wrong before anybody asks what it means.
fn refused() -> Vec<(String, &'static str)> {
    let lists = format!("{{\"a\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    let objects = format!("{}1{}", "{\"a\":".repeat(10_000), "}".repeat(10_000));
    let not_json =
        ["{", "hello", r#"{"a":NaN}"#, r#"{"a":"\ud800"}"#, r#"{"a":1}x"#, "\u{feff}{}", r#"{"a":01}"#];
    let bad_json = [
        r#"{"a":9007199254740992}"#,
        r#"{"a":-9007199254740992}"#,
        r#"{"a":1e300}"#,
        r#"{"a":"\u0000"}"#,
        r#"{"a\u0000":1}"#,
        r#"{"a":1,"a":2}"#,
        "[]",
        "\"text\"",
        "5",
        "null",
        "true",
    ];
    let named =
        |bodies: &[&str], errcode| bodies.iter().map(|body| (body.to_string(), errcode)).collect::<Vec<_>>();
    let mut all = named(&not_json, "M_NOT_JSON");
    all.extend(named(&bad_json, "M_BAD_JSON"));
    all.extend([(lists, "M_BAD_JSON"), (objects, "M_BAD_JSON")]);
    all
}

#[tokio::test]
async fn what_json_readers_disagree_about_is_refused_by_every_endpoint_and_changes_nothing() {
    let people = People::gather().await;
    let room = people.room("shared", "bodies").await;
    let me = "@owner:test.home.arpa";
    let before = people.committed();
    let (bodies, mut asked) = (refused(), 0);
    for (row, path) in endpoints() {
        // A file is whatever it is.
        if !changes(row) || row.path.ends_with("/upload") {
            continue;
        }
        let path = fill(row, &path, me, &room.id, &room.events[0]);
        for (body, errcode) in &bodies {
            let answer = people.ask(me, row.method, &path, body).await;
            let told = format!("{} {path} {body:.40} → {}", row.method, answer.text);
            assert_eq!((answer.status, answer.errcode().as_str()), (400, *errcode), "{told}");
            asked += 1;
        }
    }
    assert!(asked > 1000, "{asked}");
    assert_eq!(people.committed(), before);
    assert_eq!(people.ask(me, "GET", "/_matrix/client/v3/account/whoami", "").await.status, 200);
    people.go().await;
}

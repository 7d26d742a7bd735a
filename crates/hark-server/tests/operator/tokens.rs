//! Tokens to register with.

use serde_json::{Value, json};

use crate::program::Place;

/// Registers with a token; the status of the last step.
async fn register(place: &Place, name: &str, token: &str) -> (u16, Value) {
    let body = json!({ "username": name, "password": "a good password" });
    let (_, begun) = place.register(body.clone()).await;
    let auth = json!({ "type": "m.login.registration_token", "token": token, "session": begun["session"] });
    let mut body = body;
    body["auth"] = auth;
    place.register(body).await
}

#[tokio::test]
async fn a_token_makes_as_many_accounts_as_it_says_and_ends_when_it_says() {
    let place = Place::served("token");
    let once = place.run(&["token", "new", "--uses", "1"]);
    assert_eq!(register(&place, "first", once.ok()).await.0, 200);
    assert_ne!(register(&place, "second", once.ok()).await.0, 200);

    let named = place.run(&["token", "new", "--token", "Spring-2027", "--expires", "7d", "--json"]).json();
    assert_eq!((&named["token"], &named["uses"]), (&json!("Spring-2027"), &Value::Null));
    assert_eq!(register(&place, "third", "Spring-2027").await.0, 200);
    place.run(&["token", "new", "--token", "Spring-2027"]).refused("such a token already");
    place.run(&["token", "new", "--token", "not allowed"]).refused("1 to 64 letters");

    let list = place.run(&["token", "list", "--json"]).json();
    let find =
        |token: &str| list.as_array().unwrap().iter().find(|entry| entry["token"] == token).unwrap().clone();
    assert_eq!(find(once.ok())["uses_left"], 0);
    assert_eq!(find("Spring-2027")["expires_ms"], named["expires_ms"]);
    assert!(place.run(&["token", "list"]).ok().contains("without end"));

    place.run(&["token", "remove", "Spring-2027"]).ok();
    assert_ne!(register(&place, "fourth", "Spring-2027").await.0, 200);
    for wrong in [&["--uses", "0"][..], &["--expires", "soon"], &["--expires", "0d"], &["--expires", ""]] {
        assert_eq!(place.run(&[&["token", "new"], wrong].concat()).code, Some(2), "{wrong:?}");
    }
}

#[tokio::test]
async fn a_token_that_has_ended_makes_no_account() {
    let place = Place::served("token");
    place.run(&["token", "new", "--token", "late", "--expires", "1d"]).ok();
    let database = rusqlite::Connection::open(place.path().join("hark.db")).unwrap();
    database.execute("UPDATE registration_tokens SET expires_ms = created_ms", ()).unwrap();
    let (status, answer) = register(&place, "somebody", "late").await;
    assert_ne!(status, 200, "{answer}");
    let validity = place.get("v1/register/m.login.registration_token/validity?token=late").await;
    assert_eq!(validity, json!({ "valid": false }));
}

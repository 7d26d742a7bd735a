//! Accounts from outside: signing in and out, devices, passwords, tokens, and what an owner may do about them.

#![expect(clippy::unwrap_used, reason = "a test ends where it goes wrong")]

mod account_data;
mod closing;
mod devices;
mod invites;
mod passwords;
mod refreshing;
mod registering;
mod signing_in;
mod standing;

#[path = "../support/mod.rs"]
mod support;

use serde_json::{Value, json};
use support::{Answer, Person};

/// The password everybody has.
const PASSWORD: &str = "correct horse";

/// The `auth` of a request that shows a password.
fn by_password(person: &Person, password: &str) -> Value {
    json!({ "type": "m.login.password", "identifier": { "type": "m.id.user", "user": person.id }, "password": password })
}

/// Whether a token is good.
async fn is_signed_in(person: &Person) -> bool {
    let answer = person.get("account/whoami").await;
    assert!(answer.status == 200 || answer.refusal() == (401, "M_UNKNOWN_TOKEN"), "{}", answer.body);
    answer.status == 200
}

/// The answer that asks for a password, and its session.
#[track_caller]
fn asked_for_password(answer: &Answer) -> String {
    assert_eq!(answer.status, 401, "{}", answer.body);
    assert_eq!(answer.body["flows"], json!([{ "stages": ["m.login.password"] }]));
    assert_eq!(answer.body["params"], json!({}));
    answer.body["session"].as_str().unwrap().to_owned()
}

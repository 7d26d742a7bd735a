//! /sync over HTTP: what clients are told, when, and that it adds up.

#![expect(clippy::unwrap_used, reason = "a test ends where it goes wrong")]

mod damage;
mod devices;
mod filtering;
mod folding;
mod inviting;
mod joining;
mod lazy;
mod leaving;
mod presence;
mod restarting;
mod signals;
mod summaries;
#[path = "../support/mod.rs"]
mod support;
mod syncing;
mod syncs;
mod timelines;
mod waking;

/// A text as it stands in an address.
fn urlencoding(text: &str) -> String {
    text.bytes().fold(String::new(), |encoded, byte| encoded + &format!("%{byte:02X}"))
}

/// The types of a list of events.
fn types(events: &serde_json::Value) -> Vec<String> {
    events.as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect()
}

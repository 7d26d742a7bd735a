//! Rooms and sync over HTTP, as clients see them.

#![expect(clippy::unwrap_used, reason = "a test ends where it goes wrong")]

mod aliases;
mod bundles;
mod checker;
mod creating;
mod creators;
mod history;
mod jump;
mod knocking;
mod membership;
mod powers;
mod reading;
mod redacting;
mod redaction;
mod relations;
mod restricted;
mod search;
mod secrecy;
mod sending;
mod state;
#[path = "../support/mod.rs"]
mod support;
mod talking;
mod threads;
mod transitions;
mod upgrading;
mod validity;

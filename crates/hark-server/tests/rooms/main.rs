//! Rooms and sync over HTTP, as clients see them.

#![expect(clippy::unwrap_used, reason = "a test ends where it goes wrong")]

mod aliases;
mod bundles;
mod checker;
mod creating;
mod creators;
mod hierarchy;
mod history;
mod jump;
mod knocking;
mod legacy;
mod membership;
mod people;
mod powers;
mod public_rooms;
mod reading;
mod redacting;
mod redaction;
mod relations;
mod reports;
mod restricted;
mod search;
mod secrecy;
mod sending;
mod state;
mod summary;
#[path = "../support/mod.rs"]
mod support;
mod talking;
mod threads;
mod transitions;
mod upgrading;
mod validity;
mod written;

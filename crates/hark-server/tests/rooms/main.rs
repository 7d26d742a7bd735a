//! Rooms and sync over HTTP, as clients see them.

#![expect(clippy::unwrap_used, reason = "a test ends where it goes wrong")]

mod aliases;
mod checker;
mod creating;
mod creators;
mod folding;
mod history;
mod knocking;
mod membership;
mod powers;
mod reading;
mod redacting;
mod restricted;
mod secrecy;
mod sending;
mod state;
#[path = "../support/mod.rs"]
mod support;
mod syncing;
mod talking;
mod transitions;
mod upgrading;
mod validity;

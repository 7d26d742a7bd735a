//! Rooms and sync over HTTP, as clients see them.

#![expect(clippy::unwrap_used, reason = "a test ends where it goes wrong")]

mod bundles;
mod creating;
mod history;
mod jump;
mod membership;
mod reading;
mod redaction;
mod relations;
mod search;
mod secrecy;
mod sending;
#[path = "../support/mod.rs"]
mod support;
mod talking;
mod threads;

//! Rooms and sync over HTTP, as clients see them.

#![expect(clippy::unwrap_used, reason = "a test ends where it goes wrong")]

mod creating;
mod folding;
mod hierarchy;
mod history;
mod legacy;
mod membership;
mod people;
mod public_rooms;
mod reading;
mod reports;
mod secrecy;
mod sending;
mod summary;
#[path = "../support/mod.rs"]
mod support;
mod syncing;
mod talking;

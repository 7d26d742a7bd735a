//! Rooms and sync over HTTP, as clients see them.

mod creating;
mod folding;
mod history;
mod membership;
mod reading;
mod secrecy;
mod sending;
mod support;
mod syncing;
mod talking;

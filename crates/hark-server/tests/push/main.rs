//! Push over HTTP: rules, what counts as unread, and how devices are woken.

#![expect(clippy::unwrap_used, reason = "a test ends where it goes wrong")]

mod counting;
mod counts;
mod delivery;
mod gateway;
mod notifications;
mod own_rules;
mod pushers;
mod receipts;
mod rules;
#[path = "../support/mod.rs"]
mod support;

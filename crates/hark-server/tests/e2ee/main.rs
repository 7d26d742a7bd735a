//! End-to-end encryption over HTTP: public keys, signatures, and messages between devices.

#![expect(clippy::unwrap_used, reason = "a test ends where it goes wrong")]

mod claiming;
mod crypto;
mod device_lists;
mod publishing;
#[path = "../support/mod.rs"]
mod support;

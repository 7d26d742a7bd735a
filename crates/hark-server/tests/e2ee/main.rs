//! End-to-end encryption over HTTP: public keys, signatures, and messages between devices.

#![expect(clippy::unwrap_used, reason = "a test ends where it goes wrong")]

mod backups;
mod claiming;
mod cross_signing;
mod crypto;
mod dehydrated;
mod device_lists;
mod following;
mod publishing;
#[path = "../support/mod.rs"]
mod support;
mod to_device;

//! Public keys of devices and users.

pub(super) mod changes;
pub(super) mod claim;
pub(super) mod cross_signing;
pub(super) mod query;
pub(super) mod signatures;
pub(super) mod upload;

use std::collections::{BTreeMap, BTreeSet};

use ruma::{OwnedUserId, ServerName};

use crate::json::Object;

/// Parts what is asked about users of this server from the rest. Of the rest, the servers that could not be asked, as the member
/// `failures` tells them: this server speaks to no other.
fn elsewhere<T>(asked: BTreeMap<OwnedUserId, T>, here: &ServerName) -> (BTreeMap<OwnedUserId, T>, String) {
    let (here, elsewhere): (BTreeMap<_, _>, BTreeMap<_, _>) =
        asked.into_iter().partition(|(user, _)| user.server_name() == here);
    let servers: BTreeSet<&ServerName> = elsewhere.keys().map(|user| user.server_name()).collect();
    let mut failures = String::new();
    let mut out = Object::new(&mut failures);
    for server in servers {
        out.object(server.as_str())
            .number("status", 503)
            .text("message", "This server does not speak to others.");
    }
    drop(out);
    (here, failures)
}

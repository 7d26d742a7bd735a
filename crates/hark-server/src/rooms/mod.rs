//! Rooms: real Matrix events in a chain, one head per room.
//!
//! A change to a room travels one way: a [`Draft`] (what the author wants to say) is judged by the auth rules ([`auth`]), linked
//! to the room's head, hashed and signed ([`pdu`]) in the caller's task, then appended by the writer ([`append`]), which does
//! again only what the room's movement since has made wrong. What fails the auth rules is refused and never stored, so there are
//! no rejected events, no soft failures and no forks.

mod append;
mod auth;
mod builder;
mod card;
mod carry;
mod content;
mod create;
mod depart;
mod directory;
mod error;
mod heritage;
mod line;
mod listing;
mod member;
mod notify;
mod pdu;
pub(crate) mod power;
mod profile;
mod purge;
mod redact;
mod relating;
mod send;
mod signer;
mod upgrade;
pub(crate) mod version;
mod voucher;

use std::sync::Arc;

use ruma::{CanonicalJsonObject, MilliSecondsSinceUnixEpoch, OwnedRoomId, OwnedServerName, OwnedUserId};

use self::line::Lines;
pub use self::purge::Purged;
pub(crate) use self::{
    append::Origin,
    carry::predecessor,
    content::Content,
    create::{NewRoom, Preset},
    error::RoomError,
    member::{MemberChange, OURS as NEVER_FROM_CLIENTS},
    pdu::{Draft, Link, Pdu, emptied},
    profile::ProfileChange,
    redact::content as redaction_content,
    send::Send,
    signer::Signer,
    upgrade::Upgrade,
};
use crate::{clock, store::Store};

/// A cheap, clonable handle to every room of this server.
#[derive(Clone)]
pub(crate) struct Rooms {
    store: Store,
    signer: Arc<Signer>,
    lines: Arc<Lines>,
}

impl Rooms {
    /// Rooms kept in `store`, their events signed by `signer`.
    pub(crate) fn new(store: Store, signer: Signer) -> Self {
        Self { store, signer: Arc::new(signer), lines: Arc::new(Lines::new()) }
    }

    /// The server the rooms live on.
    pub(crate) fn server_name(&self) -> &OwnedServerName {
        self.signer.server_name()
    }

    /// The server's public key, signed with it, for whoever wants to verify its events.
    pub(crate) fn published_key(&self, valid_until: MilliSecondsSinceUnixEpoch) -> CanonicalJsonObject {
        self.signer.published_key(valid_until)
    }
}

/// An event of `sender` in `room`, sent now.
fn draft(
    room: OwnedRoomId,
    sender: OwnedUserId,
    kind: impl Into<String>,
    state_key: Option<String>,
    content: Content,
) -> Draft {
    Draft {
        room_id: Some(room),
        kind: kind.into(),
        sender,
        state_key,
        content,
        redacts: None,
        ts: clock::now(),
    }
}

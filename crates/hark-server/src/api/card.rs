//! A room's card as JSON.

use crate::{
    json::{self, Object},
    store::Card,
};

/// What the directory says of a room. Clients insist on the numbers and flags, and on names being absent when there is none.
pub(super) fn published(card: &Card, out: &mut Object<'_>) {
    let texts = [
        ("name", &card.name),
        ("topic", &card.topic),
        ("canonical_alias", &card.alias),
        ("avatar_url", &card.avatar),
        ("room_type", &card.kind),
    ];
    out.text("room_id", card.id.as_str());
    for (name, text) in texts {
        if let Some(text) = text {
            out.text(name, text);
        }
    }
    out.text("join_rule", &card.join_rule).number("num_joined_members", card.joined);
    out.flag("world_readable", card.world_readable).flag("guest_can_join", card.guest_can_join);
}

/// How a summary calls what came into the specification late.
pub(super) struct Names {
    encryption: &'static str,
    room_version: &'static str,
}

impl Names {
    /// As the specification has them.
    pub(super) const STABLE: Self = Self { encryption: "encryption", room_version: "room_version" };
    /// As MSC3266 had them, for the addresses of its drafts. Never both at once: some clients take one for the other, and fail on
    /// seeing it twice.
    pub(super) const DRAFT: Self =
        Self { encryption: "im.nheko.summary.encryption", room_version: "im.nheko.summary.room_version" };
}

/// What a summary says of a room: what the directory says, and what one needs to know to join.
pub(super) fn summary(card: &Card, names: &Names, out: &mut Object<'_>) {
    published(card, out);
    if !card.allowed_rooms.is_empty() {
        out.array("allowed_room_ids", card.allowed_rooms.iter().map(|room| json::text(room.as_str())));
    }
    if let Some(algorithm) = &card.encryption {
        out.text(names.encryption, algorithm);
    }
    out.text(names.room_version, &card.version);
}

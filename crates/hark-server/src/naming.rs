//! The server's name: chosen once, kept in the database, never changed (SV8).
//!
//! It is part of every id, so it follows neither the host's name nor its address. Without a domain it is a word under
//! `home.arpa`, the domain kept for homes (RFC 8375).

use ruma::{OwnedServerName, ServerName};

use crate::{
    StartError, random,
    store::{Store, StoreError},
};

/// Where the name is kept.
const SETTING: &str = "server_name";

/// Short, friendly, easy to say on the telephone.
const WORDS: [&str; 64] = [
    "acorn", "amber", "anchor", "apple", "aspen", "badger", "basil", "beacon", "birch", "bramble", "breeze",
    "brook", "cedar", "cherry", "clover", "comet", "copper", "coral", "cricket", "daisy", "dune", "ember",
    "falcon", "fern", "finch", "ginger", "hazel", "heron", "holly", "indigo", "iris", "ivy", "jasper",
    "juniper", "kestrel", "lagoon", "lark", "laurel", "lemon", "linden", "lotus", "maple", "meadow", "mint",
    "nutmeg", "oak", "olive", "orchid", "otter", "pebble", "plum", "poppy", "quartz", "raven", "robin",
    "saffron", "sage", "sparrow", "sunny", "thistle", "tulip", "velvet", "willow", "wren",
];

/// The name of the server in `store`: the one it has, else `wanted`, else a random one.
pub(crate) async fn settle(store: &Store, wanted: Option<&str>) -> Result<OwnedServerName, Settling> {
    let bad = |name: &str| Settling::Refused(StartError::BadName { name: name.to_owned() });
    let proposed = match wanted {
        Some(name) => ServerName::parse(name).map_err(|_| bad(name))?,
        None => ServerName::parse(format!("{}.home.arpa", WORDS[random::below(WORDS.len())]))
            .map_err(|_| bad("home.arpa"))?,
    };
    let proposal = proposed.to_string();
    let stored = store.write::<_, StoreError, _>(move |tx| tx.settle(SETTING, &proposal)).await?;
    if wanted.is_some() && stored != proposed.as_str() {
        return Err(Settling::Refused(StartError::OtherName { stored }));
    }
    ServerName::parse(&stored).map_err(|_| bad(&stored))
}

/// Why there is no name.
#[derive(Debug)]
pub(crate) enum Settling {
    /// The name asked for cannot be.
    Refused(StartError),
    /// The store failed.
    Store(StoreError),
}

impl From<StoreError> for Settling {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

//! What the log may say of people and rooms: enough to follow one through a log, not enough to know who it is.

use std::{fmt, sync::LazyLock};

use sha2::{Digest, Sha256};

use crate::{hex::hex, random};

/// An id as it stands in the log: a hash under a key that lives as long as the process.
pub(crate) struct Hashed<'i>(pub(crate) &'i str);

impl fmt::Display for Hashed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        static KEY: LazyLock<[u8; 32]> = LazyLock::new(random::bytes);
        let hash = Sha256::new().chain_update(*KEY).chain_update(self.0).finalize();
        f.write_str(&hex(&hash[..6]))
    }
}

#[cfg(test)]
mod tests {
    use super::Hashed;

    #[test]
    fn the_same_id_reads_the_same_and_is_not_shown() {
        let alice = Hashed("@alice:x.org").to_string();
        assert_eq!(alice, Hashed("@alice:x.org").to_string());
        assert_ne!(alice, Hashed("@bob:x.org").to_string());
        assert!(!alice.contains("alice") && alice.len() == 12);
    }
}

//! The server's signing key: one file in the data folder, readable by its owner alone, made from the operating system's
//! randomness on the first start. It signs nothing but what this server built field by field: PDUs, and the publication of its
//! own public half.

use std::{
    fs,
    io::{self, Write as _},
    path::Path,
};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use ruma::{CanonicalJsonObject, CanonicalJsonValue, MilliSecondsSinceUnixEpoch, OwnedServerName};

use crate::{platform, random};

/// Signs in the name of this server.
pub(crate) struct Signer {
    server_name: OwnedServerName,
    /// `ed25519:<version>`
    key_id: String,
    keys: Ed25519KeyPair,
}

impl Signer {
    /// Reads the key at `path`, or makes one if there is none.
    pub(crate) fn open(path: &Path, server_name: OwnedServerName) -> io::Result<Self> {
        let line = match fs::read_to_string(path) {
            Ok(line) => line,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let line = format!(
                    "ed25519 a_{} {}\n",
                    random::letters(b"abcdefghijklmnopqrstuvwxyz", 4),
                    STANDARD_NO_PAD.encode(random::bytes::<32>())
                );
                let mut file = platform::open_private_file(path)?;
                file.write_all(line.as_bytes())?;
                file.sync_all()?;
                line
            }
            Err(error) => return Err(error),
        };
        Self::parse(&line, server_name).ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::InvalidData,
                "the signing key file is damaged: restore it from a copy",
            )
        })
    }

    /// `ed25519 <version> <seed in base64>`, the form other homeservers use too.
    fn parse(line: &str, server_name: OwnedServerName) -> Option<Self> {
        let mut words = line.split_whitespace();
        let ("ed25519", version, seed) = (words.next()?, words.next()?, words.next()?) else { return None };
        let seed: [u8; 32] = STANDARD_NO_PAD.decode(seed).ok()?.try_into().ok()?;
        let keys = Ed25519KeyPair::from_seed_unchecked(&seed).ok()?;
        Some(Self { server_name, key_id: format!("ed25519:{version}"), keys })
    }

    /// The member `signatures` of an event whose signed form is `message`.
    pub(super) fn signatures(&self, message: &str) -> String {
        format!(r#"{{"{}":{{"{}":"{}"}}}}"#, self.server_name, self.key_id, self.sign(message))
    }

    fn sign(&self, message: &str) -> String {
        STANDARD_NO_PAD.encode(self.keys.sign(message.as_bytes()))
    }

    /// The public key as servers publish it (server-server spec: "Publishing Keys"), signed with itself.
    pub(super) fn published_key(&self, valid_until: MilliSecondsSinceUnixEpoch) -> CanonicalJsonObject {
        let text = |value: String| CanonicalJsonValue::String(value);
        let one = |name: String, value| CanonicalJsonValue::Object([(name, value)].into());
        let id = self.key_id.clone();
        let key = text(STANDARD_NO_PAD.encode(self.keys.public_key()));
        let mut published = CanonicalJsonObject::from([
            ("old_verify_keys".to_owned(), CanonicalJsonValue::Object(CanonicalJsonObject::new())),
            ("server_name".to_owned(), text(self.server_name.to_string())),
            ("valid_until_ts".to_owned(), CanonicalJsonValue::Integer(valid_until.0.into())),
            ("verify_keys".to_owned(), one(id.clone(), one("key".to_owned(), key))),
        ]);
        let message = CanonicalJsonValue::Object(published.clone()).to_string();
        let signature = text(self.sign(&message));
        published.insert("signatures".to_owned(), one(self.server_name.to_string(), one(id, signature)));
        published
    }

    /// The server whose name it signs with.
    pub(crate) fn server_name(&self) -> &OwnedServerName {
        &self.server_name
    }

    #[cfg(test)]
    pub(super) fn for_test(seed: [u8; 32], server_name: OwnedServerName) -> Self {
        let line = format!("ed25519 1 {}", STANDARD_NO_PAD.encode(seed));
        Self::parse(&line, server_name).expect("a seed of 32 bytes makes a key")
    }

    #[cfg(test)]
    pub(super) fn public_keys(&self) -> ruma::signatures::PublicKeyMap {
        let key = ruma::serde::Base64::new(self.keys.public_key().as_ref().to_vec());
        [(self.server_name.to_string(), [(self.key_id.clone(), key)].into())].into()
    }
}

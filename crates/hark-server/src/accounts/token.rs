//! Tokens: random, shown once, stored as a hash.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::{random, store::tokens::TokenHash};

/// A token, made here and seen in full only by whoever it is given to.
pub(crate) struct Token(String);

impl Token {
    /// A new access token: 192 random bits behind a prefix that secret scanners can recognise.
    pub(super) fn generate() -> Self {
        Self(format!("hk_{}", random::url_safe::<24>()))
    }

    /// A new refresh token, marked as one.
    pub(super) fn generate_refresh() -> Self {
        Self(format!("hkr_{}", random::url_safe::<24>()))
    }

    /// What is stored of it.
    pub(super) fn hash(&self) -> TokenHash {
        hash(&self.0)
    }

    /// The text that is sent to its owner, once.
    pub(crate) fn reveal(self) -> String {
        self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// SHA-256 of a token as it came in.
pub(super) fn hash(token: &str) -> TokenHash {
    Sha256::digest(token.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::Token;

    #[test]
    fn a_token_is_long_marked_and_not_printed() {
        let token = Token::generate();
        let shown = format!("{token:?}");
        let text = token.reveal();
        assert!(text.starts_with("hk_") && text.len() == 35, "{}", text.len());
        assert!(!shown.contains(&text));
    }
}

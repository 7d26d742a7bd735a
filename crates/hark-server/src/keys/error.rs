//! Why keys were not taken, each mapped once to an errcode.

use http::StatusCode;

use crate::{http::ApiError, store::StoreError};

/// Keys that were refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyError {
    /// Not of the shape the specification gives it.
    #[error("{0}")]
    Malformed(String),
    /// They claim to belong to somebody else.
    #[error("{0}")]
    Foreign(&'static str),
    /// A signature that must be there is not, or is wrong.
    #[error("{0}")]
    InvalidSignature(&'static str),
    /// Another key is needed first.
    #[error("{0}")]
    Missing(&'static str),
    /// Over a limit.
    #[error("{0}")]
    TooLarge(&'static str),
    /// A one-time key of this name is there and differs. Clients read both keys out of this sentence, and report it.
    #[error("One time key {name} already exists. Old key: {old}; new key: {new}")]
    OneTimeKeyExists {
        /// `algorithm:id`
        name: String,
        /// The key that is there, JSON.
        old: String,
        /// The key that was sent, JSON.
        new: String,
    },
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl KeyError {
    /// What serde did not understand of `what`. The values it quotes are not repeated.
    pub(super) fn shape(what: &str, error: &serde_json::Error) -> Self {
        let place = match error.classify() {
            serde_json::error::Category::Data => "something is missing or of the wrong type",
            _ => "it is not JSON that can be signed",
        };
        Self::Malformed(format!("{what}: {place}."))
    }
}

impl From<KeyError> for ApiError {
    fn from(error: KeyError) -> Self {
        let sentence = error.to_string();
        let bad = |errcode| Self::new(StatusCode::BAD_REQUEST, errcode, sentence.clone());
        match error {
            KeyError::Malformed(_) => bad("M_BAD_JSON"),
            KeyError::Foreign(_) => bad("M_INVALID_PARAM"),
            KeyError::InvalidSignature(_) => bad("M_INVALID_SIGNATURE"),
            KeyError::Missing(_) => bad("M_MISSING_PARAM"),
            KeyError::TooLarge(_) => Self::too_large(sentence),
            KeyError::OneTimeKeyExists { .. } => bad("M_UNKNOWN"),
            KeyError::Store(error) => error.into(),
        }
    }
}

//! Tokens of pages that are not places in the log: what the next page needs to know, written so that clients see no meaning in it.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};

use crate::http::ApiError;

/// The longest token that is looked at.
const MAX_LENGTH: usize = 1_024;

/// The token for a place.
pub(super) fn seal<T: Serialize>(place: &T) -> Result<String, ApiError> {
    let json = serde_json::to_vec(place).map_err(|_| ApiError::internal())?;
    Ok(URL_SAFE_NO_PAD.encode(json))
}

/// The place a token stands for.
pub(super) fn open<T: DeserializeOwned>(token: &str) -> Result<T, ApiError> {
    let place = (token.len() <= MAX_LENGTH).then(|| URL_SAFE_NO_PAD.decode(token).ok()).flatten();
    place.and_then(|json| serde_json::from_slice(&json).ok()).ok_or_else(unknown)
}

/// 400: the token is of no use (any more).
pub(super) fn unknown() -> ApiError {
    ApiError::invalid_param("This page token is not valid here: start again from the first page.")
}

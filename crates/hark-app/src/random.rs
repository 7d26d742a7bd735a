//! The only place of this crate that draws randomness.

use std::fmt::Write as _;

use crate::api::ApiError;

/// 256 random bits in 64 hexadecimal digits: a token nobody guesses.
pub(crate) fn secret() -> Result<String, ApiError> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(ApiError::internal)?;
    Ok(bytes.iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

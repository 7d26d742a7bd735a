//! The sync token: `h<epoch>.<pos>`, opaque to clients.
//!
//! The same text works as `since`, as `from` and `to` of /messages, and as `at` of /members. Two things do not fit one position
//! and stand behind it: `.t<pos>` when a batch of to-device messages was cut, and `.y<boot>-<n>` for typing and presence, which
//! move without the log moving.

use std::fmt;

use crate::{http::ApiError, store::Position};

/// A place in the log, as clients hold it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    /// Names the database.
    pub(crate) epoch: String,
    /// What the client has seen.
    pub(crate) pos: Position,
    /// Up to where it has its to-device messages, if not up to `pos`.
    pub(crate) to_device: Option<Position>,
    /// What it has seen of typing and presence: which run of the server, and how many changes.
    pub(crate) ticks: Option<(u32, u64)>,
}

impl Token {
    /// A token for a place in the timeline.
    pub(crate) fn at(epoch: &str, pos: Position) -> Self {
        Self { epoch: epoch.to_owned(), pos, to_device: None, ticks: None }
    }

    /// Reads a token a client sent. What is malformed, of another database or from the future is refused, so that a client never
    /// gets a first sync by surprise.
    pub(crate) fn parse(text: &str, epoch: &str, head: Position) -> Result<Self, ApiError> {
        let refused =
            || ApiError::invalid_param("This sync token is not one of this server: sync from the beginning.");
        let token = Self::read(text).ok_or_else(refused)?;
        if token.epoch != epoch || token.pos > head || token.pos < Position::START {
            return Err(refused());
        }
        Ok(token)
    }

    fn read(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix('h')?.split('.');
        let mut token = Self::at(parts.next()?, Position(parts.next()?.parse().ok()?));
        for part in parts {
            if let Some(pos) = part.strip_prefix('t') {
                token.to_device = Some(Position(pos.parse().ok()?));
            } else {
                let (boot, count) = part.strip_prefix('y')?.split_once('-')?;
                token.ticks = Some((u32::from_str_radix(boot, 16).ok()?, count.parse().ok()?));
            }
        }
        Some(token)
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "h{}.{}", self.epoch, self.pos.0)?;
        if let Some(pos) = self.to_device {
            write!(f, ".t{}", pos.0)?;
        }
        if let Some((boot, count)) = self.ticks {
            write!(f, ".y{boot:x}-{count}")?;
        }
        Ok(())
    }
}

impl serde::Serialize for Token {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_survives_its_journey() {
        for (to_device, ticks) in [(None, None), (Some(Position(3)), Some((0xbeef, 7)))] {
            let token = Token { to_device, ticks, ..Token::at("0af", Position(12)) };
            assert_eq!(Token::parse(&token.to_string(), "0af", Position(12)).unwrap(), token);
        }
    }

    #[test]
    fn tokens_that_are_malformed_foreign_or_from_the_future_are_refused() {
        for text in [
            "",
            "h",
            "h0af",
            "h0af.",
            "h0af.x",
            "h0af.13",
            "hffe.1",
            "h0af.-1",
            "s1_2",
            "h0af.1.z",
            "h0af.1.y1",
        ] {
            assert!(Token::parse(text, "0af", Position(12)).is_err(), "{text}");
        }
    }
}

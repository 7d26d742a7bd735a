//! What endpoints that give out pages of a room have in common.

use serde::Deserialize;

use crate::{
    http::ApiError,
    store::{Position, Store},
    sync::Token,
};

/// Events of a page if the client does not say, and at most.
const DEFAULT_LIMIT: u64 = 10;
const MAX_LIMIT: u64 = 1_000;

/// Which way a page goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub(super) enum Direction {
    #[default]
    #[serde(rename = "b")]
    Backwards,
    #[serde(rename = "f")]
    Forwards,
}

/// How many events a page has.
pub(super) fn limit(asked: Option<u64>) -> usize {
    asked.unwrap_or(DEFAULT_LIMIT).min(MAX_LIMIT) as usize
}

/// The place a token names: one of /sync, /messages or any other page.
pub(super) fn position(store: &Store, token: Option<&str>) -> Result<Option<Position>, ApiError> {
    let Some(token) = token else { return Ok(None) };
    Token::parse(token, store.epoch(), store.committed()).map(|token| Some(token.pos))
}

//! What is said over the local socket: one JSON object a line.

use serde::{Deserialize, Serialize};

use crate::api::ApiError;
use crate::cli::{Output, Request};

/// Largest line, in bytes: an hour of voice fits.
pub(super) const MAX_LINE: u64 = 64 << 20;

/// The caller's only line.
#[derive(Serialize, Deserialize)]
pub(super) struct Ask {
    pub(super) secret: String,
    pub(super) request: Request,
}

/// The owner's lines: `Hello` first, one of the last three at the end.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Told {
    /// The owner lives and has read the request.
    Hello,
    /// Something to show.
    Output(Output),
    /// Done.
    Done,
    /// Not done, and why.
    Failed(ApiError),
    /// The owner ends; take the folder over and go on.
    Over,
}

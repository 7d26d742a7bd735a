//! The HTTP face of the server: what every request passes before a handler sees it, and every answer before it leaves.
//!
//! A request travels: connection → [`layers`] (CORS, panics, headers) → [`router`] (which endpoint) → [`extract`]
//! (limits, who is asking, body, JSON rules, ruma's request type) → a handler in `api/` → [`answer`] → back out.
//! Nothing in here knows what an endpoint does, and no handler knows about paths, tokens or headers.

pub(crate) mod answer;
pub(crate) mod error;
pub(crate) mod extract;
pub(crate) mod json;
pub(crate) mod layers;
pub(crate) mod limits;
pub(crate) mod routes;
mod serve;

pub(crate) use answer::{Answer, Json, Whole};
pub(crate) use error::ApiError;
pub(crate) use extract::Session;
pub(crate) use routes::Routes;
pub(crate) use serve::{Bounds, serve};

//! `GET /_matrix/key/v2/server`

use std::time::Duration;

use ruma::MilliSecondsSinceUnixEpoch;

use crate::{
    clock,
    http::{Answer, ApiError, Json, extract::Raw, extract::Shared},
};

/// How long others may rely on the key without asking again (the specification's upper bound).
const VALID: Duration = Duration::from_hours(7 * 24);

/// The key this server signs events with, so that anybody who holds a room's events can verify them. The server does not federate.
pub(super) async fn publish(app: Shared, (): (), _: Raw) -> Result<impl Answer, ApiError> {
    let valid_until = clock::now_ms() + VALID.as_millis() as i64;
    let valid_until = MilliSecondsSinceUnixEpoch(ruma::UInt::new_saturating(valid_until as u64));
    Ok(Json(app.rooms.published_key(valid_until)))
}

//! What Hark keeps on the disk.

use super::App;
use crate::api::{ApiError, Nothing, Storage};

pub(crate) async fn storage(_: &App, _: Nothing) -> Result<Storage, ApiError> {
    Err(ApiError::internal("not built yet"))
}

pub(crate) async fn clear_media(_: &App, _: Nothing) -> Result<Storage, ApiError> {
    Err(ApiError::internal("not built yet"))
}

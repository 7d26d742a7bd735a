//! The settings of this computer, and where a person looks.

use super::App;
use crate::api::{ApiError, Attention, Nothing, Settings};

pub(crate) async fn set(_: &App, _: Settings) -> Result<Settings, ApiError> {
    Err(ApiError::internal("not built yet"))
}

pub(crate) async fn set_attention(_: &App, _: Attention) -> Result<Nothing, ApiError> {
    Ok(Nothing {})
}

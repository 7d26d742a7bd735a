//! The settings of this computer, and where a person looks.

use super::App;
use crate::api::{ApiError, Attention, Nothing, Settings};

pub(crate) async fn set(_: &App, _: Settings) -> Result<Settings, ApiError> {
    Err(ApiError::internal("not built yet"))
}

pub(crate) async fn set_attention(app: &App, args: Attention) -> Result<Nothing, ApiError> {
    app.attention().send_replace(args);
    Ok(Nothing {})
}

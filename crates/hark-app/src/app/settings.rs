//! The settings of this computer, and where a person looks.

use super::App;
use crate::api::{ApiError, Attention, Nothing, Settings};

pub(crate) async fn set(app: &App, settings: Settings) -> Result<Settings, ApiError> {
    app.inner.preferences.set(settings).await
}

pub(crate) async fn set_attention(app: &App, args: Attention) -> Result<Nothing, ApiError> {
    app.attention().send_replace(args);
    Ok(Nothing {})
}

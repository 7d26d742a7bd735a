//! Signing out.

use ruma::api::client::session::{logout, logout_all};

use crate::http::{Answer, ApiError, Session, extract::Shared};

/// `POST …/logout`
pub(super) async fn log_out(
    app: Shared,
    session: Session,
    _: logout::v3::Request,
) -> Result<impl Answer, ApiError> {
    app.accounts.sign_out(&session.user_id, vec![session.device_id]).await?;
    Ok(logout::v3::Response::new())
}

/// `POST …/logout/all`
pub(super) async fn log_out_everywhere(
    app: Shared,
    session: Session,
    _: logout_all::v3::Request,
) -> Result<impl Answer, ApiError> {
    app.accounts.sign_out_everywhere(&session.user_id).await?;
    Ok(logout_all::v3::Response::new())
}

//! `GET …/sync`

use crate::{
    http::{
        Answer, ApiError, Session,
        answer::Body,
        extract::{Raw, Shared},
    },
    sync::Query,
};

/// What the device has not seen yet, waiting for it if asked to.
pub(super) async fn sync(app: Shared, session: Session, request: Raw) -> Result<impl Answer, ApiError> {
    let query: Query = request.query()?;
    Ok(Body(app.sync.poll(session, query).await?))
}

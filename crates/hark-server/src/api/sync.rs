//! `GET …/sync`

use crate::{
    http::{
        Answer, ApiError, Session,
        extract::{Raw, Shared},
    },
    sync::Query,
};

/// What the device has not seen yet, waiting for it if asked to and for as long as it is signed in.
pub(super) async fn sync(app: Shared, session: Session, request: Raw) -> Result<impl Answer, ApiError> {
    let query: Query = request.query()?;
    // It holds on to the buffer it was read into, for as long as a client may wait.
    drop(request);
    app.accounts.while_signed_in(&session, app.sync.poll(session.clone(), query)).await
}

//! Uploads that begin before their row is on the disk.
//!
//! A voice message waits for two things before it can go: its row is durable, and its sound is on the server. Neither needs
//! the other, so both begin at once. The delivery takes the outcome up as if the upload were its own; where a crash comes
//! between, the upload is one that nothing refers to, which the server collects.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use ruma::api::client::media::create_content::v3::Request;
use tokio::task::JoinHandle;

use super::content::VOICE_MIME;
use super::deliver::upload_patience;
use crate::core::Session;
use crate::transport::Failure;

/// Uploads whose delivery has not come yet; more are not begun.
const WAITING: usize = 16;

/// The uploads, by the transaction id of their message.
#[derive(Default)]
pub(crate) struct Early(Mutex<HashMap<String, Upload>>);

struct Upload {
    /// Names the login it is of.
    login: String,
    work: JoinHandle<Result<String, Failure>>,
}

impl Early {
    /// Begins one.
    pub(crate) fn begin(&self, session: &Arc<Session>, txn_id: &str, sound: &[u8]) {
        let mut uploads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if uploads.len() >= WAITING {
            // Done long ago, and nobody came for it: its message was deleted.
            uploads.retain(|_, upload| !upload.work.is_finished());
        }
        if uploads.len() >= WAITING || uploads.contains_key(txn_id) {
            return;
        }
        let (of, bytes) = (Arc::clone(session), sound.to_vec());
        let work = tokio::spawn(async move { upload(&of, bytes, VOICE_MIME.to_owned()).await });
        uploads.insert(txn_id.to_owned(), Upload { login: session.login.clone(), work });
    }

    /// Hands one over to the delivery; none where it was not begun, or by another login.
    pub(super) fn take(
        &self,
        session: &Session,
        txn_id: &str,
    ) -> Option<JoinHandle<Result<String, Failure>>> {
        let upload = self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(txn_id)?;
        if upload.login != session.login {
            upload.work.abort();
            return None;
        }
        Some(upload.work)
    }

    /// The message is not kept after all.
    pub(crate) fn forget(&self, txn_id: &str) {
        if let Some(upload) = self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(txn_id) {
            upload.work.abort();
        }
    }
}

/// Puts a sound on the server; its address.
pub(super) async fn upload(session: &Session, bytes: Vec<u8>, mime: String) -> Result<String, Failure> {
    let patience = upload_patience(bytes.len());
    let mut request = Request::new(bytes);
    request.content_type = Some(mime);
    request.filename = Some("Voice message.ogg".to_owned());
    Ok(session.http.call(request, patience).await?.content_uri.to_string())
}

//! Sound files the window has handed over and not yet sent.
//!
//! They are held in memory: what leaves memory here would lie on the disk unencrypted. Their number and size are
//! bounded; the oldest makes room.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use crate::api::ApiError;
use crate::random;

/// Largest file, in bytes.
pub(crate) const MAX_UPLOAD: usize = 100 << 20;

/// Most files waiting at once.
const MAX_WAITING: usize = 3;

#[derive(Default)]
pub(crate) struct Uploads {
    waiting: Mutex<VecDeque<(String, Arc<[u8]>)>>,
}

impl Uploads {
    /// Keeps the bytes of a sound file and gives the id they are named by.
    pub(crate) fn put(&self, bytes: &[u8]) -> Result<String, ApiError> {
        if bytes.is_empty() {
            return Err(ApiError::bad_request("The file is empty. Choose another one."));
        }
        if bytes.len() > MAX_UPLOAD {
            return Err(too_large());
        }
        let id = random::secret()?;
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        while waiting.len() >= MAX_WAITING {
            waiting.pop_front();
        }
        waiting.push_back((id.clone(), bytes.into()));
        Ok(id)
    }

    pub(crate) fn get(&self, id: &str) -> Result<Arc<[u8]>, ApiError> {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let found = waiting.iter().find(|(of, _)| of == id).map(|(_, bytes)| bytes.clone());
        found.ok_or_else(|| ApiError::not_found("The sound file is no longer here. Choose it again."))
    }

    pub(crate) fn remove(&self, id: &str) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).retain(|(of, _)| of != id);
    }
}

/// The refusal of a file above [`MAX_UPLOAD`].
pub(crate) fn too_large() -> ApiError {
    ApiError::bad_request(format!("The file is larger than {} MB. Choose a smaller one.", MAX_UPLOAD >> 20))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_upload_makes_room_for_a_new_one() {
        let uploads = Uploads::default();
        let ids: Vec<String> = (0..=MAX_WAITING).map(|n| uploads.put(&[n as u8]).unwrap()).collect();
        assert_eq!(uploads.get(&ids[0]).unwrap_err().code, crate::api::ErrorCode::NotFound);
        assert_eq!(&*uploads.get(&ids[1]).unwrap(), &[1]);
    }

    #[test]
    fn an_upload_that_was_sent_is_gone() {
        let uploads = Uploads::default();
        let id = uploads.put(b"sound").unwrap();
        uploads.remove(&id);
        assert!(uploads.get(&id).is_err());
    }
}

//! Who hears what a device thread tells.

use std::sync::mpsc::{SyncSender, TrySendError};

/// The channels of everybody who listens.
#[derive(Debug)]
pub(crate) struct Listeners<T>(Vec<SyncSender<T>>);

impl<T> Default for Listeners<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Clone> Listeners<T> {
    pub(crate) fn add(&mut self, listener: SyncSender<T>) {
        self.0.push(listener);
    }

    /// A listener that does not read is cut off, so that it notices.
    pub(crate) fn tell(&mut self, event: &T) {
        self.0.retain(|listener| match listener.try_send(event.clone()) {
            Ok(()) => true,
            Err(TrySendError::Full(_)) => {
                tracing::warn!("a listener of a sound device does not read its events");
                false
            }
            Err(TrySendError::Disconnected(_)) => false,
        });
    }
}

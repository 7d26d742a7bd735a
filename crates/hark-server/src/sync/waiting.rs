//! Waiting for news as /sync does, for whoever looks elsewhere.

use ruma::UserId;
use tokio::time::timeout_at;

use super::{Sync, clock_now, deadline};
use crate::http::ApiError;

impl Sync {
    /// Runs `look` at once, and again whenever something happened to the user, until it says that what it found is news or the
    /// time (in ms) is over. Returns what it found last.
    pub(crate) async fn until_news<T, Looking>(
        &self,
        user: &UserId,
        timeout: u64,
        look: impl Fn() -> Looking,
    ) -> Result<T, ApiError>
    where
        Looking: Future<Output = Result<(T, bool), ApiError>>,
    {
        let deadline = deadline(Some(timeout));
        let wake = self.wakes.join(user, &self.store).await?;
        loop {
            let woken = wake.notified();
            tokio::pin!(woken);
            woken.as_mut().enable();
            let over = clock_now() >= deadline || self.shutdown.is_cancelled();
            let (found, is_news) = look().await?;
            if over || is_news {
                return Ok(found);
            }
            tokio::select! {
                _woken_or_over = timeout_at(deadline, woken) => {}
                () = self.shutdown.cancelled() => {}
            }
        }
    }
}

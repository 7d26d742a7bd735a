//! Waiting for news: looking, and if there is nothing, waiting for a wake-up and looking again.

use ruma::UserId;
use tokio::time::{Instant, timeout_at};

use super::{Sync, clock_now};
use crate::http::ApiError;

impl Sync {
    /// Runs `look` at once, and again whenever something may have happened to the user, until it finds something to answer. It is
    /// told when the time is over (or the server ends): what it finds then is the answer, whatever it is.
    pub(crate) async fn until_news<T, Looking>(
        &self,
        user: &UserId,
        deadline: Instant,
        look: impl Fn(bool) -> Looking,
    ) -> Result<T, ApiError>
    where
        Looking: Future<Output = Result<Option<T>, ApiError>>,
    {
        let wake = self.wakes.join(user, &self.store).await?;
        let _waiting = self.polls.enter();
        // What came before was there to be seen at the last look.
        let mut seen = None;
        loop {
            let woken = wake.notified();
            tokio::pin!(woken);
            // From here on no wake-up is lost: what happens while we look is seen, or wakes.
            woken.as_mut().enable();
            let over = clock_now() >= deadline || self.shutdown.is_cancelled();
            let committed = self.store.committed();
            if let Some(answer) = look(over).await? {
                if let Some(news) = seen.and_then(|seen| self.wakes.first_change(user, seen)) {
                    self.delivery.observe(self.store.age(news));
                }
                return Ok(answer);
            }
            seen = Some(committed);
            tokio::select! {
                _woken_or_over = timeout_at(deadline, woken) => {}
                () = self.shutdown.cancelled() => {}
            }
        }
    }
}

//! Speaking to push gateways, whose addresses their users choose.

use std::net::IpAddr;

use serde::Deserialize;
use tokio::sync::OnceCell;

use crate::outbound::{FetchError, Outbound};

/// The most that is read of an answer.
const MAX_ANSWER: usize = 64 * 1024;

/// What a gateway made of a message it accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Accepted {
    Told,
    /// The pushkey is no longer anybody's.
    Rejected,
}

/// Every push gateway.
pub(super) struct Gateways {
    /// Addresses that are spoken to though they are not public.
    permitted: Vec<IpAddr>,
    /// Made for the first message: most servers wake nobody.
    outbound: OnceCell<Outbound>,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    rejected: Vec<String>,
}

impl Gateways {
    /// `permitted`: addresses that are spoken to though they are not public.
    pub(super) fn new(permitted: &[IpAddr]) -> Self {
        Self { permitted: permitted.to_vec(), outbound: OnceCell::new() }
    }

    /// Hands the gateway at `url` a message for the device with this pushkey.
    pub(super) async fn tell(&self, url: &str, body: String, pushkey: &str) -> Result<Accepted, FetchError> {
        let url = url.parse().map_err(|_| FetchError::NotAWebAddress)?;
        let outbound = self.outbound.get_or_try_init(async || Outbound::new(&self.permitted)).await?;
        let answer = outbound.post_json(url, body, MAX_ANSWER).await?;
        // Some gateways accept with no answer at all, or with one that is no JSON.
        let rejected = serde_json::from_slice::<Answer>(&answer).map(|answer| answer.rejected);
        let rejected = rejected.is_ok_and(|rejected| rejected.iter().any(|key| key == pushkey));
        Ok(if rejected { Accepted::Rejected } else { Accepted::Told })
    }
}

//! Fetching what other people choose: addresses in messages, not the operator's.
//!
//! Whoever can make a server fetch an address can make it look where they cannot. So a name is resolved once, what it resolves to
//! is checked ([`addresses`]), and the connection goes to exactly that; each redirect is checked like the first address; and what
//! comes back is bounded in time and size. No cookies, no proxy, no login.

mod addresses;
mod post;

use std::{error::Error, io, net::IpAddr, sync::Arc, time::Duration};

use futures_util::StreamExt;
use http::{StatusCode, header};
use reqwest::{
    Client, Response,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect,
};
use url::{Host, Url};

pub(crate) use addresses::is_public;

/// How long a fetch may take, with all of its redirects.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long a connection may take to come about.
const CONNECTING: Duration = Duration::from_secs(5);
const REDIRECTS: usize = 3;
/// Longer addresses are nobody's.
const LONGEST_URL: usize = 4096;
const NAME: &str = concat!("hark-server/", env!("CARGO_PKG_VERSION"), " (bot; link previews)");

/// Why nothing was fetched.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchError {
    /// Not an address that is fetched, whoever asks.
    #[error("only http and https, on the usual ports and without a password, are fetched")]
    NotAWebAddress,
    /// It leads into a network that is not everybody's.
    #[error("the address is not a public one")]
    NotPublic,
    #[error("it redirects too often")]
    TooManyRedirects,
    #[error("the site answered {0}")]
    Answer(StatusCode),
    #[error("its type is not one of those that are looked at")]
    OtherType,
    #[error("it is too large")]
    TooLarge,
    #[error("it took too long")]
    TooLate,
    #[error("the site could not be reached: {0}")]
    Unreachable(#[from] reqwest::Error),
}

/// What is done with an answer that has more bytes than are wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Most {
    /// Its beginning is enough.
    First(usize),
    /// It is all or nothing.
    All(usize),
}

/// What a site answered.
#[derive(Debug)]
pub(crate) struct Fetched {
    /// Where it was in the end.
    pub(crate) url: Url,
    pub(crate) content_type: String,
    pub(crate) body: Vec<u8>,
}

/// Fetches from public addresses, and from those the operator permitted.
#[derive(Clone, Debug)]
pub(crate) struct Outbound {
    client: Client,
    permitted: Arc<[IpAddr]>,
}

impl Outbound {
    /// `permitted`: addresses that are fetched from though they are not public.
    pub(crate) fn new(permitted: &[IpAddr]) -> reqwest::Result<Self> {
        let permitted: Arc<[IpAddr]> = permitted.into();
        let client = Client::builder()
            .user_agent(NAME)
            .no_proxy()
            .redirect(redirect::Policy::none())
            .connect_timeout(CONNECTING)
            .dns_resolver(Guarded { permitted: permitted.clone() })
            // A connection that is kept would go to an address that was checked long ago.
            .pool_max_idle_per_host(0)
            .build()?;
        Ok(Self { client, permitted })
    }

    /// Fetches `url` if its type is one that `wanted` gives a bound for.
    pub(crate) async fn get(
        &self,
        url: Url,
        accept: &'static str,
        wanted: impl Fn(&str) -> Option<Most> + Send + Sync,
    ) -> Result<Fetched, FetchError> {
        let fetch = async {
            let (url, response) = self.follow(url, accept).await?;
            let content_type = response.headers().get(header::CONTENT_TYPE);
            let content_type =
                content_type.and_then(|kind| kind.to_str().ok()).unwrap_or_default().to_owned();
            let most = wanted(&content_type).ok_or(FetchError::OtherType)?;
            let body = read(response, most).await?;
            Ok(Fetched { url, content_type, body })
        };
        tokio::time::timeout(PATIENCE, fetch).await.map_err(|_| FetchError::TooLate)?
    }

    async fn follow(&self, mut url: Url, accept: &'static str) -> Result<(Url, Response), FetchError> {
        for _ in 0..=REDIRECTS {
            self.check(&url)?;
            let response = self.client.get(url.clone()).header(header::ACCEPT, accept).send().await;
            let response = response.map_err(explained)?;
            if !response.status().is_redirection() {
                let status = response.status();
                return if status.is_success() {
                    Ok((url, response))
                } else {
                    Err(FetchError::Answer(status))
                };
            }
            let place = response.headers().get(header::LOCATION).and_then(|place| place.to_str().ok());
            url =
                place.and_then(|place| url.join(place).ok()).ok_or(FetchError::Answer(response.status()))?;
        }
        Err(FetchError::TooManyRedirects)
    }

    /// What an address itself says. Names are checked when they are resolved.
    fn check(&self, url: &Url) -> Result<(), FetchError> {
        let usual_port = matches!(url.port_or_known_default(), Some(80 | 443 | 8000..=8999));
        let plain =
            url.username().is_empty() && url.password().is_none() && url.as_str().len() <= LONGEST_URL;
        if !matches!(url.scheme(), "http" | "https") || !usual_port || !plain {
            return Err(FetchError::NotAWebAddress);
        }
        match url.host() {
            Some(Host::Ipv4(address)) => self.check_address(address.into()),
            Some(Host::Ipv6(address)) => self.check_address(address.into()),
            Some(Host::Domain(_)) => Ok(()),
            None => Err(FetchError::NotAWebAddress),
        }
    }

    fn check_address(&self, address: IpAddr) -> Result<(), FetchError> {
        if may_reach(&self.permitted, address) { Ok(()) } else { Err(FetchError::NotPublic) }
    }
}

fn may_reach(permitted: &[IpAddr], address: IpAddr) -> bool {
    is_public(address) || permitted.contains(&address)
}

/// Resolves names to the addresses among theirs that may be reached.
struct Guarded {
    permitted: Arc<[IpAddr]>,
}

/// A name that leads to no public address.
#[derive(Debug, thiserror::Error)]
#[error("the name leads to no public address")]
struct NoPublicAddress;

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let permitted = self.permitted.clone();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let reachable: Vec<_> = found.filter(|found| may_reach(&permitted, found.ip())).collect();
            if reachable.is_empty() {
                return Err(NoPublicAddress.into());
            }
            Ok(Box::new(reachable.into_iter()) as Addrs)
        })
    }
}

/// Tells a refusal of ours from a failure of the network.
fn explained(error: reqwest::Error) -> FetchError {
    let mut cause: Option<&(dyn Error + 'static)> = Some(&error);
    while let Some(current) = cause {
        let inner = current.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if current.is::<NoPublicAddress>()
            || inner.is_some_and(<dyn Error + Send + Sync>::is::<NoPublicAddress>)
        {
            return FetchError::NotPublic;
        }
        cause = current.source();
    }
    FetchError::Unreachable(error)
}

async fn read(response: Response, most: Most) -> Result<Vec<u8>, FetchError> {
    let (Most::First(bound) | Most::All(bound)) = most;
    let all = matches!(most, Most::All(_));
    if all && response.content_length().is_some_and(|length| length > bound as u64) {
        return Err(FetchError::TooLarge);
    }
    let mut body = Vec::new();
    let mut chunks = response.bytes_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk?;
        let room = bound - body.len();
        if chunk.len() > room && all {
            return Err(FetchError::TooLarge);
        }
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if body.len() == bound && !all {
            break;
        }
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::{FetchError, Outbound};

    fn outbound() -> Outbound {
        let _already_there = rustls::crypto::aws_lc_rs::default_provider().install_default();
        Outbound::new(&["10.1.2.3".parse().unwrap()]).unwrap()
    }

    #[test]
    fn only_plain_web_addresses_are_fetched() {
        let outbound = outbound();
        let check = |url: &str| outbound.check(&url.parse().unwrap());
        for fine in [
            "http://example.org/",
            "https://example.org:8443/a?b",
            "http://93.184.215.14",
            "http://10.1.2.3:8080/",
        ] {
            check(fine).unwrap();
        }
        for odd in [
            "ftp://example.org/",
            "file:///etc/passwd",
            "gopher://example.org/",
            "http://example.org:22/",
            "http://example.org:6379/",
            "http://user:password@example.org/",
            "http://user@example.org/",
        ] {
            assert!(matches!(check(odd), Err(FetchError::NotAWebAddress)), "{odd}");
        }
        for inside in [
            "http://127.0.0.1/",
            "http://127.1/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://0177.0.0.1/",
            "http://0/",
            "http://10.1.2.4/",
            "http://169.254.169.254/latest/meta-data",
            "http://[::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://[::ffff:a00:1]/",
            "http://[64:ff9b::7f00:1]/",
        ] {
            assert!(matches!(check(inside), Err(FetchError::NotPublic)), "{inside}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_inside_is_refused_as_an_address_would_be() {
        let url = "http://localhost/".parse().unwrap();
        let refused = outbound().get(url, "*/*", |_| None).await.unwrap_err();
        assert!(matches!(refused, FetchError::NotPublic), "{refused:?}");
    }
}

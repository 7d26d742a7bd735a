//! Handing something over to an address a user chose.

use http::header;
use url::{Host, Url};

use super::{FetchError, Most, Outbound, PATIENCE, explained, read};

const NAME: &str = concat!("hark-server/", env!("CARGO_PKG_VERSION"));

impl Outbound {
    /// Hands JSON over, at whatever port. The first `most` bytes of the answer, if it was accepted; a redirection is none.
    pub(crate) async fn post_json(&self, url: Url, body: String, most: usize) -> Result<Vec<u8>, FetchError> {
        self.check_host(&url)?;
        let post = async {
            let request = self.client.post(url).header(header::USER_AGENT, NAME);
            let request = request.header(header::CONTENT_TYPE, "application/json").body(body);
            let response = request.send().await.map_err(explained)?;
            if !response.status().is_success() {
                return Err(FetchError::Answer(response.status()));
            }
            read(response, Most::First(most)).await
        };
        tokio::time::timeout(PATIENCE, post).await.map_err(|_| FetchError::TooLate)?
    }

    /// Names are checked when they are resolved.
    fn check_host(&self, url: &Url) -> Result<(), FetchError> {
        match (url.scheme(), url.host()) {
            ("http" | "https", Some(Host::Ipv4(address))) => self.check_address(address.into()),
            ("http" | "https", Some(Host::Ipv6(address))) => self.check_address(address.into()),
            ("http" | "https", Some(Host::Domain(_))) => Ok(()),
            _ => Err(FetchError::NotAWebAddress),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{FetchError, Outbound};

    #[tokio::test]
    async fn nothing_is_handed_over_to_addresses_inside() {
        let _already_there = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let outbound = Outbound::new(&[]).unwrap();
        for inside in [
            "http://127.0.0.1:9/",
            "https://127.0.0.1/",
            "https://localhost/",
            "https://[::1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://169.254.169.254/",
            "https://192.168.1.1:8443/",
        ] {
            let refused = outbound.post_json(inside.parse().unwrap(), "{}".to_owned(), 10).await.unwrap_err();
            assert!(matches!(refused, FetchError::NotPublic), "{inside}: {refused:?}");
        }
        let file = outbound.post_json("file:///etc/passwd".parse().unwrap(), String::new(), 10).await;
        assert!(matches!(file, Err(FetchError::NotAWebAddress)));
    }
}

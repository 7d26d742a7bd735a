//! From what a person types to the URL of a homeserver.

use std::time::Duration;

use reqwest::redirect::Policy;
use serde_json::Value;
use url::Url;

use super::{Http, client};
use crate::Error;

const PATIENCE: Duration = Duration::from_secs(10);

/// Finds the base URL: the URL as given where one is; for a server name what its `.well-known` says, else
/// `https://name`. Each is believed only if `/versions` answers as Matrix.
pub(crate) async fn discover(typed: &str) -> Result<String, Error> {
    let typed = typed.trim().trim_end_matches('/');
    // A full user id names its server too.
    let typed = typed.strip_prefix('@').and_then(|id| id.split_once(':')).map_or(typed, |(_, server)| server);
    if typed.is_empty() {
        return Err(Error::NoServer("an empty address".to_owned()));
    }
    let mut offline = None;
    for candidate in candidates(typed).await {
        match probe(&candidate).await {
            Ok(()) => return Ok(candidate),
            Err(error) => offline = Some(error),
        }
    }
    Err(offline.unwrap_or_else(|| Error::NoServer(typed.to_owned())))
}

async fn candidates(typed: &str) -> Vec<String> {
    if typed.contains("://") {
        let mut found = vec![typed.to_owned()];
        // A web address may be the server's name in disguise.
        if let Some(base) = well_known(typed).await {
            found.push(base);
        }
        return found;
    }
    let mut found = Vec::new();
    found.extend(well_known(&format!("https://{typed}")).await);
    found.push(format!("https://{typed}"));
    if is_loopback(typed) {
        found.push(format!("http://{typed}"));
    }
    found
}

fn is_loopback(host: &str) -> bool {
    Url::parse(&format!("http://{host}")).ok().is_some_and(|url| match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    })
}

async fn well_known(origin: &str) -> Option<String> {
    let client = client(Policy::limited(5)).ok()?;
    let answer =
        client.get(format!("{origin}/.well-known/matrix/client")).timeout(PATIENCE).send().await.ok()?;
    let body: Value = serde_json::from_slice(&answer.bytes().await.ok()?).ok()?;
    let base = body.get("m.homeserver")?.get("base_url")?.as_str()?.trim_end_matches('/');
    Url::parse(base).ok().filter(|url| matches!(url.scheme(), "http" | "https")).map(|_| base.to_owned())
}

async fn probe(base: &str) -> Result<(), Error> {
    let valid =
        Url::parse(base).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.host().is_some());
    if !valid {
        return Err(Error::NoServer(base.to_owned()));
    }
    let answer = Http::new(base)?.json(http::Method::GET, "/_matrix/client/versions", None, PATIENCE).await;
    match answer {
        Ok(body) if body.get("versions").is_some_and(Value::is_array) => Ok(()),
        _ => Err(Error::NoServer(base.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::is_loopback;

    #[test]
    fn plain_http_is_tried_on_this_machine_only() {
        assert!(is_loopback("127.0.0.1:8008"));
        assert!(is_loopback("localhost:8008"));
        assert!(is_loopback("[::1]:8008"));
        assert!(!is_loopback("192.168.1.2:8008"));
        assert!(!is_loopback("example.org"));
    }
}

//! Who may speak to browser mode at all, and what every answer carries.

use axum::extract::{Request, State};
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::serve::Site;
use crate::api::{ApiError, ErrorCode};

/// The names this server answers to.
pub(super) struct Gate {
    hosts: [String; 3],
}

impl Gate {
    pub(super) fn new(port: u16) -> Self {
        Self { hosts: [format!("127.0.0.1:{port}"), format!("localhost:{port}"), format!("[::1]:{port}")] }
    }

    /// A request is let through when it was sent to this address by name, by a page of this address or by no page.
    /// Whatever changes something, and the socket, must say which page it comes from.
    fn lets_in(&self, method: &Method, headers: &HeaderMap) -> bool {
        let host = headers.get(header::HOST).and_then(|value| value.to_str().ok());
        if !host.is_some_and(|host| self.hosts.iter().any(|known| known == host)) {
            return false;
        }
        match headers.get(header::ORIGIN) {
            Some(origin) => self.is_ours(origin),
            None => *method == Method::GET && !headers.contains_key(header::UPGRADE),
        }
    }

    fn is_ours(&self, origin: &HeaderValue) -> bool {
        let host = origin.to_str().ok().and_then(|origin| origin.strip_prefix("http://"));
        host.is_some_and(|host| self.hosts.iter().any(|known| known == host))
    }

    /// Nothing is loaded from elsewhere, nothing is said to elsewhere, and no page may put this one in a frame.
    fn content_security_policy(&self) -> String {
        // A policy cannot name an IPv6 address; there `'self'` covers the socket.
        let named = self.hosts.iter().filter(|host| !host.starts_with('['));
        let sockets: Vec<String> = named.map(|host| format!("ws://{host}")).collect();
        format!(
            "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; \
             img-src 'self' data: blob:; media-src 'self' blob:; font-src 'self'; connect-src 'self' {}; \
             manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            sockets.join(" ")
        )
    }
}

/// The middleware in front of every path.
pub(super) async fn guard(State(site): State<Site>, request: Request, next: Next) -> Response {
    let mut response = if site.gate.lets_in(request.method(), request.headers()) {
        next.run(request).await
    } else {
        ApiError::new(
            ErrorCode::Refused,
            "This page is only for this computer. Open the link that hark browser printed.",
        )
        .into_response()
    };
    let headers = response.headers_mut();
    let fixed: [(HeaderName, &str); 5] = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY)
        && let Ok(policy) = HeaderValue::from_str(&site.gate.content_security_policy())
    {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lets_in(method: Method, headers: &[(HeaderName, &str)]) -> bool {
        let headers = headers.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect();
        Gate::new(7878).lets_in(&method, &headers)
    }

    #[test]
    fn this_computer_by_its_loopback_names_is_let_in() {
        for host in ["127.0.0.1:7878", "localhost:7878", "[::1]:7878"] {
            assert!(lets_in(Method::GET, &[(header::HOST, host)]), "{host}");
        }
    }

    #[test]
    fn a_name_made_to_point_here_is_refused() {
        for host in ["evil.example:7878", "127.0.0.1", "127.0.0.1:7879", "127.0.0.1.evil.example:7878", ""] {
            assert!(!lets_in(Method::GET, &[(header::HOST, host)]), "{host}");
        }
        assert!(!lets_in(Method::GET, &[]));
    }

    #[test]
    fn a_page_of_another_site_is_refused_even_for_reading() {
        for origin in ["http://evil.example", "https://127.0.0.1:7878", "http://127.0.0.1:80", "null"] {
            let headers = [(header::HOST, "127.0.0.1:7878"), (header::ORIGIN, origin)];
            assert!(!lets_in(Method::GET, &headers), "{origin}");
        }
    }

    #[test]
    fn a_change_or_a_socket_without_an_origin_is_refused() {
        let host = (header::HOST, "127.0.0.1:7878");
        assert!(!lets_in(Method::PUT, std::slice::from_ref(&host)));
        assert!(!lets_in(Method::GET, &[host.clone(), (header::UPGRADE, "websocket")]));
        let origin = (header::ORIGIN, "http://127.0.0.1:7878");
        assert!(lets_in(Method::GET, &[host, (header::UPGRADE, "websocket"), origin]));
    }
}

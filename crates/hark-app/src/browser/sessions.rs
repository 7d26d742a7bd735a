//! Links that are good for one use, and the sessions they were exchanged for. Both are lost with the process.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use axum::http::HeaderMap;
use axum::http::header::COOKIE;
use subtle::ConstantTimeEq as _;

use crate::api::ApiError;
use crate::random;

/// Most links not yet used, and most sessions; the oldest makes room.
const MAX_LINKS: usize = 16;
const MAX_SESSIONS: usize = 64;

pub(super) struct Sessions {
    /// Cookies are shared by all ports of a host, so each port has a name of its own.
    cookie: String,
    links: Mutex<VecDeque<String>>,
    open: Mutex<VecDeque<String>>,
}

impl Sessions {
    pub(super) fn new(port: u16) -> Self {
        Self { cookie: format!("hark_{port}"), links: Mutex::default(), open: Mutex::default() }
    }

    /// A token for a new link.
    pub(super) fn link(&self) -> Result<String, ApiError> {
        let token = random::secret()?;
        keep(&self.links, token.clone(), MAX_LINKS);
        Ok(token)
    }

    /// Exchanges a link's token for the `Set-Cookie` value of a new session; `None` where it is unknown or used.
    pub(super) fn exchange(&self, token: &str) -> Result<Option<String>, ApiError> {
        let mut links = self.links.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(at) = links.iter().position(|known| same(known, token)) else { return Ok(None) };
        links.remove(at);
        drop(links);
        let secret = random::secret()?;
        keep(&self.open, secret.clone(), MAX_SESSIONS);
        Ok(Some(format!("{}={secret}; Path=/; HttpOnly; SameSite=Strict", self.cookie)))
    }

    /// Whether a request carries the cookie of a session.
    pub(super) fn knows(&self, headers: &HeaderMap) -> bool {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(name, _)| *name == self.cookie)
            .any(|(_, secret)| open.iter().any(|known| same(known, secret)))
    }
}

fn keep(list: &Mutex<VecDeque<String>>, item: String, most: usize) {
    let mut list = list.lock().unwrap_or_else(PoisonError::into_inner);
    while list.len() >= most {
        list.pop_front();
    }
    list.push_back(item);
}

fn same(known: &str, given: &str) -> bool {
    known.as_bytes().ct_eq(given.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_cookie(value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, value.parse().unwrap());
        headers
    }

    #[test]
    fn a_link_is_good_for_one_use() {
        let sessions = Sessions::new(7878);
        let token = sessions.link().unwrap();
        assert!(sessions.exchange(&token).unwrap().is_some());
        assert!(sessions.exchange(&token).unwrap().is_none());
    }

    #[test]
    fn a_session_is_known_among_other_cookies_and_not_at_another_port() {
        let sessions = Sessions::new(7878);
        let token = sessions.link().unwrap();
        let cookie = sessions.exchange(&token).unwrap().unwrap();
        let pair = cookie.split(';').next().unwrap();
        assert!(sessions.knows(&with_cookie(&format!("theme=dark; {pair}"))));
        assert!(!sessions.knows(&with_cookie(&pair.replace("hark_7878", "hark_7879"))));
        assert!(!sessions.knows(&with_cookie("hark_7878=")));
    }

    #[test]
    fn an_invented_token_opens_nothing() {
        let sessions = Sessions::new(7878);
        sessions.link().unwrap();
        assert!(sessions.exchange("").unwrap().is_none());
        assert!(sessions.exchange(&"0".repeat(64)).unwrap().is_none());
    }
}

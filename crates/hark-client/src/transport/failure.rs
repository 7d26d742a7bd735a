//! Why a request brought nothing, told apart by what may be concluded from it.

use std::time::Duration;

use http::{HeaderMap, StatusCode};
use serde_json::Value;

use crate::Error;

/// A request that did not succeed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Failure {
    /// No answer, or not one of a Matrix server. Says nothing about the request.
    Offline(String),
    /// Connected, but no answer in time. The server may have done it or not.
    TimedOut,
    /// A Matrix server said no.
    Matrix {
        /// HTTP status.
        status: u16,
        /// `M_…`
        errcode: String,
        /// Its words.
        error: String,
        /// How long it asks to wait.
        retry_after: Option<Duration>,
        /// The whole body: some errors carry what to do next.
        body: Value,
    },
}

impl Failure {
    pub(super) fn of_network(error: &reqwest::Error) -> Self {
        if error.is_timeout() && !error.is_connect() {
            return Self::TimedOut;
        }
        let what = if error.is_connect() { "no connection" } else { "the connection broke" };
        Self::Offline(format!("{what}: {}", root_cause(error)))
    }

    pub(super) fn unusable(error: impl std::fmt::Display) -> Self {
        Self::Matrix {
            status: 400,
            errcode: "M_BAD_JSON".to_owned(),
            error: format!("this request cannot be written: {error}"),
            retry_after: None,
            body: Value::Null,
        }
    }

    /// An id in our own store that no request can carry.
    pub(crate) fn unusable_id(error: ruma::IdParseError) -> Self {
        Self::unusable(error)
    }

    pub(super) fn not_matrix(status: StatusCode) -> Self {
        Self::Offline(format!("something between here and the server answered {status} with no Matrix in it"))
    }

    /// A body that parses as a Matrix error is one; anything else is not the server speaking.
    pub(super) fn of_answer(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Self {
        let Ok(body) = serde_json::from_slice::<Value>(body) else { return Self::not_matrix(status) };
        let errcode = body.get("errcode").and_then(Value::as_str).map(str::to_owned);
        // User-interactive auth answers 401 with the ways to go on and no code.
        let errcode = match errcode {
            Some(code) => code,
            None if status == StatusCode::UNAUTHORIZED && body.get("flows").is_some() => String::new(),
            None => return Self::not_matrix(status),
        };
        let in_body = body.get("retry_after_ms").and_then(Value::as_u64).map(Duration::from_millis);
        let in_header = || {
            let value = headers.get(http::header::RETRY_AFTER)?.to_str().ok()?;
            value.trim().parse().ok().map(Duration::from_secs)
        };
        let error = body.get("error").and_then(Value::as_str).unwrap_or("it gave no reason").to_owned();
        Self::Matrix {
            status: status.as_u16(),
            errcode,
            error,
            retry_after: in_body.or_else(in_header),
            body,
        }
    }

    /// Whether the login itself is over.
    pub(crate) fn ends_login(&self) -> Option<String> {
        match self {
            Self::Matrix { status: 401, errcode, error, .. }
                if matches!(errcode.as_str(), "M_UNKNOWN_TOKEN" | "M_MISSING_TOKEN" | "M_USER_LOCKED") =>
            {
                Some(error.clone())
            }
            _ => None,
        }
    }

    /// The Matrix error code, where a Matrix server answered.
    pub(crate) fn errcode(&self) -> Option<&str> {
        match self {
            Self::Matrix { errcode, .. } => Some(errcode),
            _ => None,
        }
    }
}

fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Offline(reason) => f.write_str(reason),
            Self::TimedOut => f.write_str("the server does not answer"),
            Self::Matrix { errcode, error, .. } => write!(f, "{error} ({errcode})"),
        }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        if failure.ends_login().is_some() {
            return Self::SignedOut;
        }
        match failure {
            Failure::Offline(reason) => Self::Offline(reason),
            Failure::TimedOut => Self::Offline(failure.to_string()),
            Failure::Matrix { errcode, retry_after, error, .. } => match (errcode.as_str(), retry_after) {
                ("M_LIMIT_EXCEEDED", wait) => Self::TooFast {
                    retry_after_ms: wait
                        .map_or(1_000, |wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)),
                },
                _ => Self::Refused { errcode, reason: error.trim_end_matches('.').to_owned() },
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, StatusCode};

    use super::Failure;

    fn answer(status: u16, body: &str) -> Failure {
        Failure::of_answer(
            StatusCode::from_u16(status).expect("a status"),
            &HeaderMap::new(),
            body.as_bytes(),
        )
    }

    #[test]
    fn a_web_page_is_offline_whatever_its_status() {
        for status in [200, 302, 403, 404, 451, 502, 520] {
            assert!(matches!(answer(status, "<html>Please log in</html>"), Failure::Offline(_)), "{status}");
            assert!(matches!(answer(status, r#"{"message":"no route"}"#), Failure::Offline(_)), "{status}");
        }
    }

    #[test]
    fn a_matrix_error_is_the_server_speaking() {
        let failure = answer(403, r#"{"errcode":"M_FORBIDDEN","error":"not in room"}"#);
        assert_eq!(failure.errcode(), Some("M_FORBIDDEN"));
        let failure = answer(429, r#"{"errcode":"M_LIMIT_EXCEEDED","error":"slow","retry_after_ms":1500}"#);
        assert!(
            matches!(failure, Failure::Matrix { retry_after: Some(wait), .. } if wait.as_millis() == 1500)
        );
    }

    #[test]
    fn only_a_token_the_server_does_not_know_ends_the_login() {
        assert!(answer(401, r#"{"errcode":"M_UNKNOWN_TOKEN","error":"gone"}"#).ends_login().is_some());
        assert!(answer(401, "<html>hotel</html>").ends_login().is_none());
        assert!(answer(403, r#"{"errcode":"M_FORBIDDEN","error":"no"}"#).ends_login().is_none());
    }
}

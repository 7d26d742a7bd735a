//! How each endpoint answers.

use std::{
    fmt::{self, Write},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use http::{Method, StatusCode};

/// The statuses that are counted each for itself.
const STATUSES: [u16; 17] =
    [200, 206, 302, 304, 400, 401, 403, 404, 405, 408, 409, 413, 416, 429, 500, 502, 503];

/// What an endpoint counts.
#[derive(Debug)]
pub(crate) struct Endpoint {
    name: &'static str,
    method: Method,
    sends: bool,
    answered: [AtomicU64; STATUSES.len()],
    otherwise: AtomicU64,
    unanswered: AtomicU64,
}

impl Endpoint {
    /// One whose pattern is `name`. `sends`: it is one of those by which people say something.
    pub(crate) fn new(name: &'static str, method: Method, sends: bool) -> Self {
        Self {
            name,
            method,
            sends,
            answered: Default::default(),
            otherwise: AtomicU64::new(0),
            unanswered: AtomicU64::new(0),
        }
    }

    /// A request has come. It counts as unanswered where what is returned is dropped before it is told of an answer.
    pub(crate) fn asked(self: &Arc<Self>) -> Asked {
        Asked { endpoint: Some(self.clone()) }
    }

    fn answered(&self, status: StatusCode) {
        let index = STATUSES.iter().position(|known| *known == status.as_u16());
        let counter = index.map_or(&self.otherwise, |index| &self.answered[index]);
        counter.fetch_add(1, Relaxed);
    }

    /// Messages that failed by no fault of their sender.
    pub(super) fn failed_sends(&self) -> u64 {
        if !self.sends {
            return 0;
        }
        let faults = STATUSES.iter().zip(&self.answered).filter(|(status, _)| **status >= 500);
        faults.map(|(_, count)| count.load(Relaxed)).sum::<u64>() + self.unanswered.load(Relaxed)
    }

    /// Writes the lines of the counter `name` that are not 0.
    pub(super) fn write(&self, out: &mut String, name: &str) -> fmt::Result {
        let mut line = |status: &dyn fmt::Display, count: &AtomicU64| match count.load(Relaxed) {
            0 => Ok(()),
            count => writeln!(
                out,
                "{name}{{endpoint=\"{}\",method=\"{}\",status=\"{status}\"}} {count}",
                self.name, self.method
            ),
        };
        for (status, count) in STATUSES.iter().zip(&self.answered) {
            line(status, count)?;
        }
        line(&"other", &self.otherwise)?;
        line(&"none", &self.unanswered)
    }
}

/// A request that is being answered.
#[derive(Debug)]
pub(crate) struct Asked {
    endpoint: Option<Arc<Endpoint>>,
}

impl Asked {
    pub(crate) fn answered(mut self, status: StatusCode) {
        if let Some(endpoint) = self.endpoint.take() {
            endpoint.answered(status);
        }
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        if let Some(endpoint) = &self.endpoint {
            endpoint.unanswered.fetch_add(1, Relaxed);
        }
    }
}

//! User-interactive authentication: a request that is answered 401 with what is still to do, and is sent again with `auth`.
//!
//! A session belongs to one purpose (what is asked for, and by whom where that is known), lives 15 minutes and serves one success.
//! It holds which stages are done and nothing of any request, so that no password can be found in it.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Secret;
use crate::{clock, http::ApiError, random};

/// How long one may take.
const LIFETIME: Duration = Duration::from_mins(15);
/// Sessions under way; beyond it the oldest go.
const KEPT: usize = 10_000;

/// The `auth` member of a request.
#[derive(Deserialize)]
pub(crate) struct Auth {
    /// The stage this is; absent when the client only asks whether it is done.
    #[serde(rename = "type")]
    pub(crate) stage: Option<String>,
    /// The session from the 401 before.
    pub(crate) session: Option<String>,
    /// For `m.login.registration_token`.
    pub(crate) token: Option<String>,
    /// For `m.login.password`: who.
    identifier: Option<Identifier>,
    /// The same in the form before r0.4.
    user: Option<String>,
    /// For `m.login.password`.
    pub(crate) password: Option<Secret>,
}

#[derive(Deserialize)]
struct Identifier {
    user: Option<String>,
}

impl Auth {
    /// The name of who is said to be asking.
    pub(crate) fn name(&self) -> Option<&str> {
        let identified = self.identifier.as_ref().and_then(|identifier| identifier.user.as_deref());
        identified.or(self.user.as_deref())
    }
}

/// One way through: the stages that must all be done.
pub(crate) type Flow = &'static [&'static str];

/// A request that passed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Passed {
    /// The registration token that was shown, if the flow has one.
    pub(crate) token: Option<String>,
}

struct Progress {
    purpose: String,
    began: Instant,
    done: HashSet<&'static str>,
    token: Option<String>,
}

/// Sessions under way.
#[derive(Default)]
pub(crate) struct Uia {
    /// Held for a few instructions only, never across an await.
    sessions: Mutex<HashMap<String, Progress>>,
}

impl Uia {
    /// Takes a request one step further; `check` verifies a stage before it counts. `Ok` ends the session; an error is what to
    /// answer, mostly a 401 with what is still to do. A session shown for another purpose than the one it began with is refused.
    pub(crate) async fn step(
        &self,
        purpose: &str,
        flow: Flow,
        auth: Option<Auth>,
        check: impl AsyncFnOnce(&Auth) -> Result<(), ApiError>,
    ) -> Result<Passed, ApiError> {
        let now = clock::instant();
        let Some(auth) = auth else {
            return Err(self.begin(purpose, flow, now));
        };
        let begun_for = auth.session.as_ref().and_then(|id| self.purpose(id, now));
        let id = match (&auth.session, begun_for) {
            (Some(id), Some(begun)) if begun == purpose => id.clone(),
            (Some(_), Some(_)) => {
                return Err(ApiError::forbidden("These steps were begun for another request: begin again."));
            }
            // A first request may bring the only step there is (matrix-nio and others register so).
            (None, _) if auth.stage.is_some() => self.open(purpose, now),
            _ => return Err(self.begin(purpose, flow, now)),
        };
        if let Some(stage) = &auth.stage {
            let Some(stage) = flow.iter().copied().find(|known| known == stage) else {
                return Err(self.challenge(
                    &id,
                    flow,
                    Some(("M_UNRECOGNIZED", "This is not one of the steps.")),
                ));
            };
            match check(&auth).await {
                Ok(()) => self.mark_done(&id, stage, auth.token.clone()),
                Err(error) if !tells_of_the_step(&error) => return Err(error),
                Err(error) => {
                    return Err(self.challenge(&id, flow, Some((error.errcode(), error.message()))));
                }
            }
        }
        self.finish(&id, flow).ok_or_else(|| self.challenge(&id, flow, None))
    }

    fn begin(&self, purpose: &str, flow: Flow, now: Instant) -> ApiError {
        let id = self.open(purpose, now);
        self.challenge(&id, flow, None)
    }

    fn open(&self, purpose: &str, now: Instant) -> String {
        let id = random::url_safe::<18>();
        let progress =
            Progress { purpose: purpose.to_owned(), began: now, done: HashSet::new(), token: None };
        let mut sessions = self.lock();
        if sessions.len() >= KEPT {
            sessions.retain(|_, progress| now - progress.began < LIFETIME);
        }
        if sessions.len() >= KEPT {
            let oldest = sessions.iter().min_by_key(|(_, progress)| progress.began).map(|(id, _)| id.clone());
            oldest.and_then(|id| sessions.remove(&id));
        }
        sessions.insert(id.clone(), progress);
        id
    }

    /// What a session under way was begun for.
    fn purpose(&self, id: &str, now: Instant) -> Option<String> {
        let sessions = self.lock();
        let progress = sessions.get(id).filter(|progress| now - progress.began < LIFETIME)?;
        Some(progress.purpose.clone())
    }

    fn mark_done(&self, id: &str, stage: &'static str, token: Option<String>) {
        if let Some(progress) = self.lock().get_mut(id) {
            progress.done.insert(stage);
            progress.token = token.or(progress.token.take());
        }
    }

    /// Ends the session when every stage is done.
    fn finish(&self, id: &str, flow: Flow) -> Option<Passed> {
        let mut sessions = self.lock();
        let progress = sessions.get(id)?;
        if !flow.iter().all(|stage| progress.done.contains(stage)) {
            return None;
        }
        sessions.remove(id).map(|progress| Passed { token: progress.token })
    }

    /// 401 with the flows, what is done, and what went wrong with the last step.
    fn challenge(&self, id: &str, flow: Flow, wrong: Option<(&'static str, &str)>) -> ApiError {
        let done: Vec<&str> =
            self.lock().get(id).map(|progress| progress.done.iter().copied().collect()).unwrap_or_default();
        let error = match wrong {
            Some((errcode, message)) => ApiError::step_failed(errcode, message.to_owned()),
            None => ApiError::more_steps(),
        };
        error
            .with("flows", json!([{ "stages": flow }]))
            .with("params", json!({}))
            .with("session", Value::from(id))
            .with("completed", json!(done))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Progress>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether an error is about what was shown, and not about us or about how often one asks.
fn tells_of_the_step(error: &ApiError) -> bool {
    error.status().is_client_error() && error.status() != StatusCode::TOO_MANY_REQUESTS
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::{Auth, Flow, KEPT, LIFETIME, Passed, Uia};
    use crate::{clock, http::ApiError};

    const TWO: Flow = &["m.login.registration_token", "m.login.dummy"];

    fn auth(stage: Option<&str>, session: &str, token: Option<&str>) -> Auth {
        Auth {
            stage: stage.map(ToOwned::to_owned),
            session: Some(session.to_owned()),
            token: token.map(ToOwned::to_owned),
            identifier: None,
            user: None,
            password: None,
        }
    }

    async fn refused(uia: &Uia, purpose: &str, auth: Option<Auth>) -> Value {
        let check = async |auth: &Auth| match auth.token.as_deref() {
            Some("wrong") => Err(ApiError::forbidden("no such token")),
            _ => Ok(()),
        };
        uia.step(purpose, TWO, auth, check).await.unwrap_err().into_body()
    }

    #[tokio::test]
    async fn a_first_request_may_bring_the_only_step() {
        let uia = Uia::default();
        let first = Some(Auth { session: None, ..auth(Some("m.login.dummy"), "", None) });
        assert_eq!(
            uia.step("register", &["m.login.dummy"], first, async |_| Ok(())).await.unwrap(),
            Passed::default()
        );
    }

    #[tokio::test]
    async fn all_stages_in_any_order_pass_once() {
        let uia = Uia::default();
        let first = refused(&uia, "register", None).await;
        assert_eq!(first.get("errcode"), None, "clients take a first answer with an errcode for a failure");
        let session = first["session"].as_str().unwrap().to_owned();
        let body = refused(&uia, "register", Some(auth(Some("m.login.dummy"), &session, None))).await;
        assert_eq!(body["completed"], json!(["m.login.dummy"]));
        let body = refused(&uia, "register", Some(auth(Some(TWO[0]), &session, Some("wrong")))).await;
        assert_eq!((&body["errcode"], &body["session"]), (&json!("M_FORBIDDEN"), &json!(session)));
        let passed = uia
            .step("register", TWO, Some(auth(Some(TWO[0]), &session, Some("t"))), async |_| Ok(()))
            .await
            .unwrap();
        assert_eq!(passed.token.as_deref(), Some("t"));
        let again = refused(&uia, "register", Some(auth(None, &session, None))).await;
        assert_ne!(again["session"], json!(session), "a session serves once");
    }

    #[tokio::test]
    async fn a_session_of_one_purpose_does_not_serve_another() {
        let uia = Uia::default();
        let session = refused(&uia, "register", None).await["session"].as_str().unwrap().to_owned();
        let other = refused(&uia, "delete device", Some(auth(Some("m.login.dummy"), &session, None))).await;
        assert_eq!((&other["errcode"], other.get("session")), (&json!("M_FORBIDDEN"), None));
        let first = refused(&uia, "register", Some(auth(None, &session, None))).await;
        assert_eq!(first["completed"], json!([]), "the step taken for another request did not count");
    }

    #[test]
    fn steps_are_forgotten_after_a_while_and_however_many_are_begun() {
        let uia = Uia::default();
        let now = clock::instant();
        let first = uia.open("register", now);
        assert_eq!(uia.purpose(&first, now + LIFETIME), None);
        assert!(uia.purpose(&first, now + LIFETIME / 2).is_some());
        for n in 1..=KEPT as u64 {
            uia.open("register", now + Duration::from_micros(n));
        }
        assert_eq!(uia.purpose(&first, now), None, "the oldest went");
        assert!(uia.lock().len() <= KEPT);
    }
}

//! Passwords: argon2id on two threads of its own, which give way to all others, so that a crowd signing in takes 92 MiB and waits,
//! and nobody else does.

use std::{
    fmt,
    sync::{Arc, LazyLock, Mutex, PoisonError},
    thread,
    time::Duration,
};

use argon2::{
    Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version, password_hash::phc::PasswordHash,
};
use tokio::sync::{mpsc, oneshot};

use crate::{http::ApiError, platform, random};

/// How many hashes are computed at once; each takes [`MEMORY_KIB`].
const AT_ONCE: usize = 2;
/// 46 MiB and one pass: as strong as 19 MiB and two, says OWASP, at the same cost. Above 32 MiB glibc gives the memory
/// back at once; 19 MiB stayed with every thread that ever hashed, some 300 MiB after thirty logins.
const MEMORY_KIB: u32 = 46 * 1024;
const PASSES: u32 = 1;
/// How many may wait for their turn; further ones are told to come again.
const QUEUE: usize = 1024;
/// When they should.
const COME_AGAIN: Duration = Duration::from_secs(10);
/// Longer passwords only serve to keep the server busy.
const MAX_LENGTH: usize = 512;

/// Something that must not be printed.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(String);

impl Secret {
    /// A password as its owner typed it.
    pub(crate) fn new(text: String) -> Self {
        Self(text)
    }

    /// 400 `M_WEAK_PASSWORD` unless it may become somebody's password.
    pub(crate) fn check_strength(&self) -> Result<(), ApiError> {
        if self.0.is_empty() {
            return Err(weak("A password is needed."));
        }
        if self.0.len() > MAX_LENGTH {
            return Err(weak("A password has at most 512 bytes."));
        }
        Ok(())
    }
}

impl<'de> serde::Deserialize<'de> for Secret {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What comparing a password with the stored hash showed.
#[derive(PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is not the password, or there is none.
    Wrong,
    /// It is the password.
    Right,
    /// It is the password, but its hash is cheaper than today's: here is a new one.
    RightButCheap(String),
}

/// Something to be computed.
type Job = Box<dyn FnOnce() + Send>;

/// Hashes and verifies. Its threads end with it.
pub(super) struct Passwords {
    jobs: mpsc::Sender<Job>,
    /// How many hashes were computed.
    #[cfg(test)]
    pub(super) computed: Arc<std::sync::atomic::AtomicUsize>,
}

impl Passwords {
    /// # Panics
    /// When the operating system has no thread to give: the server is only just starting then.
    pub(super) fn new() -> Self {
        let (jobs, waiting) = mpsc::channel(QUEUE);
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..AT_ONCE {
            let waiting = waiting.clone();
            thread::Builder::new()
                .name("passwords".to_owned())
                .spawn(move || work(&waiting))
                .expect("a starting server can start threads");
        }
        Self {
            jobs,
            #[cfg(test)]
            computed: Arc::default(),
        }
    }

    /// The PHC string of a new password.
    pub(super) async fn hash(&self, password: Secret) -> Result<String, ApiError> {
        password.check_strength()?;
        self.in_turn(move || hash(&password)).await?.ok_or_else(ApiError::internal)
    }

    /// Compares a password with a stored hash. Without a stored hash the same work is done and the answer is `Wrong`.
    pub(super) async fn verify(&self, password: Secret, stored: Option<String>) -> Result<Verdict, ApiError> {
        if password.0.len() > MAX_LENGTH {
            return Ok(Verdict::Wrong);
        }
        self.in_turn(move || verify(&password, stored.as_deref())).await
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ApiError> {
        let (answer, answered) = oneshot::channel();
        #[cfg(test)]
        let computed = self.computed.clone();
        let job = Box::new(move || {
            // Whoever hung up while they waited needs no answer.
            if !answer.is_closed() {
                #[cfg(test)]
                computed.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                let _gone = answer.send(work());
            }
        });
        self.jobs.try_send(job).map_err(|_| ApiError::limit_exceeded(COME_AGAIN))?;
        answered.await.map_err(|_| ApiError::internal())
    }
}

/// Does one job after the other until nobody can bring more.
fn work(waiting: &Mutex<mpsc::Receiver<Job>>) {
    platform::give_way();
    loop {
        let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
        let Some(job) = next else { return };
        job();
    }
}

fn weak(message: &'static str) -> ApiError {
    ApiError::new(http::StatusCode::BAD_REQUEST, "M_WEAK_PASSWORD", message)
}

fn argon() -> Argon2<'static> {
    let params =
        Params::new(MEMORY_KIB, PASSES, 1, None).expect("the constants above are within argon2's bounds");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn hash(password: &Secret) -> Option<String> {
    let salt: [u8; 16] = random::bytes();
    argon().hash_password_with_salt(password.0.as_bytes(), &salt).ok().map(|hash| hash.to_string())
}

fn verify(password: &Secret, stored: Option<&str>) -> Verdict {
    /// Compared with where there is no account, so that its absence cannot be timed.
    static NOBODY: LazyLock<String> =
        LazyLock::new(|| hash(&Secret(random::url_safe::<32>())).unwrap_or_default());
    let Ok(parsed) = PasswordHash::new(stored.unwrap_or(&NOBODY)) else {
        return Verdict::Wrong;
    };
    let matches = argon().verify_password(password.0.as_bytes(), &parsed).is_ok();
    match (matches, stored) {
        (true, Some(_)) if is_cheap(&parsed) => hash(password).map_or(Verdict::Right, Verdict::RightButCheap),
        (true, Some(_)) => Verdict::Right,
        _ => Verdict::Wrong,
    }
}

fn is_cheap(hash: &PasswordHash) -> bool {
    Params::try_from(hash).is_ok_and(|used| used.m_cost() < MEMORY_KIB || used.t_cost() < PASSES)
}

#[cfg(test)]
mod tests {
    use super::{Passwords, Secret, Verdict};

    fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    #[tokio::test]
    async fn the_right_password_opens_and_nothing_else_does() {
        let passwords = Passwords::new();
        let stored = passwords.hash(secret("Zürich 7 🔑")).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=47104,t=1,p=1$"), "{stored}");
        let opens = async |text, hash: &str| {
            passwords.verify(secret(text), Some(hash.to_owned())).await.unwrap() != Verdict::Wrong
        };
        assert!(opens("Zürich 7 🔑", &stored).await);
        for (text, hash) in [("zürich 7 🔑", stored.as_str()), ("", &stored), ("", ""), ("x", "x")] {
            assert!(!opens(text, hash).await, "{text:?} {hash:?}");
        }
        assert!(passwords.verify(secret("anything"), None).await.unwrap() == Verdict::Wrong);
    }

    #[tokio::test]
    async fn a_hash_that_became_cheap_is_made_anew() {
        use argon2::PasswordHasher;
        let params = argon2::Params::new(1024, 1, 1, None).unwrap();
        let argon = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
        let cheap = argon.hash_password_with_salt(b"pass", b"somesaltsomesalt").unwrap().to_string();
        let passwords = Passwords::new();
        let Verdict::RightButCheap(stronger) = passwords.verify(secret("pass"), Some(cheap)).await.unwrap()
        else {
            panic!("the cheap hash was not noticed")
        };
        assert!(passwords.verify(secret("pass"), Some(stronger)).await.unwrap() == Verdict::Right);
    }

    #[tokio::test]
    async fn a_crowd_waits_its_turn_and_more_than_a_crowd_comes_again() {
        let passwords = std::sync::Arc::new(Passwords::new());
        let (hold, held) = std::sync::mpsc::channel::<()>();
        let held = std::sync::Arc::new(std::sync::Mutex::new(held));
        let mut busy = tokio::task::JoinSet::new();
        for _ in 0..super::AT_ONCE + super::QUEUE {
            let (passwords, held) = (passwords.clone(), held.clone());
            busy.spawn(
                async move { passwords.in_turn(move || drop(held.lock().map(|held| held.recv()))).await },
            );
        }
        // All are waiting once one more finds no place.
        let refused = loop {
            match tokio::time::timeout(std::time::Duration::ZERO, passwords.in_turn(|| ())).await {
                Ok(Err(error)) => break error,
                _ => tokio::task::yield_now().await,
            }
        };
        assert_eq!(refused.errcode(), "M_LIMIT_EXCEEDED");
        drop(hold);
        while let Some(done) = busy.join_next().await {
            // Those that were spawned late may have found no place either; nobody waits for ever.
            let _done_or_refused = done.unwrap();
        }
        assert!(passwords.verify(secret("x"), None).await.unwrap() == Verdict::Wrong);
    }

    #[test]
    fn a_secret_is_not_printed() {
        assert!(!format!("{:?}", secret("hunter2")).contains("hunter2"));
    }
}

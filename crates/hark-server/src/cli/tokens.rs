//! `hark-server token`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::Subcommand;
use hark_server::NewToken;
use serde_json::json;

use super::place::{Place, date};

/// They work while the server runs, and while it does not.
#[derive(Subcommand)]
pub(crate) enum Token {
    /// Make a token and print it.
    #[command(visible_alias = "add")]
    New {
        #[command(flatten)]
        place: Place,
        /// How many accounts it makes; without end if not given.
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
        uses: Option<u32>,
        /// How long it works, such as 90m, 12h or 7d; for ever if not given.
        #[arg(long, value_name = "TIME", value_parser = lifetime)]
        expires: Option<Duration>,
        /// What newcomers type: 1 to 64 letters, digits and . _ ~ -; made up if not given.
        #[arg(long, value_name = "TEXT")]
        token: Option<String>,
    },
    /// List the tokens: the token, how many accounts it still makes, when it ends (UTC).
    List {
        #[command(flatten)]
        place: Place,
    },
    /// End a token.
    Remove {
        /// The token.
        token: String,
        #[command(flatten)]
        place: Place,
    },
}

impl Token {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::New { place, uses, expires, token } => {
                let expires_ms = expires.map(|lifetime| now_ms().saturating_add(ms(lifetime)));
                let token = place.operator().new_token(NewToken { token, uses, expires_ms }).await?;
                place.tell(&json!({ "token": token, "uses": uses, "expires_ms": expires_ms }), || {
                    token.clone()
                })
            }
            Self::List { place } => {
                let tokens = place.operator().tokens().await?;
                place.list(&tokens, |token| {
                    vec![
                        token.token.clone(),
                        token
                            .uses_left
                            .map_or_else(|| "without end".to_owned(), |uses| format!("{uses} left")),
                        token
                            .expires_ms
                            .map_or_else(|| "never ends".to_owned(), |at| format!("until {}", date(at))),
                    ]
                })
            }
            Self::Remove { token, place } => {
                place.operator().remove_token(&token).await?;
                place.tell(&json!({ "removed": token }), || format!("{token} makes no account any more."))
            }
        }
    }
}

/// `90m`, `12h`, `7d`.
fn lifetime(text: &str) -> Result<Duration, String> {
    let wrong = || "Give a whole number and m, h or d, such as 12h.".to_owned();
    let unit = text.chars().last().ok_or_else(wrong)?;
    let seconds = match unit {
        'm' => 60,
        'h' => 60 * 60,
        'd' => 24 * 60 * 60,
        _ => return Err(wrong()),
    };
    let count: u32 = text.trim_end_matches(unit).parse().map_err(|_| wrong())?;
    if count == 0 { Err(wrong()) } else { Ok(Duration::from_secs(u64::from(count) * seconds)) }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the program's clock: what the library is told comes from here"
)]
fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, ms)
}

fn ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

//! From what was typed to an exit code: here, or by the process that owns the folder.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser as _;
use hark_client::Options;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::args::{Command, Hark};
use super::{Output, Request, doctor, perform, print};
use crate::api::{ApiError, ErrorCode};
use crate::app::App;
use crate::app::thread::clip_of;
use crate::owner::{self, Called, Ownership, Reached};
use crate::{clock, platform, program};

/// How long a folder that is taken may be without an open door: its owner is starting, or ending.
const DOOR_OPENS_WITHIN: Duration = Duration::from_secs(15);

/// Pause before the next try.
const BREATH: Duration = Duration::from_millis(30);

/// The whole program.
pub fn run() -> ExitCode {
    let typed = Hark::parse();
    program::start_up();
    let outcome = program::data_folder(typed.data).and_then(|folder| {
        program::start_log(&folder);
        let runtime =
            tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(ApiError::internal)?;
        let outcome = runtime.block_on(command(&folder, typed.command));
        // A loudspeaker or a slow disk must not hold the program back.
        runtime.shutdown_timeout(Duration::from_secs(1));
        outcome
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Where stderr is gone there is nobody to tell.
            let _ = writeln!(io::stderr(), "hark: {}", error.message.replace('\n', " "));
            ExitCode::FAILURE
        }
    }
}

async fn command(folder: &Path, typed: Command) -> Result<(), ApiError> {
    let open_links = matches!(&typed, Command::Browser(browser) if !browser.no_open);
    let request = request_of(typed).await?;
    let (output, shown) = mpsc::channel(256);
    let printer = tokio::spawn(print::print(shown, open_links));
    let outcome = work(folder, request, &output).await;
    drop(output);
    printer.await.map_err(ApiError::internal)?;
    outcome
}

/// Gathers what the request needs from this terminal: the password, the sound file.
async fn request_of(typed: Command) -> Result<Request, ApiError> {
    Ok(match typed {
        Command::Login(login) => Request::Login {
            homeserver: login.homeserver,
            user: login.user,
            password: password()?,
            register: login.register,
        },
        Command::Send(send) => Request::Send { who: send.who, text: send.text, wait: !send.no_wait },
        Command::Voice(voice) => {
            let bytes = std::fs::read(&voice.file).map_err(|error| {
                ApiError::not_found(format!("{} cannot be read: {error}.", voice.file.display()))
            })?;
            let clip = clip_of(move || hark_voice::prepare(&bytes)).await?.into();
            Request::Voice { who: voice.who, clip, wait: !voice.no_wait }
        }
        Command::Record(record) => {
            Request::Record { who: record.who, seconds: record.seconds, wait: !record.no_wait }
        }
        Command::Dm { who } => Request::Dm { who },
        Command::List { json } => Request::List { json },
        Command::Read(read) => Request::Read { who: read.who, limit: read.limit, json: read.json },
        Command::Search(search) => {
            Request::Search { words: search.words.join(" "), limit: search.limit, json: search.json }
        }
        Command::Listen { json } => Request::Listen { json, since: None },
        Command::Browser(browser) => Request::Browser { listen: browser.listen, try_it: browser.try_it },
        Command::Doctor { json } => Request::Doctor { json, caller: std::process::id() },
    })
}

/// The first line of stdin; typed unseen where a person types it.
fn password() -> Result<String, ApiError> {
    let read = if io::stdin().is_terminal() {
        rpassword::prompt_password("Password: ")
    } else {
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line).map(|_| line)
    };
    let password =
        read.map_err(|error| ApiError::bad_request(format!("The password cannot be read: {error}.")))?;
    let password = password.trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        return Err(ApiError::bad_request("No password was given. Type it, or pass it on stdin."));
    }
    Ok(password.to_owned())
}

/// Does the request where the folder's owner is: here, or there, or here after all when that one ends in the middle.
async fn work(folder: &Path, mut request: Request, output: &mpsc::Sender<Output>) -> Result<(), ApiError> {
    let mut since = clock::now();
    // A window was handed the folder: it is not snatched back before the window had time to take it.
    let mut handed_over = false;
    loop {
        let leave = handed_over && since.elapsed() < DOOR_OPENS_WITHIN;
        if !leave && let Some(ownership) = Ownership::take(folder)? {
            match here(ownership, request, output).await {
                Here::Ended(outcome) => return outcome,
                Here::HandedOver(rest) => request = rest,
            }
            since = clock::now();
            handed_over = true;
            continue;
        }
        let mut reached = Reached::default();
        let called = tokio::select! {
            called = owner::call(folder, &request, output, &mut reached) => called,
            () = platform::asked_to_end() => return interrupted(&request),
        };
        match called {
            Called::Finished(outcome) => return outcome,
            Called::NoAnswer(pid) => return Err(no_answer(folder, Some(pid))),
            Called::NotThere if leave => tokio::time::sleep(BREATH).await,
            Called::NotThere if since.elapsed() > DOOR_OPENS_WITHIN => return Err(no_answer(folder, None)),
            Called::NotThere => tokio::time::sleep(BREATH).await,
            Called::Over | Called::Died => {
                request = take_up(request, reached)?;
                handed_over = false;
                since = clock::now();
            }
        }
    }
}

/// What is left to do of a request whose owner died or ended in the middle of it.
fn take_up(request: Request, reached: Reached) -> Result<Request, ApiError> {
    match (reached.kept, request) {
        (Some(key), _) => Ok(Request::Settle { key }),
        (None, Request::Listen { json, since }) => {
            Ok(Request::Listen { json, since: reached.heard.or(since) })
        }
        (None, Request::Record { .. }) => Err(ApiError::new(
            ErrorCode::Internal,
            "The Hark that was recording ended. What was said is kept as a draft; it is offered when the window opens.",
        )),
        (None, request) if request.happens_once() => Err(ApiError::new(
            ErrorCode::Internal,
            "The Hark that was asked ended before it answered. Look with hark list whether it was done, then try again.",
        )),
        (None, request) => Ok(request),
    }
}

/// What came of a request that was done in this process.
enum Here {
    /// It ended.
    Ended(Result<(), ApiError>),
    /// The folder was given to a window; this is left to do, there.
    HandedOver(Request),
}

/// Opens the folder in this process, serves others meanwhile, and closes in order.
async fn here(ownership: Ownership, request: Request, output: &mpsc::Sender<Output>) -> Here {
    let app = match App::open(Options::new(ownership.folder())).await {
        Ok(app) => app,
        Err(error) => {
            return Here::Ended(match request {
                Request::Doctor { json, .. } => {
                    doctor::report(doctor::of_closed(ownership.folder(), &error), json, output).await
                }
                _ => Err(error),
            });
        }
    };
    let owner = match owner::serve(&ownership, &app) {
        Ok(owner) => owner,
        Err(error) => {
            app.close().await;
            return Here::Ended(Err(error));
        }
    };
    let over = CancellationToken::new();
    let (rest, mut reached) = (request.clone(), Reached::default());
    let (said, mut heard) = mpsc::channel(1);
    let when_interrupted = interrupted(&request);
    let work = async {
        let outcome = perform(&app, request, &said, &over).await;
        drop(said);
        outcome
    };
    let pass_on = async {
        while let Some(piece) = heard.recv().await {
            if let Output::Heard { newest } = piece {
                reached.heard = Some(newest);
            }
            if output.send(piece).await.is_err() {
                // Nobody reads it any more, and the command is to know.
                heard.close();
            }
        }
    };
    let work = async { tokio::join!(work, pass_on).0 };
    let outcome = tokio::select! {
        outcome = work => Some(outcome),
        () = platform::asked_to_end() => Some(when_interrupted),
        () = app.window().folder_wanted(), if rest.is_endless() => None,
    };
    // Asked once more while closing: what is under way is in the outbox.
    tokio::select! {
        () = owner.close(&app) => {}
        () = platform::asked_to_end() => {}
    }
    match outcome {
        Some(outcome) => Here::Ended(outcome),
        None => match take_up(rest, reached) {
            Ok(rest) => Here::HandedOver(rest),
            Err(error) => Here::Ended(Err(error)),
        },
    }
}

fn interrupted(request: &Request) -> Result<(), ApiError> {
    if request.is_endless() {
        return Ok(());
    }
    if let Request::Record { .. } = request {
        return Err(ApiError::new(
            ErrorCode::Internal,
            "Interrupted. Nothing was sent; what was said is kept as a draft and offered when the window opens.",
        ));
    }
    Err(ApiError::new(
        ErrorCode::Internal,
        "Interrupted. What was kept already goes out when Hark runs again.",
    ))
}

pub(crate) fn no_answer(folder: &Path, pid: Option<u32>) -> ApiError {
    let who = pid.map_or_else(|| "Another Hark".to_owned(), |pid| format!("Another Hark (process {pid})"));
    ApiError::new(
        ErrorCode::Internal,
        format!("{who} holds the folder {} and does not answer. Close it and try again.", folder.display()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn send() -> Request {
        Request::Send { who: "@bob:here".to_owned(), text: "hi".to_owned(), wait: true }
    }

    #[test]
    fn a_message_that_was_kept_is_waited_for_and_not_sent_again() {
        assert!(matches!(
            take_up(send(), Reached { kept: Some(7), heard: None }),
            Ok(Request::Settle { key: 7 })
        ));
    }

    #[test]
    fn a_message_whose_fate_is_unknown_is_not_sent_again() {
        assert!(take_up(send(), Reached::default()).is_err());
    }

    #[test]
    fn listening_goes_on_with_the_next_owner_where_it_was() {
        let reached = Reached { kept: None, heard: Some(40) };
        let listen = Request::Listen { json: true, since: Some(30) };
        assert!(matches!(take_up(listen, reached), Ok(Request::Listen { json: true, since: Some(40) })));
    }
}

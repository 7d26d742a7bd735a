//! The `hark-server` program as its operator meets it.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    path::Path,
    process::{Child, Command, Output, Stdio},
};

use hark_server::Started;

use crate::support::client;

/// `hark-server` with these arguments.
fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hark-server"));
    command.args(arguments).env_remove("RUST_LOG").stdin(Stdio::null());
    command
}

pub(crate) fn run(arguments: &[&str]) -> Output {
    program(arguments).output().unwrap()
}

/// What `user add` does with a password on its standard input.
fn add(data: &str, name: &str, password: &str) -> Output {
    let mut command = program(&["user", "add", name, "--data", data]);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A program that refuses before it reads is gone already.
    let _refused = writeln!(child.stdin.take().unwrap(), "{password}");
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// One sentence on standard error that contains `words`, and exit code 1.
#[track_caller]
fn assert_refused(output: &Output, words: &str) {
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert_eq!(error.trim().lines().count(), 1, "{error}");
    assert!(error.contains(words), "{error}");
}

/// A served folder; ended when dropped.
pub(crate) struct Serving {
    child: Child,
    pub(crate) url: String,
    pub(crate) line: String,
}

impl Serving {
    pub(crate) fn start(data: &Path, more: &[&str], log: Option<&str>) -> Self {
        let data = data.to_str().unwrap();
        let mut command = program(&["serve", "--data", data, "--listen", "127.0.0.1:0"]);
        if let Some(level) = log {
            command.env("RUST_LOG", level);
        }
        let mut child = command.args(more).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let url = line.split_whitespace().find(|word| word.starts_with("http://")).expect(&line).to_owned();
        Self { child, url, line }
    }

    /// Asks it to end; what it wrote to standard error.
    #[cfg(unix)]
    pub(crate) fn end(mut self) -> String {
        let ended = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(ended.success());
        let mut errors = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
        assert_eq!(self.child.wait().unwrap().code(), Some(0), "{errors}");
        errors
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // Gone already when the test ended it.
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

#[tokio::test]
async fn a_user_is_added_before_while_and_after_the_server_runs() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let at = data.to_str().unwrap();
    let added = add(at, "Before", "one");
    let id = text(&added.stdout).trim().to_owned();
    assert!(id.starts_with("@before:") && id.ends_with(".home.arpa"), "{added:?}");
    let server = Serving::start(&data, &[], None);
    assert!(server.line.contains(id.split_once(':').unwrap().1), "{}", server.line);
    assert_eq!(add(at, "while", "two").status.code(), Some(0));
    assert_refused(&add(at, "while", "two"), "taken");
    assert_refused(&add(at, "no spaces", "x"), "letters a to z");
    let login = async |name: &str, password: &str| {
        let body = format!(r#"{{"type":"m.login.password","user":"{name}","password":"{password}"}}"#);
        let url = format!("{}/_matrix/client/v3/login", server.url);
        client().post(url).body(body).send().await.unwrap().status().as_u16()
    };
    assert_eq!((login("before", "one").await, login("while", "two").await), (200, 200));
    assert_eq!(login("while", "one").await, 403);
    drop(server);
    assert_eq!(add(at, "after", "three").status.code(), Some(0), "a killed server leaves the folder usable");
}

#[test]
fn a_server_that_cannot_start_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Serving::start(&data, &["--server-name", "one.example.org"], None);
    let at = data.to_str().unwrap();
    assert_refused(&run(&["serve", "--data", at, "--listen", "127.0.0.1:0"]), "Another hark-server runs");
    drop(server);
    let other = run(&["serve", "--data", at, "--listen", "127.0.0.1:0", "--server-name", "two.example.org"]);
    assert_refused(&other, "one.example.org");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    assert_refused(&run(&["serve", "--data", at, "--listen", &address]), "already listens");
    let elsewhere = folder.path().join("elsewhere");
    let odd = run(&["serve", "--data", elsewhere.to_str().unwrap(), "--server-name", "https://x/"]);
    assert_refused(&odd, "is not a server name");
    let file = folder.path().join("a file");
    std::fs::write(&file, "x").unwrap();
    assert_refused(&run(&["serve", "--data", file.to_str().unwrap()]), "cannot be used");
}

#[test]
fn a_database_that_is_not_one_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("hark.db");
    let letter = "Dear diary, ".repeat(1000);
    std::fs::write(&database, &letter).unwrap();
    let at = folder.path().to_str().unwrap();
    assert_refused(&run(&["serve", "--data", at, "--listen", "127.0.0.1:0"]), "damaged or not hark-server's");
    assert_refused(&add(at, "alice", "x"), "damaged or not hark-server's");
    assert_eq!(std::fs::read_to_string(&database).unwrap(), letter);
}

/// Every file of a folder with its bytes, but for the lock.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let files = entries.filter(|entry| entry.file_type().unwrap().is_file() && entry.file_name() != "lock");
    let mut files: Vec<_> = files
        .map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap()))
        .filter(|(name, _)| !name.ends_with("-shm"))
        .collect();
    files.sort();
    files
}

#[test]
fn a_database_of_a_newer_program_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().to_str().unwrap();
    assert_eq!(add(at, "alice", "one").status.code(), Some(0));
    let database = folder.path().join("hark.db");
    let newer = |mode: &str| {
        let connection = rusqlite::Connection::open(&database).unwrap();
        connection.pragma_update(None, "journal_mode", mode).unwrap();
        connection.pragma_update(None, "user_version", 9_999).unwrap();
        connection
    };
    let refused = |state: &str| {
        let before = files(folder.path());
        for command in [&["serve", "--listen", "127.0.0.1:0"][..], &["token", "add"]] {
            let output = run(&[command, &["--data", at]].concat());
            assert_refused(&output, "written by a newer hark-server. Nothing in it was changed.");
        }
        assert_refused(&add(at, "bob", "two"), "newer hark-server");
        assert!(before == files(folder.path()), "{state}");
    };
    // As somebody left it who moved it by hand.
    drop(newer("DELETE"));
    refused("one file");
    // As a server left it that was killed: what is newer is in the write-ahead log only.
    let connection = newer("WAL");
    connection.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).unwrap();
    connection.pragma_update(None, "user_version", 10_000).unwrap();
    drop(connection);
    assert!(files(folder.path()).iter().any(|(name, bytes)| name == "hark.db-wal" && !bytes.is_empty()));
    refused("with its log");
}

#[test]
fn wrong_usage_is_exit_code_2_and_help_is_not() {
    for wrong in [&["serve"][..], &["nonsense"], &[], &["serve", "--data", "x", "--listen", "nowhere"]] {
        assert_eq!(run(wrong).status.code(), Some(2), "{wrong:?}");
    }
    let help = run(&["serve", "--help"]);
    assert_eq!(help.status.code(), Some(0));
    for word in ["--data", "--listen", "--server-name", "--registration", "--rate-limits", "closed"] {
        assert!(text(&help.stdout).contains(word), "{word}");
    }
}

/// One run of `hark-server stop` or `status`.
fn about(command: &str, data: &Path) -> Output {
    run(&[command, "--data", data.to_str().unwrap()])
}

#[test]
fn a_running_server_is_seen_and_ended_by_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    assert_refused(&about("status", folder.path()), "No hark-server runs");
    let mut server = Serving::start(folder.path(), &["--server-name", "seen.example.org"], None);
    let seen = about("status", folder.path());
    let seen = text(&seen.stdout);
    for part in [&server.url, "seen.example.org", &server.child.id().to_string()] {
        assert!(seen.contains(part), "{seen}");
    }
    let stopped = about("stop", folder.path());
    assert_eq!(text(&stopped.stdout), "hark-server has ended.\n", "{stopped:?}");
    assert_eq!(server.child.wait().unwrap().code(), Some(0), "it ended in order");
    assert_eq!(text(&about("stop", folder.path()).stdout), "No hark-server runs there.\n");
    // The folder is free as soon as `stop` has returned.
    drop(Serving::start(folder.path(), &[], None));
    assert_refused(&about("status", folder.path()), "No hark-server runs");
}

#[test]
fn a_folder_whose_path_is_too_long_for_a_socket_is_served_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("long".repeat(30));
    let server = Serving::start(&data, &[], None);
    assert_eq!(add(data.to_str().unwrap(), "while", "two").status.code(), Some(0));
    drop(server);
    let server = Serving::start(&data, &[], None);
    assert!(text(&about("status", &data).stdout).contains(&server.url));
    assert_eq!(text(&about("stop", &data).stdout), "hark-server has ended.\n");
}

#[tokio::test]
async fn whoever_watches_a_server_learns_of_its_death_and_of_its_end() {
    let folder = tempfile::tempdir().unwrap();
    assert!(hark_server::watch(folder.path()).await.unwrap().is_none());
    let mut server = Serving::start(folder.path(), &[], None);
    let mut watch = hark_server::watch(folder.path()).await.unwrap().expect("it runs");
    assert_eq!(watch.running().pid, server.child.id());
    assert_eq!(watch.running().url, server.url);
    server.child.kill().unwrap();
    assert!(!watch.ended().await, "it died");
    // It lets go of the folder with the last of it.
    server.child.wait().unwrap();

    let server = Serving::start(folder.path(), &[], None);
    let mut watch = hark_server::watch(folder.path()).await.unwrap().expect("it runs");
    assert!(hark_server::stop(folder.path()).await.unwrap());
    assert!(watch.ended().await, "it was asked to end");
    drop(server);
}

#[test]
fn a_server_in_the_background_tells_its_start_once_and_ends_with_its_input() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    let unseen = ["--background", "--until-input-ends"];
    let mut serve = program(&["serve", "--data", data, "--listen", "127.0.0.1:0"]);
    serve.args(unseen).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut server = serve.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(serde_json::from_str::<Started>(&line).unwrap(), Started::Ready);

    let again = program(&["serve", "--data", data, "--listen", "127.0.0.1:0"]).args(unseen).output().unwrap();
    assert_eq!(serde_json::from_slice::<Started>(&again.stdout).unwrap(), Started::FolderInUse);

    drop(server.stdin.take());
    assert_eq!(server.wait().unwrap().code(), Some(0));
    let mut said = String::new();
    server.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(said, "", "nothing is said to a terminal");
    let log = std::fs::read_to_string(folder.path().join("server.log")).unwrap();
    assert!(log.contains("ready") && log.contains("ended in order"), "{log}");
}

#[cfg(unix)]
#[test]
fn a_server_in_the_background_outlives_its_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    let mut serve = program(&["serve", "--data", data, "--listen", "127.0.0.1:0", "--background"]);
    let mut server = serve.stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let hang_up = Command::new("kill").args(["-HUP", &server.id().to_string()]).status().unwrap();
    assert!(hang_up.success());
    assert!(text(&about("status", folder.path()).stdout).contains(&server.id().to_string()));
    about("stop", folder.path());
    assert_eq!(server.wait().unwrap().code(), Some(0), "it ended when it was asked to, not by the signal");
}

#[cfg(unix)]
#[test]
fn a_server_ends_in_order_and_says_how_to_begin() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let errors = Serving::start(&data, &[], None).end();
    assert!(errors.contains("hark-server user add NAME --data"), "{errors}");
    for file in ["", "hark.db", "lock", "admin.key"] {
        let mode = std::fs::metadata(data.join(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{file} is for its owner alone");
    }
}

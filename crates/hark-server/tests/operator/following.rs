//! docs/operate.md, done as it is written, and docs/alerts.yml, whose numbers must be there.

use std::{
    collections::BTreeSet,
    fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use serde_json::json;

use crate::program::{Client, sign_in};

/// Whoever reads the page and does what it says, in a folder of their own.
struct Reader {
    folder: tempfile::TempDir,
    serving: Option<Child>,
    url: String,
    metrics: String,
    page: String,
}

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

/// The commands of a page: what is set off by four spaces, without its remarks.
fn commands(page: &str) -> Vec<String> {
    let lines = page.lines().filter_map(|line| line.strip_prefix("    "));
    lines.map(|line| line.split("  #").next().unwrap_or_default().trim().to_owned()).collect()
}

impl Reader {
    /// A command with what is particular to this reader in place of what the page has.
    fn words(&self, command: &str) -> Vec<String> {
        let at = |name: &str| self.folder.path().join(name).to_str().unwrap().to_owned();
        let words = command.split_whitespace().map(|word| match word {
            "/srv/hark" | "~/.local/share/hark/server" => at("hark"),
            "/srv/hark-again" => at("again"),
            "127.0.0.1:8008" | "127.0.0.1:9008" => "127.0.0.1:0".to_owned(),
            backup if backup.starts_with("/backups/") => at(backup.trim_start_matches("/backups/")),
            word => word.trim_matches('\'').to_owned(),
        });
        words.collect()
    }

    fn serve(&mut self, words: &[String]) {
        let mut program = Command::new(env!("CARGO_BIN_EXE_hark-server"));
        let mut child = program
            .args(words)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut address = || {
            let line = lines.next().unwrap().unwrap();
            line.split_whitespace().find(|word| word.starts_with("http://")).expect(&line).to_owned()
        };
        (self.url, self.metrics) = (address(), address());
        self.serving = Some(child);
    }

    fn run(words: &[String]) {
        let mut program = Command::new(env!("CARGO_BIN_EXE_hark-server"));
        program.args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = program.spawn().unwrap();
        // Most read nothing, and may be gone already.
        let _unread = writeln!(child.stdin.take().unwrap(), "a password");
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{words:?}: {output:?}");
    }

    /// What the page takes for granted: a cellar in which somebody says something.
    async fn live(&self) -> Client {
        let alice = sign_in(&self.url, "alice", "a password").await;
        let cellar = alice.create_room(json!({ "name": "Cellar", "room_alias_name": "cellar" })).await;
        alice.say(&cellar, "down here").await;
        alice
    }

    async fn follow(&mut self, command: &str) {
        let words = self.words(command);
        match (words[0].as_str(), words[1].as_str()) {
            ("hark-server", "serve") => self.serve(&words[1..]),
            ("hark-server", "room") if words[2] == "purge" => {
                self.live().await;
                Self::run(&words[1..]);
            }
            ("hark-server", _) => Self::run(&words[1..]),
            ("curl", _) => self.page = reqwest::get(&self.metrics).await.unwrap().text().await.unwrap(),
            _ => panic!("the test does not know how to follow: {command}"),
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if let Some(mut child) = self.serving.take() {
            // It has ended, if the page was followed to its end.
            let _gone = child.kill();
            let _reaped = child.wait();
        }
    }
}

/// Every number of ours that a text names.
fn metrics_in(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !(c.is_ascii_lowercase() || c == '_'));
    words.filter(|word| word.starts_with("hark_") || word.starts_with("process_")).collect()
}

#[tokio::test]
async fn the_page_for_operators_can_be_followed_and_every_number_it_names_is_there() {
    let page = fs::read_to_string(docs().join("operate.md")).unwrap();
    let mut reader = Reader {
        folder: tempfile::tempdir().unwrap(),
        serving: None,
        url: String::new(),
        metrics: String::new(),
        page: String::new(),
    };
    let commands = commands(&page);
    for command in &commands {
        if !command.is_empty() {
            reader.follow(command).await;
        }
    }
    let done: Vec<_> = commands.iter().map(|command| command.split(" --").next().unwrap()).collect();
    for needed in [
        "user add alice",
        "user deactivate dave",
        "token new",
        "room list",
        "media prune",
        "backup",
        "check",
        "stop",
    ] {
        assert!(done.iter().any(|command| command.contains(needed)), "{needed} is on the page");
    }
    let ended = reader.serving.take().unwrap().wait().unwrap();
    assert!(ended.success(), "the last command of the page ends the server");

    let there = metrics_in(&reader.page);
    let alerts = fs::read_to_string(docs().join("alerts.yml")).unwrap();
    for (name, text) in [("operate.md", &page), ("alerts.yml", &alerts)] {
        let measured_here = |metric: &&str| cfg!(target_os = "linux") || !metric.starts_with("process_");
        let missing: Vec<_> =
            metrics_in(text).difference(&there).copied().filter(|metric| measured_here(metric)).collect();
        assert_eq!(missing, Vec::<&str>::new(), "{name} names what is not on the page:\n{}", reader.page);
    }
    assert_eq!(alerts.matches("- alert:").count(), 4);
    for bound in ["> 5", "> 0.1", "> 0.05", "> 0.9"] {
        assert!(alerts.contains(bound), "{bound}");
    }
}

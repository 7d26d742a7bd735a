//! A server the app hosts, under the kills of its life: the server, the app that started it, or both (SV9).
#![cfg(unix)]

use std::time::Duration;

use hark_testkit::{HostFolder, PASSWORD, Program, Running, no_more_than};

use crate::support::{Someone, texts};

const ROUNDS: usize = 12;
const PER_ROUND: Duration = Duration::from_secs(10);

/// Whoever hosts: a data folder with a server in it.
struct Household {
    folder: HostFolder,
    alice: String,
    bob: String,
}

impl Household {
    /// A folder that hosts, with the host signed in and a second account.
    async fn new() -> Self {
        let folder = HostFolder::new();
        std::fs::write(folder.path().join("host.json"), r#"{"port":0,"echo":false}"#).unwrap();
        Program::hark(folder.path()).arg("list").run().await.refused();
        let url = folder.server().await.expect("the app has started it").url;
        let server = folder.server_folder();
        let add = async |name: &str| {
            let add = Program::hark_server().args(["user", "add", name, "--data"]).arg(&server);
            add.input(&format!("{PASSWORD}\n")).run().await.ok()
        };
        let (alice, bob) = (add("alice").await, add("bob").await);
        let login = ["login", "--homeserver", &url, "--user", "alice"];
        Program::hark(folder.path()).args(login).input(PASSWORD).run().await.ok();
        Self { folder, alice, bob }
    }

    fn hark(&self, arguments: &[&str]) -> Program {
        Program::hark(self.folder.path()).args(arguments)
    }

    async fn listen(&self) -> Running {
        let mut listen = self.hark(&["listen", "--json"]).start().await;
        listen.line_where(|line| line.contains(r#""state":"online""#)).await;
        listen
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hosted_server_and_its_app_are_killed_in_turns_and_every_message_arrives_once() {
    no_more_than(PER_ROUND * ROUNDS as u32, "all kills, and all messages delivered", Box::pin(kills())).await;
}

async fn kills() {
    let home = Household::new().await;
    let bob = Someone::nobody();
    let url = home.folder.server().await.unwrap().url;
    bob.login(&url, "bob", PASSWORD, false).await.ok();
    home.hark(&["send", &home.bob, "hello"]).run().await.ok();
    bob.hark(&["dm", &home.alice]).run().await.ok();

    let mut written = vec!["hello".to_owned()];
    let mut app = home.listen().await;
    for round in 0..ROUNDS {
        let text = format!("message {round}");
        home.hark(&["send", "--no-wait", &home.bob, &text]).run().await.ok();
        written.push(text);
        if round % 3 != 0 {
            app.kill().await;
            if round % 3 == 2 {
                home.folder.kill_server().await;
            }
            app = home.listen().await;
        } else {
            home.folder.kill_server().await;
        }
    }

    let mut listen = bob.listen().await;
    let all = bob
        .read_until(&mut listen, &home.alice, "everything arrives", |all| all.len() >= written.len())
        .await;
    assert_eq!(texts(&all), written, "each once, in the order they were written");
    app.kill().await;
}

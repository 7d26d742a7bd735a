//! Things people get wrong: each answered by one sentence and exit code 1.

use std::net::TcpListener;

use hark_testkit::{PASSWORD, Program, ServerProgram};
use tempfile::TempDir;

use crate::support::{BOB, Someone, assert_sentence, texts, two_people};

#[tokio::test]
async fn a_wrong_password_is_named_and_leaves_the_folder_usable() {
    let data = TempDir::new().unwrap();
    let server = ServerProgram::start(data.path()).await;
    let _alice = Someone::registered(&server.url(), "alice").await;
    let tablet = Someone::nobody();
    let said = tablet.login(&server.url(), "alice", "not the password", false).await.refused();
    assert_sentence(&said);
    assert!(said.contains("password"), "{said}");
    tablet.login(&server.url(), "alice", PASSWORD, false).await.ok();
}

#[tokio::test]
async fn a_name_that_is_taken_is_named() {
    let data = TempDir::new().unwrap();
    let server = ServerProgram::start(data.path()).await;
    let _alice = Someone::registered(&server.url(), "alice").await;
    let said = Someone::nobody().login(&server.url(), "alice", "another password", true).await.refused();
    assert_sentence(&said);
    assert!(said.contains("taken"), "{said}");
}

#[tokio::test]
async fn an_unknown_homeserver_is_named() {
    let nobody_listens = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for homeserver in
        [format!("http://{nobody_listens}"), "no-such-host.invalid".to_owned(), "not a name".to_owned()]
    {
        let said = Someone::nobody().login(&homeserver, "alice", PASSWORD, false).await.refused();
        assert_sentence(&said);
    }
}

#[tokio::test]
async fn a_port_in_use_is_named_by_both_programs() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let data = TempDir::new().unwrap();
    let server = Program::hark_server().arg("serve").arg("--data").arg(data.path());
    let said =
        server.args(["--listen", &address.to_string(), "--server-name", "hark.test"]).run().await.refused();
    assert_sentence(&said);
    assert!(said.contains(&address.port().to_string()), "{said}");
    let browser =
        Someone::nobody().hark(&["browser", "--listen", &address.to_string()]).run().await.refused();
    assert_sentence(&browser);
    assert!(browser.contains(&address.port().to_string()), "{browser}");
}

#[tokio::test]
async fn a_second_server_on_one_folder_is_refused_and_harms_nothing() {
    let data = TempDir::new().unwrap();
    let server = ServerProgram::start(data.path()).await;
    let (alice, _bob) = two_people(&server).await;
    let second = Program::hark_server().arg("serve").arg("--data").arg(data.path());
    let said = second.args(["--listen", "127.0.0.1:0", "--server-name", "hark.test"]).run().await.refused();
    assert_sentence(&said);
    alice.send(BOB, "still here").await;
}

#[tokio::test]
async fn a_sound_file_that_is_none_is_refused_and_nothing_is_sent() {
    let data = TempDir::new().unwrap();
    let server = ServerProgram::start(data.path()).await;
    let (alice, _bob) = two_people(&server).await;
    let file = alice.folder().join("clip.wav");
    let broken: [&[u8]; 4] =
        [b"this is text, not sound", b"", b"RIFF\x24\0\0\0WAVE", b"OggS\0\x02garbage garbage garbage"];
    for bytes in broken {
        std::fs::write(&file, bytes).unwrap();
        let said = alice.hark(&["voice", BOB]).arg(&file).run().await.refused();
        assert_sentence(&said);
    }
    let said = alice.hark(&["voice", BOB]).arg(alice.folder().join("no-such-file.wav")).run().await.refused();
    assert_sentence(&said);
    assert_eq!(texts(&alice.read(BOB).await), ["hello"]);
    let list = alice.hark(&["read", BOB, "--json"]).run().await.ok();
    assert!(!list.contains("voice"), "{list}");
}

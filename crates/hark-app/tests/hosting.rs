//! "Host on this computer": a server of its own that the app finds, starts and watches (SV9).
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod support;

use std::net::TcpListener;

use hark_app::App;
use hark_app::api::{
    ApiError, Command, ErrorCode, Event, HostHere, Hosting, HostingState, Nothing, SendText, Status,
};
use hark_app::model::{Account, Connection, Content, ConversationId, Message};
use hark_client::{Engine, KeyPolicy, Options};
use hark_testkit::{HostFolder, PASSWORD, Resident, ready, wait_for, within};
use url::Url;

async fn open(folder: &HostFolder) -> App {
    ready();
    App::open(Options::new(folder.path()).key(KeyPolicy::File)).await.unwrap()
}

async fn host(app: &App, server_name: Option<&str>) -> Result<Account, ApiError> {
    host_as(app, "alice", server_name).await
}

async fn host_as(app: &App, user: &str, server_name: Option<&str>) -> Result<Account, ApiError> {
    let server_name = server_name.map(str::to_owned);
    let args = HostHere { user: user.to_owned(), password: PASSWORD.to_owned(), server_name };
    app.run(Command::HostHere(args)).await.map(|account| serde_json::from_value(account).unwrap())
}

async fn hosting(app: &App) -> Option<Hosting> {
    let status: Status = serde_json::from_value(app.run(Command::Status(Nothing {})).await.unwrap()).unwrap();
    status.hosting
}

/// Waits until what is hosted is in this state.
async fn until(app: &App, state: HostingState) -> Hosting {
    let mut events = app.events();
    within("another state of the hosted server", async {
        loop {
            match hosting(app).await {
                Some(hosting) if hosting.state == state => return hosting,
                _ => wait_for(&mut events, "news of the hosted server", of_hosting).await,
            }
        }
    })
    .await
}

fn of_hosting(event: &Event) -> Option<()> {
    matches!(event, Event::Hosting { .. }).then_some(())
}

async fn is_online(engine: &Engine) {
    let mut connection = engine.connection();
    within("online", connection.wait_for(|link| *link == Connection::Online)).await.unwrap();
}

/// Somebody else of this household, who talks with the host.
async fn bob(folder: &HostFolder, app: &App) -> Resident {
    let added = hark_server::add_user(&folder.server_folder(), "bob", PASSWORD, false).await;
    added.unwrap();
    let bob = Resident::login(&hosting(app).await.unwrap().url, "bob").await;
    let alice = app.engine().account().unwrap().user_id;
    app.engine().open_conversation(&bob.user_id()).await.unwrap();
    let mut changes = bob.changes();
    if bob.conversations("").await.unwrap().is_empty() {
        wait_for(&mut changes, "the invitation", |change| {
            matches!(change, hark_client::Change::Invite { .. }).then_some(())
        })
        .await;
    }
    bob.open_conversation(&alice).await.unwrap();
    bob
}

/// What somebody has got from the host, oldest first, once there is this much.
async fn heard(bob: &Resident, count: usize) -> Vec<String> {
    let mut changes = bob.changes();
    within("all messages", async {
        loop {
            let alice = bob.conversations("").await.unwrap().remove(0).id;
            let page = bob.timeline(&alice, None, 100).await.unwrap();
            let texts = page.messages.into_iter().filter_map(|message| match message.content {
                Content::Text { body } if !message.mine => Some(body),
                _ => None,
            });
            let texts: Vec<String> = texts.collect();
            if texts.len() >= count {
                return texts;
            }
            let _ = changes.recv().await;
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hosted_server_is_a_process_of_its_own_that_the_next_start_finds_again() {
    let folder = HostFolder::new();
    let app = open(&folder).await;
    let account = host(&app, Some("family.home.arpa")).await.unwrap();
    assert_eq!(account.user_id, "@alice:family.home.arpa");
    is_online(app.engine()).await;
    let before = hosting(&app).await.unwrap();
    assert!(before.lasting && before.state == HostingState::Running, "{before:?}");
    let server = folder.server().await.unwrap();
    assert_ne!(server.pid, std::process::id());
    app.close().await;
    assert_eq!(folder.server().await.as_ref(), Some(&server), "it goes on when the app is closed");

    let app = open(&folder).await;
    assert_eq!(hosting(&app).await.unwrap(), before);
    assert_eq!(folder.server().await, Some(server), "no second one was started");
    is_online(app.engine()).await;
    app.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_run_comes_up_with_the_app_on_its_port_and_under_its_name() {
    let folder = HostFolder::new();
    let app = open(&folder).await;
    host(&app, None).await.unwrap();
    let before = hosting(&app).await.unwrap();
    app.close().await;
    folder.stop_server().await;

    let app = open(&folder).await;
    assert_eq!(hosting(&app).await.unwrap(), before);
    is_online(app.engine()).await;
    app.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_older_version_hosted_inside_the_app_goes_on_as_a_process() {
    let folder = HostFolder::new();
    let mut config = hark_server::Config::new(folder.server_folder());
    config.listen = ([127, 0, 0, 1], 0).into();
    let inside = hark_server::Server::start(config).await.unwrap();
    let (name, url) = (inside.server_name(), inside.url());
    let record = format!(r#"{{"port":{},"echo":false}}"#, inside.addr().port());
    std::fs::write(folder.path().join("host.json"), record).unwrap();
    inside.shutdown().await;

    let app = open(&folder).await;
    let now = hosting(&app).await.unwrap();
    assert_eq!((now.server_name, now.url, now.lasting), (name, url, true));
    app.close().await;
    assert!(folder.server().await.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_a_servers_or_a_persons_name_is_refused_and_nothing_is_made() {
    let folder = HostFolder::new();
    let app = open(&folder).await;
    let error = host(&app, Some("not a name/")).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Refused);
    assert!(hosting(&app).await.is_none());
    let error = host_as(&app, "no spaces", Some("one.home.arpa")).await.unwrap_err();
    assert!(error.message.contains("letters a to z"), "{error}");
    assert!(hosting(&app).await.is_none() && folder.server().await.is_none());
    let account = host(&app, Some("two.home.arpa")).await.unwrap();
    assert_eq!(account.user_id, "@alice:two.home.arpa");
    app.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_somebody_is_on_is_never_taken_back_even_where_the_note_of_it_is_lost() {
    let folder = HostFolder::new();
    let app = open(&folder).await;
    host(&app, None).await.unwrap();
    let server = folder.server().await.unwrap();
    app.run(Command::SignOut(Nothing {})).await.unwrap();
    app.close().await;
    std::fs::remove_file(folder.path().join("host.json")).unwrap();

    let app = open(&folder).await;
    assert!(host(&app, None).await.unwrap_err().message.contains("taken"));
    assert_eq!(folder.server().await.as_ref(), Some(&server));
    host_as(&app, "bob", None).await.unwrap();
    app.close().await;
    assert_eq!(folder.server().await, Some(server));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_port_is_told_and_hosting_goes_on_when_it_is_free() {
    let folder = HostFolder::new();
    let app = open(&folder).await;
    host(&app, None).await.unwrap();
    let before = hosting(&app).await.unwrap();
    app.close().await;
    folder.stop_server().await;

    let port = Url::parse(&before.url).unwrap().port().unwrap();
    let other = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let doctor = support::hark(folder.path()).arg("doctor").run().await;
    assert_eq!(doctor.code, Some(1), "{}{}", doctor.stdout, doctor.stderr);
    assert!(doctor.stdout.contains("fail  hosting       Port"), "{}", doctor.stdout);
    let app = open(&folder).await;
    let waiting = hosting(&app).await.unwrap();
    assert_eq!((waiting.state, &waiting.server_name), (HostingState::Starting, &before.server_name));
    assert!(waiting.problem.unwrap().starts_with("Port "));
    assert!(app.engine().account().is_some(), "the app opens on its store");

    drop(other);
    app.run(Command::RetryConnection(Nothing {})).await.unwrap();
    assert_eq!(hosting(&app).await.unwrap(), before);
    is_online(app.engine()).await;
    app.close().await;
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_is_started_again_and_nothing_is_lost() {
    const MESSAGES: usize = 30;
    let folder = HostFolder::new();
    let app = open(&folder).await;
    host(&app, None).await.unwrap();
    let before = hosting(&app).await.unwrap();
    let bob = bob(&folder, &app).await;
    let mut events = app.events();
    let first = folder.server().await.unwrap();
    for n in 0..MESSAGES {
        if n % 10 == 5 {
            folder.kill_server().await;
            wait_for(&mut events, "the death is told", |event| match event {
                Event::Hosting { hosting: Some(hosting) } if hosting.state == HostingState::Starting => {
                    assert!(hosting.problem.as_ref().unwrap().contains("started again"), "{hosting:?}");
                    Some(())
                }
                _ => None,
            })
            .await;
        }
        let send = SendText { conversation: ConversationId(bob.user_id()), text: n.to_string() };
        let _: Message = serde_json::from_value(app.run(Command::SendText(send)).await.unwrap()).unwrap();
        if n % 10 == 8 {
            assert_eq!(until(&app, HostingState::Running).await, before);
        }
    }
    let expected: Vec<String> = (0..MESSAGES).map(|n| n.to_string()).collect();
    assert_eq!(heard(&bob, MESSAGES).await, expected, "each once, in order");
    assert_ne!(folder.server().await.unwrap().pid, first.pid);
    app.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_server_stays_stopped_until_the_person_starts_it() {
    let folder = HostFolder::new();
    let app = open(&folder).await;
    assert_eq!(app.run(Command::StopHosting(Nothing {})).await.unwrap_err().code, ErrorCode::NotFound);
    host(&app, None).await.unwrap();
    let before = hosting(&app).await.unwrap();
    app.run(Command::StopHosting(Nothing {})).await.unwrap();
    let stopped = hosting(&app).await.unwrap();
    assert_eq!((stopped.state, stopped.problem), (HostingState::Stopped, None));
    assert!(folder.server().await.is_none());
    let log = std::fs::read_to_string(folder.server_folder().join("server.log")).unwrap();
    assert!(log.contains("ended in order"), "{log}");
    app.run(Command::RetryConnection(Nothing {})).await.unwrap();
    assert!(folder.server().await.is_none(), "a try to reach it does not start it");
    app.close().await;

    let app = open(&folder).await;
    assert_eq!(hosting(&app).await.unwrap().state, HostingState::Stopped);
    assert!(folder.server().await.is_none());
    app.run(Command::StartHosting(Nothing {})).await.unwrap();
    assert_eq!(hosting(&app).await.unwrap(), before);
    is_online(app.engine()).await;
    app.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_ended_on_purpose_from_outside_is_not_started_behind_their_back() {
    let folder = HostFolder::new();
    let app = open(&folder).await;
    host(&app, None).await.unwrap();
    folder.stop_server().await;
    let ended = until(&app, HostingState::Stopped).await;
    assert!(ended.problem.unwrap().contains("ended by another program"));
    assert!(folder.server().await.is_none());
    app.run(Command::RetryConnection(Nothing {})).await.unwrap();
    is_online(app.engine()).await;
    app.close().await;
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn only_the_owner_of_the_folder_can_command_the_server_or_read_what_it_notes() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = HostFolder::new();
    let app = open(&folder).await;
    host(&app, None).await.unwrap();
    for file in ["", "admin.key", "admin.sock", "server.log", "hark.db"] {
        let mode = std::fs::metadata(folder.server_folder().join(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{file}");
    }
    app.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_only_tried_ends_with_the_app_and_one_for_others_made_of_it_does_not() {
    let folder = HostFolder::new();
    let app = open(&folder).await;
    app.run(Command::TryIt(Nothing {})).await.unwrap();
    let tried = hosting(&app).await.unwrap();
    assert!(!tried.lasting && folder.server().await.unwrap().tied, "{tried:?}");
    app.close().await;
    assert!(folder.server().await.is_none());

    let app = open(&folder).await;
    assert_eq!(hosting(&app).await.unwrap(), tried);
    app.run(Command::SignOut(Nothing {})).await.unwrap();
    host(&app, None).await.unwrap();
    let hosted = hosting(&app).await.unwrap();
    assert_eq!((hosted.lasting, hosted.url), (true, tried.url));
    is_online(app.engine()).await;
    app.close().await;
    assert!(!folder.server().await.unwrap().tied);
}

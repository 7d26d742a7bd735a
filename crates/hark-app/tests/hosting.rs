//! "Host on this computer", across restarts and with its port taken.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod support;

use std::net::TcpListener;
use std::path::Path;

use hark_app::App;
use hark_app::api::{Command, ErrorCode, HostHere, Hosting, Nothing, Status};
use hark_app::model::{Account, Connection};
use hark_client::{KeyPolicy, Options};
use hark_testkit::{PASSWORD, ready, within};
use url::Url;

async fn open(folder: &Path) -> App {
    ready();
    App::open(Options::new(folder).key(KeyPolicy::File)).await.unwrap()
}

async fn host(app: &App, server_name: Option<&str>) -> Result<Account, hark_app::api::ApiError> {
    let server_name = server_name.map(str::to_owned);
    let args = HostHere { user: "alice".to_owned(), password: PASSWORD.to_owned(), server_name };
    app.run(Command::HostHere(args)).await.map(|account| serde_json::from_value(account).unwrap())
}

async fn hosting(app: &App) -> Option<Hosting> {
    let status: Status = serde_json::from_value(app.run(Command::Status(Nothing {})).await.unwrap()).unwrap();
    status.hosting
}

async fn is_online(app: &App) {
    let mut connection = app.engine().connection();
    within("online", connection.wait_for(|link| *link == Connection::Online)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hosted_server_keeps_its_name_and_address_and_comes_up_with_the_app() {
    let folder = tempfile::tempdir().unwrap();
    let app = open(folder.path()).await;
    let account = host(&app, Some("family.home.arpa")).await.unwrap();
    assert_eq!(account.user_id, "@alice:family.home.arpa");
    is_online(&app).await;
    let before = hosting(&app).await.unwrap();
    app.close().await;

    let app = open(folder.path()).await;
    let after = hosting(&app).await.unwrap();
    assert_eq!((after.server_name, after.url), (before.server_name, before.url));
    is_online(&app).await;
    app.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_a_servers_name_is_refused_and_nothing_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let app = open(folder.path()).await;
    let error = host(&app, Some("not a name/")).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Refused);
    assert!(hosting(&app).await.is_none());
    assert_eq!(host(&app, None).await.unwrap().user_id.split(':').next(), Some("@alice"));
    app.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_port_is_told_and_hosting_goes_on_when_it_is_free() {
    let folder = tempfile::tempdir().unwrap();
    let app = open(folder.path()).await;
    host(&app, None).await.unwrap();
    let url = Url::parse(&hosting(&app).await.unwrap().url).unwrap();
    app.close().await;

    let other = TcpListener::bind(("127.0.0.1", url.port().unwrap())).unwrap();
    let doctor = support::hark(folder.path()).arg("doctor").run().await;
    assert_eq!(doctor.code, Some(1), "{}{}", doctor.stdout, doctor.stderr);
    assert!(doctor.stdout.contains("fail  hosting       Port"), "{}", doctor.stdout);
    let app = open(folder.path()).await;
    assert!(hosting(&app).await.is_none());
    assert!(app.engine().account().is_some(), "the app opens on its store");

    drop(other);
    app.run(Command::RetryConnection(Nothing {})).await.unwrap();
    is_online(&app).await;
    app.close().await;
}

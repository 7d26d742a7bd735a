//! A Synapse of its own for one test: SQLite in a temporary folder, loopback, no federation.

use std::fs;
use std::net::TcpListener;

use hark_testkit::{Program, Running};
use serde_json::json;
use tempfile::TempDir;

use crate::venv;

pub(crate) const NAME: &str = "synapse.test";

/// It lives as long as this does.
pub(crate) struct Synapse {
    pub(crate) url: String,
    _running: Running,
    _folder: TempDir,
}

impl Synapse {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        // Synapse does not tell which port it got, so one is looked for.
        let free = TcpListener::bind(("127.0.0.1", 0)).and_then(|socket| socket.local_addr());
        let port = free.expect("a free port on loopback").port();
        let config = folder.path().join("homeserver.yaml");
        fs::write(&config, configuration(&folder, port)).expect("the temporary folder is writable");
        let log = json!({
            "version": 1, "disable_existing_loggers": false,
            "handlers": { "console": { "class": "logging.StreamHandler", "stream": "ext://sys.stdout" } },
            "root": { "level": "INFO", "handlers": ["console"] },
        });
        fs::write(folder.path().join("log.yaml"), log.to_string()).expect("the temporary folder is writable");
        let synapse = || {
            Program::at(&venv::python()).args(["-m", "synapse.app.homeserver", "--config-path"]).arg(&config)
        };
        synapse().arg("--generate-keys").run().await.ok();
        let mut running = synapse().start().await;
        running.line_where(|line| line.contains("now listening on TCP port")).await;
        Self { url: format!("http://127.0.0.1:{port}"), _running: running, _folder: folder }
    }

    /// The full id of someone here.
    pub(crate) fn user_id(name: &str) -> String {
        format!("@{name}:{NAME}")
    }
}

/// JSON is YAML.
fn configuration(folder: &TempDir, port: u16) -> String {
    let place = |name: &str| folder.path().join(name);
    let unlimited = json!({ "per_second": 1000, "burst_count": 1000 });
    let listener = json!({
        "port": port, "type": "http", "tls": false, "bind_addresses": ["127.0.0.1"],
        "resources": [{ "names": ["client", "media"] }],
    });
    json!({
        "server_name": NAME, "report_stats": false, "pid_file": place("pid"), "listeners": [listener],
        "database": { "name": "sqlite3", "args": { "database": place("homeserver.db") } },
        "signing_key_path": place("signing.key"), "media_store_path": place("media"), "log_config": place("log.yaml"),
        "macaroon_secret_key": "only for this test", "form_secret": "only for this test",
        "trusted_key_servers": [], "suppress_key_server_warning": true, "federation_domain_whitelist": [],
        "enable_registration": true, "enable_registration_without_verification": true,
        "rc_message": unlimited, "rc_registration": unlimited, "rc_joins": { "local": unlimited },
        "rc_login": { "address": unlimited, "account": unlimited, "failed_attempts": unlimited },
        "rc_room_creation": unlimited, "rc_reports": unlimited,
        "rc_invites": { "per_room": unlimited, "per_user": unlimited, "per_issuer": unlimited },
    })
    .to_string()
}

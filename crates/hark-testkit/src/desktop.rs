//! A desktop for notifications: a D-Bus of the test's own, and on it a service that shows to nobody what it is told to
//! show, and lets the test see it, click it and put it away.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;
use tokio::sync::mpsc;
use zbus::object_server::SignalEmitter;
use zbus::zvariant::OwnedValue;

use crate::within;

const SERVICE: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";

/// Nothing of the system's own services may be started on it.
const CONFIG: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:dir=FOLDER</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*"/>
    <allow receive_sender="*"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;

/// What a program asked of the desktop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// A notification, or one in place of another.
    Notify {
        /// What it is called by from now on.
        id: u32,
        /// The one it takes the place of; 0 = none.
        replaces: u32,
        /// First line.
        title: String,
        /// The rest.
        body: String,
        /// Keys of its actions.
        actions: Vec<String>,
        /// The hints that are texts, by name.
        hints: Vec<(String, String)>,
    },
    /// Away with one.
    Close {
        /// Which.
        id: u32,
    },
}

/// The bus with its notification service.
pub struct Desktop {
    daemon: Child,
    address: String,
    service: Option<zbus::Connection>,
    seen: mpsc::UnboundedReceiver<Shown>,
    tell: mpsc::UnboundedSender<Shown>,
    _folder: TempDir,
}

struct Service {
    last: u32,
    capabilities: Vec<String>,
    tell: mpsc::UnboundedSender<Shown>,
}

#[zbus::interface(name = "org.freedesktop.Notifications")]
impl Service {
    #[expect(clippy::too_many_arguments, reason = "as the specification has it")]
    fn notify(
        &mut self,
        app_name: String,
        replaces_id: u32,
        app_icon: String,
        summary: String,
        body: String,
        actions: Vec<String>,
        hints: std::collections::HashMap<String, OwnedValue>,
        expire_timeout: i32,
    ) -> u32 {
        // The same on every desktop.
        let _ = (app_name, app_icon, expire_timeout);
        let id = if replaces_id == 0 {
            self.last += 1;
            self.last
        } else {
            replaces_id
        };
        let mut hints: Vec<(String, String)> = hints
            .into_iter()
            .filter_map(|(name, value)| Some((name, String::try_from(value).ok()?)))
            .collect();
        hints.sort();
        let actions = actions.into_iter().step_by(2).collect();
        let shown = Shown::Notify { id, replaces: replaces_id, title: summary, body, actions, hints };
        // The test that would read it has ended.
        let _ = self.tell.send(shown);
        id
    }

    async fn close_notification(&mut self, id: u32, #[zbus(signal_emitter)] emitter: SignalEmitter<'_>) {
        let _ = self.tell.send(Shown::Close { id });
        let _ = Self::notification_closed(&emitter, id, 3).await;
    }

    fn get_capabilities(&self) -> Vec<String> {
        self.capabilities.clone()
    }

    #[expect(clippy::unused_self, reason = "a method of the bus")]
    fn get_server_information(&self) -> (String, String, String, String) {
        ("Testkit".to_owned(), "Hark".to_owned(), "1".to_owned(), "1.2".to_owned())
    }

    #[zbus(signal)]
    async fn action_invoked(emitter: &SignalEmitter<'_>, id: u32, action_key: &str) -> zbus::Result<()>;

    #[zbus(signal)]
    async fn notification_closed(emitter: &SignalEmitter<'_>, id: u32, reason: u32) -> zbus::Result<()>;
}

impl Desktop {
    /// A bus without a notification service.
    pub fn bare() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let config = folder.path().join("bus.conf");
        let text = CONFIG.replace("FOLDER", folder.path().to_str().expect("a plain path"));
        std::fs::write(&config, text).expect("the bus's configuration");
        let mut daemon = Command::new("dbus-daemon")
            .arg("--config-file")
            .arg(&config)
            .args(["--nofork", "--nopidfile", "--print-address=1"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            // It complains of limits it may not raise.
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| {
                panic!("cannot run dbus-daemon ({error}); the system's package dbus has it")
            });
        let mut address = String::new();
        let said = daemon.stdout.take().expect("it was asked for");
        BufReader::new(said).read_line(&mut address).expect("the address of the bus");
        let (tell, seen) = mpsc::unbounded_channel();
        Self { daemon, address: address.trim().to_owned(), service: None, seen, tell, _folder: folder }
    }

    /// A bus with a service that shows everything a desktop can.
    pub async fn start() -> Self {
        let mut desktop = Self::bare();
        desktop.serve(&["actions", "body", "body-markup"]).await;
        desktop
    }

    /// Starts a service that can do so much, or ends the one there is and starts another.
    pub async fn serve(&mut self, capabilities: &[&str]) {
        self.end_service().await;
        let service = Service {
            last: 0,
            capabilities: capabilities.iter().map(|&can| can.to_owned()).collect(),
            tell: self.tell.clone(),
        };
        let started = async {
            zbus::connection::Builder::address(self.address.as_str())?
                .serve_at(PATH, service)?
                .name(SERVICE)?
                .build()
                .await
        };
        self.service = Some(within("the notification service", started).await.expect("a service on the bus"));
    }

    /// Ends the service as if it crashed.
    pub async fn end_service(&mut self) {
        if let Some(service) = self.service.take() {
            within("the service's end", service.close()).await.expect("the service ends");
        }
    }

    /// The value of `DBUS_SESSION_BUS_ADDRESS`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// What the desktop is asked next.
    pub async fn next(&mut self) -> Shown {
        within("a notification", self.seen.recv()).await.expect("this desktop holds a sender")
    }

    /// What it was asked and the test has not looked at yet.
    pub fn so_far(&mut self) -> Vec<Shown> {
        std::iter::from_fn(|| self.seen.try_recv().ok()).collect()
    }

    /// The person clicks a notification; as on most desktops it goes away then.
    pub async fn click(&self, id: u32) {
        let emitter = self.emitter();
        Service::action_invoked(&emitter, id, "default").await.expect("a signal");
        Service::notification_closed(&emitter, id, 2).await.expect("a signal");
    }

    /// The person puts a notification away.
    pub async fn dismiss(&self, id: u32) {
        Service::notification_closed(&self.emitter(), id, 2).await.expect("a signal");
    }

    fn emitter(&self) -> SignalEmitter<'static> {
        let service = self.service.as_ref().expect("there is a service");
        SignalEmitter::new(service, PATH).expect("a path").into_owned()
    }
}

impl Drop for Desktop {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
    }
}

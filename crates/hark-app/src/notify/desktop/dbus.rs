//! Notifications over D-Bus, by the Desktop Notifications Specification 1.2 (Linux and the BSDs).
//!
//! One connection shows and hears everything, for as long as the task lives: some services tell a click only to the
//! connection that showed the notification, and GNOME takes a program's notifications away with its connection. It is
//! made for the first notification, and again where the bus or the service was restarted; what was shown is gone then.

use std::collections::HashMap;
use std::future::Future;
use std::time::Duration;

use futures_util::StreamExt as _;
use hark_client::model::ConversationId;
use zbus::Message;
use zbus::proxy::{OwnerChangedStream, SignalStream};
use zbus::zvariant::Value;

use super::decide::Note;

/// A service that has not answered by then is as good as none.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the desktop knows this program by.
const DESKTOP_ENTRY: &str = "app.hark.desktop";

/// Reason of a notification that was put away by the person.
const DISMISSED: u32 = 2;

#[zbus::proxy(
    interface = "org.freedesktop.Notifications",
    default_service = "org.freedesktop.Notifications",
    default_path = "/org/freedesktop/Notifications",
    gen_blocking = false
)]
trait Notifications {
    #[expect(clippy::too_many_arguments, reason = "as the specification has it")]
    fn notify(
        &self,
        app_name: &str,
        replaces_id: u32,
        app_icon: &str,
        summary: &str,
        body: &str,
        actions: &[&str],
        hints: HashMap<&str, Value<'_>>,
        expire_timeout: i32,
    ) -> zbus::Result<u32>;
    fn close_notification(&self, id: u32) -> zbus::Result<()>;
    fn get_capabilities(&self) -> zbus::Result<Vec<String>>;
    fn get_server_information(&self) -> zbus::Result<(String, String, String, String)>;
}

/// What became of a notification.
pub(super) enum Heard {
    Clicked(ConversationId),
    Dismissed(ConversationId),
}

/// The service, while there is one.
struct Link {
    service: NotificationsProxy<'static>,
    /// In one stream: a click and the end of the notification that follows it must not change places.
    signals: SignalStream<'static>,
    owners: OwnerChangedStream<'static>,
    /// It reports clicks.
    actions: bool,
    /// It reads the body as markup.
    markup: bool,
}

/// Shows notifications and hears of them.
pub(super) struct Desktop {
    /// Address of the bus; none = the session's.
    bus: Option<String>,
    link: Option<Link>,
    shown: HashMap<ConversationId, u32>,
}

impl Desktop {
    pub(super) fn of_this_session() -> Self {
        Self { bus: None, link: None, shown: HashMap::new() }
    }

    #[cfg(test)]
    pub(super) fn at(address: &str) -> Self {
        Self { bus: Some(address.to_owned()), ..Self::of_this_session() }
    }

    /// Shows a notification, in place of the one its conversation has.
    pub(super) async fn show(&mut self, note: &Note) {
        if let Err(error) = self.try_show(note).await {
            tracing::info!(%error, "a notification cannot be shown");
        }
    }

    async fn try_show(&mut self, note: &Note) -> zbus::Result<()> {
        if self.link.is_none() {
            self.link = Some(patiently(Link::to(self.bus.as_deref())).await?);
            self.shown.clear();
        }
        // It was made just above where it was missing.
        let Some(link) = &self.link else { return Ok(()) };
        let body = if link.markup { escaped(&note.body) } else { note.body.clone() };
        let actions: &[&str] = if link.actions { &["default", "Open"] } else { &[] };
        let mut hints = HashMap::from([
            ("desktop-entry", Value::from(DESKTOP_ENTRY)),
            ("category", Value::from("im.received")),
            ("urgency", Value::from(u8::from(!note.quiet))),
        ]);
        if note.quiet {
            hints.insert("suppress-sound", Value::from(true));
        }
        let replaces = self.shown.get(&note.conversation).copied().unwrap_or(0);
        let shown = link.service.notify("Hark", replaces, "hark", &note.title, &body, actions, hints, -1);
        match patiently(shown).await {
            Ok(id) => {
                self.shown.insert(note.conversation.clone(), id);
                Ok(())
            }
            Err(error) => {
                self.link = None;
                Err(error)
            }
        }
    }

    /// Takes a conversation's notification away.
    pub(super) async fn withdraw(&mut self, conversation: &ConversationId) {
        let (Some(id), Some(link)) = (self.shown.remove(conversation), &self.link) else { return };
        if let Err(error) = patiently(link.service.close_notification(id)).await {
            // Some services call it an error that it is gone already.
            tracing::debug!(%error, "a notification is not withdrawn");
        }
    }

    /// Waits until something becomes of a notification. May be dropped and called again.
    pub(super) async fn heard(&mut self) -> Heard {
        loop {
            let Some(link) = &mut self.link else { return std::future::pending().await };
            tokio::select! {
                Some(signal) = link.signals.next() => {
                    if let Some(heard) = self.understand(&signal) {
                        return heard;
                    }
                }
                // The service ended or another one took its place, or the bus itself is gone.
                _ = link.owners.next() => self.link = None,
            }
        }
    }

    fn understand(&mut self, signal: &Message) -> Option<Heard> {
        let body = signal.body();
        match signal.header().member()?.as_str() {
            "ActionInvoked" => {
                let (id, action) = body.deserialize::<(u32, &str)>().ok()?;
                let conversation = self.of(id).filter(|_| action == "default")?;
                Some(Heard::Clicked(conversation))
            }
            "NotificationClosed" => {
                let (id, reason) = body.deserialize::<(u32, u32)>().ok()?;
                let conversation = self.of(id)?;
                self.shown.remove(&conversation);
                // One that faded by itself still counts as told.
                (reason == DISMISSED).then_some(Heard::Dismissed(conversation))
            }
            _ => None,
        }
    }

    fn of(&self, id: u32) -> Option<ConversationId> {
        self.shown.iter().find(|(_, shown)| **shown == id).map(|(conversation, _)| conversation.clone())
    }
}

impl Link {
    async fn to(bus: Option<&str>) -> zbus::Result<Self> {
        let service = service_on(bus).await?;
        // This starts the service where the bus can.
        let capabilities = service.get_capabilities().await?;
        Ok(Self {
            signals: service.inner().receive_all_signals().await?,
            owners: service.inner().receive_owner_changed().await?,
            actions: capabilities.iter().any(|can| can == "actions"),
            markup: capabilities.iter().any(|can| can == "body-markup"),
            service,
        })
    }
}

async fn service_on(bus: Option<&str>) -> zbus::Result<NotificationsProxy<'static>> {
    let builder = match bus {
        Some(address) => zbus::connection::Builder::address(address)?,
        None => zbus::connection::Builder::session()?,
    };
    NotificationsProxy::new(&builder.build().await?).await
}

async fn patiently<T>(answer: impl Future<Output = zbus::Result<T>>) -> zbus::Result<T> {
    tokio::time::timeout(PATIENCE, answer)
        .await
        .unwrap_or_else(|_| Err(zbus::Error::Failure("the notification service does not answer".to_owned())))
}

/// The name of the notification service, for the doctor; else a sentence with a remedy.
pub(crate) async fn service() -> Result<String, String> {
    service_at(None).await
}

pub(super) async fn service_at(bus: Option<&str>) -> Result<String, String> {
    let asked = async { service_on(bus).await?.get_server_information().await };
    match patiently(asked).await {
        Ok((name, ..)) => Ok(name),
        Err(error) => {
            tracing::debug!(%error, "no notification service");
            Err("No notification service answers, so new messages show only in the window. Where your desktop has none, install one, such as dunst.".to_owned())
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

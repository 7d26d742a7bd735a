//! What people do in these tests, as verbs of a [`Resident`].

use hark_client::Engine;
use hark_client::model::{Content, Conversation, ConversationId, Membership, Message, MessageState};
use hark_testkit::{Resident, Server, within};

/// The verbs. `other` is whom I talk to.
pub(crate) trait Talk {
    /// Sends and waits until the server has it.
    async fn says(&self, other: &Resident, text: &str) -> Message;
    /// Waits until a message of mine is on the server.
    async fn sent(&self, message: &Message) -> Message;
    /// Waits until `probe` answers; looks again at every change of the store.
    async fn until<T>(&self, what: &str, probe: impl AsyncFn(&Engine) -> Option<T>) -> T;
    /// Waits for an invitation and accepts it.
    async fn accepts(&self, other: &Resident) -> Conversation;
    /// Waits until a message with someone reads so.
    async fn hears(&self, other: &Resident, text: &str) -> Message;
    /// The conversation with someone.
    async fn with(&self, other: &Resident) -> Option<Conversation>;
    /// Every text with someone, oldest first, paged back to the beginning as a window does.
    async fn texts_with(&self, other: &Resident) -> Vec<String>;
}

impl Talk for Resident {
    async fn says(&self, other: &Resident, text: &str) -> Message {
        let message = self.send_text(&other.user_id(), text).await.unwrap();
        self.sent(&message).await
    }

    async fn sent(&self, message: &Message) -> Message {
        let settled = within("the message settles", self.wait_settled(message.key)).await.unwrap();
        assert_ne!(kind_of(&settled.state), "failed", "{settled:?}");
        settled
    }

    async fn until<T>(&self, what: &str, probe: impl AsyncFn(&Engine) -> Option<T>) -> T {
        let mut changes = self.changes();
        within(what, async {
            loop {
                if let Some(found) = probe(self).await {
                    return found;
                }
                // A lag is a change too.
                let _ = changes.recv().await;
            }
        })
        .await
    }

    async fn accepts(&self, other: &Resident) -> Conversation {
        self.until("the invitation arrives", async |_| {
            self.with(other).await.filter(|found| found.membership == Membership::Invited)
        })
        .await;
        self.open_conversation(&other.user_id()).await.unwrap()
    }

    async fn hears(&self, other: &Resident, text: &str) -> Message {
        let id = ConversationId(other.user_id());
        self.until(text, async |engine| {
            let page = engine.timeline(&id, None, 50).await.ok()?;
            page.messages.into_iter().find(|message| body(message) == Some(text))
        })
        .await
    }

    async fn with(&self, other: &Resident) -> Option<Conversation> {
        self.conversation(&ConversationId(other.user_id())).await.unwrap()
    }

    async fn texts_with(&self, other: &Resident) -> Vec<String> {
        let id = ConversationId(other.user_id());
        let mut pages = Vec::new();
        let mut before = None;
        loop {
            let page = within("a page", self.timeline(&id, before.as_deref(), 40)).await.unwrap();
            pages.push(page.messages);
            match page.older {
                Some(older) => before = Some(older),
                None => break,
            }
        }
        pages.iter().rev().flatten().filter_map(|message| body(message).map(str::to_owned)).collect()
    }
}

/// Alice and Bob on one server, and Bob has accepted Alice's "hello".
pub(crate) async fn talking(server: &Server) -> (Resident, Resident) {
    let (alice, bob) = (server.engine("alice").await, server.engine("bob").await);
    begin(&alice, &bob).await;
    (alice, bob)
}

/// Alice says "hello", Bob accepts and hears it.
pub(crate) async fn begin(alice: &Resident, bob: &Resident) {
    alice.says(bob, "hello").await;
    bob.accepts(alice).await;
    bob.hears(alice, "hello").await;
}

/// The words of a text message.
pub(crate) fn body(message: &Message) -> Option<&str> {
    match &message.content {
        Content::Text { body } => Some(body),
        _ => None,
    }
}

/// A state without its data.
pub(crate) fn kind_of(state: &MessageState) -> &'static str {
    match state {
        MessageState::Sending { .. } => "sending",
        MessageState::Sent => "sent",
        MessageState::Delivered => "delivered",
        MessageState::Read => "read",
        MessageState::Played => "played",
        MessageState::Failed { .. } => "failed",
    }
}

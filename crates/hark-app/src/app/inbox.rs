//! The inbox: conversations and how one begins or ends.

use hark_client::model::Conversation;

use super::App;
use crate::api::{ApiError, Conversations, InConversation, Nothing, OpenConversation};

pub(crate) async fn conversations(app: &App, args: Conversations) -> Result<Vec<Conversation>, ApiError> {
    Ok(app.engine().conversations(&args.filter).await?)
}

pub(crate) async fn open_conversation(app: &App, args: OpenConversation) -> Result<Conversation, ApiError> {
    Ok(app.engine().open_conversation(args.who.trim()).await?)
}

pub(crate) async fn accept(app: &App, args: InConversation) -> Result<Conversation, ApiError> {
    Ok(app.engine().accept(&args.conversation).await?)
}

pub(crate) async fn leave(app: &App, args: InConversation) -> Result<Nothing, ApiError> {
    app.engine().leave(&args.conversation).await?;
    Ok(Nothing {})
}

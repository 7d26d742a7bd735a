//! Why a room did not do what was asked, each mapped once to an errcode.

use http::StatusCode;

use crate::{http::ApiError, store::StoreError};

/// A refused or failed room operation.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RoomError {
    /// Not a member, no such room, or not enough power. The sentence never says whether a room exists.
    #[error("{0}")]
    Forbidden(String),
    /// Nothing of that name that the asker may know of.
    #[error("{0}")]
    NotFound(&'static str),
    /// The content cannot be an event's.
    #[error("{0}")]
    BadJson(String),
    /// A parameter makes no sense.
    #[error("{0}")]
    InvalidParam(String),
    /// The event is over a size limit.
    #[error("The event is too large: an event may have 65,536 bytes, its type and state key 255 bytes.")]
    TooLarge,
    /// The target wants no invitation of this kind.
    #[error("That person does not want this invitation.")]
    InviteBlocked,
    /// A room version this server does not speak.
    #[error("This server does not know that room version.")]
    UnsupportedVersion,
    /// The alias belongs to another room.
    #[error("That alias is taken: choose another one.")]
    AliasTaken,
    /// The alias exists.
    #[error("That alias is taken: choose another one.")]
    AliasConflict,
    /// An alias in a canonical alias event does not lead to the room.
    #[error("{0}")]
    BadAlias(&'static str),
    /// The same reaction again.
    #[error("You have already reacted with that.")]
    DuplicateAnnotation,
    /// What the request asks for contradicts the state of things.
    #[error("{0}")]
    Unknown(&'static str),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl RoomError {
    /// What outsiders are told, whether the room exists or not.
    pub(crate) fn not_in_room() -> Self {
        Self::Forbidden("You are not in that room, or it does not exist.".into())
    }
}

impl From<RoomError> for ApiError {
    fn from(error: RoomError) -> Self {
        let sentence = error.to_string();
        let bad = |errcode| Self::new(StatusCode::BAD_REQUEST, errcode, sentence.clone());
        match error {
            RoomError::Forbidden(_) => Self::forbidden(sentence),
            RoomError::NotFound(_) => Self::not_found(sentence),
            RoomError::InviteBlocked => Self::new(StatusCode::FORBIDDEN, "M_INVITE_BLOCKED", sentence),
            RoomError::BadJson(_) => bad("M_BAD_JSON"),
            RoomError::InvalidParam(_) => bad("M_INVALID_PARAM"),
            RoomError::TooLarge => Self::too_large(sentence),
            RoomError::UnsupportedVersion => bad("M_UNSUPPORTED_ROOM_VERSION"),
            RoomError::AliasTaken => bad("M_ROOM_IN_USE"),
            RoomError::AliasConflict => Self::new(StatusCode::CONFLICT, "M_UNKNOWN", sentence),
            RoomError::BadAlias(_) => bad("M_BAD_ALIAS"),
            RoomError::DuplicateAnnotation => bad("M_DUPLICATE_ANNOTATION"),
            RoomError::Unknown(_) => bad("M_UNKNOWN"),
            RoomError::Store(error) => error.into(),
        }
    }
}

//! Why a command was not done, and the one place where errors of the engine get their code.

use hark_client::{Error, OpenError};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Why a command was not done: a closed set the window can branch on, and a sentence for a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ApiError {
    /// What kind of failure.
    pub code: ErrorCode,
    /// One plain sentence that says what to do.
    pub message: String,
}

/// Kinds of failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The command or its arguments are malformed.
    BadRequest,
    /// Nobody is signed in.
    SignedOut,
    /// User name or password wrong.
    WrongPassword,
    /// No Matrix server answers at that address.
    NoServer,
    /// The name is taken.
    NameTaken,
    /// The server refused, with its reason.
    Refused,
    /// The server cannot be reached now.
    Offline,
    /// No such conversation, message or person.
    NotFound,
    /// The file is not sound we can read.
    BadSound,
    /// No sound device.
    NoDevice,
    /// A recording that holds too little to be sent.
    TooShort,
    /// The disk is full.
    DiskFull,
    /// Something broke here; the log knows more.
    Internal,
}

impl ApiError {
    /// An error of a known kind with its sentence.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// Something that should not happen.
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        Self::new(
            ErrorCode::Internal,
            format!("Something went wrong here: {cause}. Try again; the log knows more."),
        )
    }

    /// A command that makes no sense.
    pub fn bad_request(why: impl Into<String>) -> Self {
        Self::new(ErrorCode::BadRequest, why)
    }

    /// A thing that is not there.
    pub fn not_found(why: impl Into<String>) -> Self {
        Self::new(ErrorCode::NotFound, why)
    }
}

impl std::fmt::Display for ApiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ApiError {}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        let code = match &error {
            Error::SignedOut => ErrorCode::SignedOut,
            Error::WrongPassword => ErrorCode::WrongPassword,
            Error::NoServer(_) => ErrorCode::NoServer,
            Error::NameTaken => ErrorCode::NameTaken,
            Error::AlreadySignedIn(_)
            | Error::RegistrationClosed(_)
            | Error::Refused { .. }
            | Error::TooFast { .. }
            | Error::Encrypted => ErrorCode::Refused,
            Error::Offline(_) => ErrorCode::Offline,
            Error::NotFound(_) => ErrorCode::NotFound,
            Error::NameInvalid(_) | Error::BadRequest(_) => ErrorCode::BadRequest,
            Error::DiskFull => ErrorCode::DiskFull,
            Error::Closed | Error::Internal(_) => ErrorCode::Internal,
        };
        Self::new(code, error.to_string())
    }
}

impl From<OpenError> for ApiError {
    fn from(error: OpenError) -> Self {
        let code = if error == OpenError::DiskFull { ErrorCode::DiskFull } else { ErrorCode::Internal };
        Self::new(code, error.to_string())
    }
}

//! What can go wrong, in the user's terms. Every sentence says what to do.

use std::path::PathBuf;

/// Why a call was not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Nobody is signed in, or the server ended this login.
    #[error("You are not signed in. Sign in first.")]
    SignedOut,
    /// Another account is signed in here.
    #[error("{0} is signed in here already. Sign out first, or use another data folder.")]
    AlreadySignedIn(String),
    /// User name or password wrong.
    #[error("The user name or the password is wrong. Check both and try again.")]
    WrongPassword,
    /// No Matrix server at that address.
    #[error("No Matrix server answers at {0}. Check the address.")]
    NoServer(String),
    /// The name is taken.
    #[error("That name is taken on this server. Choose another.")]
    NameTaken,
    /// The name cannot be used.
    #[error("That name cannot be used: {0}. Use small letters, digits, dots, dashes and underscores.")]
    NameInvalid(String),
    /// The server does not let people register here, or wants something this client does not offer.
    #[error("This server does not let you register here ({0}). Ask its owner for an account.")]
    RegistrationClosed(String),
    /// The server cannot be reached now.
    #[error("The server cannot be reached now ({0}). Check your connection; nothing is lost.")]
    Offline(String),
    /// The server said no.
    #[error("The server refused: {reason} ({errcode}).")]
    Refused {
        /// Matrix error code, such as `M_FORBIDDEN`.
        errcode: String,
        /// The server's words.
        reason: String,
    },
    /// Too many requests.
    #[error("The server asks to wait {} s. Try again then.", retry_after_ms.div_ceil(1000))]
    TooFast {
        /// How long to wait.
        retry_after_ms: u64,
    },
    /// No such conversation, message, person or file.
    #[error("{0} was not found. Check the name.")]
    NotFound(String),
    /// An argument makes no sense.
    #[error("{0}")]
    BadRequest(String),
    /// The room is encrypted, and this version cannot encrypt.
    #[error(
        "This conversation is encrypted, and this version of Hark cannot encrypt yet. Nothing was sent; use another Matrix client for it."
    )]
    Encrypted,
    /// The disk is full.
    #[error("The disk is full. Make room; nothing is lost.")]
    DiskFull,
    /// The engine was closed.
    #[error("Hark is closing. Start it again.")]
    Closed,
    /// Something broke here.
    #[error("Something went wrong here: {0}. Try again; the log knows more.")]
    Internal(String),
}

/// Why a data folder cannot be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Another process holds it: hand the command to that one.
    #[error("Another Hark is using the folder {}. Use that one, or close it.", .0.display())]
    Held(PathBuf),
    /// The folder cannot be made or written.
    #[error("The folder {} cannot be used: {reason}. Check its permissions.", path.display())]
    Folder {
        /// Which.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// The key of the store cannot be read now; it is not lost by that.
    #[error(
        "The key of the message store cannot be read: {0}. Unlock the system keyring and start again; nothing is lost."
    )]
    Key(String),
    /// The store was made by a newer version.
    #[error("This folder was last used by a newer Hark. Install the newest version.")]
    Newer,
    /// The disk is full.
    #[error("The disk is full. Make room and start again; nothing is lost.")]
    DiskFull,
    /// Anything else.
    #[error("The message store cannot be opened: {0}.")]
    Store(String),
}

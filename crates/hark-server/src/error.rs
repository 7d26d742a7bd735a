//! Why a server does not start, each as one sentence with a remedy.

use std::{io, net::SocketAddr, path::PathBuf};

use crate::store::StoreError;

/// A server that did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The folder cannot be made, read or written.
    #[error("The data folder {} cannot be used ({reason}). Make it writable, or choose another with --data.", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the operating system said.
        reason: io::Error,
    },
    /// Another process holds the folder.
    #[error("Another hark-server runs on the data folder {}. Stop it, or choose another folder with --data.", path.display())]
    FolderInUse {
        /// The folder.
        path: PathBuf,
    },
    /// The database file is not one, or is damaged.
    #[error("The database {} is damaged or not hark-server's: `hark-server check` says more. Bring back a backup with `hark-server restore`, or choose another folder with --data.", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// The disk is full.
    #[error("The disk that holds {} is full. Free some space and start again.", path.display())]
    DiskFull {
        /// The folder.
        path: PathBuf,
    },
    /// The database was written by a newer version.
    #[error("The data folder {} was written by a newer hark-server. Nothing in it was changed. Use that one, or choose another folder with --data.", path.display())]
    TooNew {
        /// The folder.
        path: PathBuf,
    },
    /// Any other failure of the database.
    #[error("The database {} cannot be opened ({reason}). Check the disk, then start again.", path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// What the database said.
        reason: StoreError,
    },
    /// The name is not one Matrix can carry.
    #[error(
        "{name:?} is not a server name. Use a domain such as chat.example.org, without https:// and without a path."
    )]
    BadName {
        /// What was given.
        name: String,
    },
    /// The folder belongs to a server of another name.
    #[error(
        "This data folder belongs to the server {stored}, and a server's name cannot change. Leave --server-name out, or choose another folder with --data."
    )]
    OtherName {
        /// The name it has.
        stored: String,
    },
    /// Links cannot be followed.
    #[error(
        "Link previews cannot be turned on ({reason}). Check the system's certificates, or start without --url-previews."
    )]
    Network {
        /// What the client for them said.
        reason: String,
    },
    /// The port is taken.
    #[error("Something else already listens on {address}. Stop it, or choose another address with --listen.")]
    PortInUse {
        /// What was asked for.
        address: SocketAddr,
    },
    /// The address of `/metrics` cannot be listened on.
    #[error(
        "It is not possible to serve metrics on {address} ({reason}). Choose another address with --metrics."
    )]
    Metrics {
        /// What was asked for.
        address: SocketAddr,
        /// What the operating system said.
        reason: io::Error,
    },
    /// The address cannot be listened on.
    #[error("It is not possible to listen on {address} ({reason}). Choose another address with --listen.")]
    Listen {
        /// What was asked for.
        address: SocketAddr,
        /// What the operating system said.
        reason: io::Error,
    },
}

/// An account that was not added: why, and what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct AdminError(pub(crate) String);

/// Files that were not cleared away: why, and what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct MediaError(pub(crate) String);

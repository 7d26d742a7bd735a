//! What differs by operating system, and nothing else. Not yet tried on Windows and macOS.

use std::{
    fs::{self, File, OpenOptions},
    io,
    net::SocketAddr,
    path::Path,
};

use interprocess::local_socket::Name;
use sha2::{Digest, Sha256};
use tokio::net::{TcpListener, TcpSocket};

use crate::hex::hex;

/// Makes a folder that only its owner may enter, and the folders above it.
pub(crate) fn create_private_dir(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Opens a file for writing, and makes it readable by its owner only if it is new.
pub(crate) fn open_private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Lets every other thread of the computer go before this one. Where the system cannot do that for a single thread, nothing happens.
pub(crate) fn give_way() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, 10) {
        tracing::debug!(%error, "a thread could not be made to give way");
    }
}

/// Opens a log only its owner may read, for more lines at its end.
pub(crate) fn open_private_log(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Makes the renaming of a file in `folder` durable. Windows does this by itself.
pub(crate) fn sync_dir(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

/// What the process holds in memory, in bytes; `None` where that is not known.
#[cfg(target_os = "linux")]
pub(crate) fn resident_memory() -> Option<u64> {
    let pages =
        fs::read_to_string("/proc/self/statm").ok()?.split_whitespace().nth(1)?.parse::<u64>().ok()?;
    Some(pages * rustix::param::page_size() as u64)
}

/// What the process holds in memory: here that is not known.
#[cfg(not(target_os = "linux"))]
pub(crate) fn resident_memory() -> Option<u64> {
    None
}

/// How many files the process may hold open at once; `None` where that is not counted.
#[cfg(unix)]
pub(crate) fn open_file_limit() -> Option<usize> {
    use rustix::process::{Resource, getrlimit};
    getrlimit(Resource::Nofile).current.map(|limit| usize::try_from(limit).unwrap_or(usize::MAX))
}

/// How many files the process may hold open at once: here that is not counted.
#[cfg(not(unix))]
pub(crate) fn open_file_limit() -> Option<usize> {
    None
}

/// Listens, with room for everybody who comes back at once after a restart: where too few may wait to be accepted, each of the
/// others tries again a second later.
pub(crate) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    const WAITING: u32 = 4096;
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // On Windows this would let two servers have one port; elsewhere it lets a server have its port back at once.
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(WAITING)
}

/// While it lives, what is typed at the terminal of standard input is not shown. Where that cannot be had, it is shown.
#[derive(Debug)]
pub struct WithoutEcho {
    #[cfg(unix)]
    before: Option<rustix::termios::Termios>,
}

impl WithoutEcho {
    /// From now on.
    pub fn begin() -> Self {
        #[cfg(unix)]
        {
            use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
            let before = tcgetattr(io::stdin()).ok();
            if let Some(before) = &before {
                let mut silent = before.clone();
                silent.local_modes.remove(LocalModes::ECHO);
                let _shown_then = tcsetattr(io::stdin(), OptionalActions::Flush, &silent);
            }
            Self { before }
        }
        #[cfg(not(unix))]
        Self {}
    }
}

#[cfg(unix)]
impl Drop for WithoutEcho {
    fn drop(&mut self) {
        use rustix::termios::{OptionalActions, tcsetattr};
        if let Some(before) = &self.before {
            // Whoever took the terminal away has it as it was left.
            let _gone = tcsetattr(io::stdin(), OptionalActions::Now, before);
        }
    }
}

/// Lets the process hold as many files open as the system grants it, for connections are files.
pub fn open_many_files() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        /// Where there is no highest limit, asking for none is refused; some systems grant no more than the second.
        const ENOUGH: [u64; 2] = [1 << 20, 10_240];
        let granted = getrlimit(Resource::Nofile);
        for enough in ENOUGH {
            let wanted = granted.maximum.map_or(enough, |maximum| maximum.min(enough));
            let higher = granted.current.is_some_and(|current| current < wanted);
            let raised = Rlimit { current: Some(wanted), maximum: granted.maximum };
            if !higher || setrlimit(Resource::Nofile, raised).is_ok() {
                return;
            }
        }
    }
}

/// The local socket of a data folder.
///
/// It lies in the folder where that is a file system's matter and the path is short enough for a socket. Otherwise its name is
/// made from the key of this start, so that nobody who cannot read the key knows where to lie in wait.
pub(crate) mod socket {
    use super::{Digest, Name, Path, Sha256, hex, io};

    #[cfg(unix)]
    use interprocess::local_socket::{GenericFilePath as Kind, prelude::*};
    #[cfg(not(unix))]
    use interprocess::local_socket::{GenericNamespaced as Kind, prelude::*};

    #[cfg(unix)]
    fn path(folder: &Path, key: &str) -> std::path::PathBuf {
        /// What every Unix grants to a socket's path.
        const LONGEST: usize = 100;
        let inside = folder.join("admin.sock");
        if inside.as_os_str().len() <= LONGEST {
            return inside;
        }
        std::env::temp_dir().join(format!("hark-server-{}.sock", short_hash(key)))
    }

    /// What it is called.
    #[cfg(unix)]
    pub(crate) fn name(folder: &Path, key: &str) -> io::Result<Name<'static>> {
        path(folder, key).into_os_string().to_fs_name::<Kind>()
    }

    /// What it is called.
    #[cfg(not(unix))]
    pub(crate) fn name(_: &Path, key: &str) -> io::Result<Name<'static>> {
        format!("hark-server-{}", short_hash(key)).to_ns_name::<Kind>()
    }

    /// Removes what a process that died has left behind.
    #[cfg(unix)]
    pub(crate) fn forget(folder: &Path, key: &str) {
        // Left over, it refuses every connection, which whoever asks copes with.
        let _ = std::fs::remove_file(path(folder, key));
    }

    /// Removes what a process that died has left behind: here nothing.
    #[cfg(not(unix))]
    pub(crate) fn forget(_: &Path, _: &str) {}

    /// Lets only the folder's owner speak to it.
    #[cfg(unix)]
    pub(crate) fn protect(folder: &Path, key: &str) -> io::Result<()> {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(path(folder, key), std::fs::Permissions::from_mode(0o600))
    }

    /// Lets only the folder's owner speak to it: its name is known to nobody else.
    #[cfg(not(unix))]
    pub(crate) fn protect(_: &Path, _: &str) -> io::Result<()> {
        Ok(())
    }

    /// Fails unless whoever listens there has the folder's owner: nobody else is told the key.
    #[cfg(unix)]
    pub(crate) fn is_ours(folder: &Path, key: &str) -> io::Result<()> {
        use std::os::unix::fs::MetadataExt as _;
        let socket = std::fs::symlink_metadata(path(folder, key))?;
        if socket.uid() == std::fs::metadata(folder)?.uid() {
            return Ok(());
        }
        Err(io::Error::new(io::ErrorKind::PermissionDenied, "its socket belongs to somebody else"))
    }

    /// Fails unless whoever listens there has the folder's owner: its name is known to nobody else.
    #[cfg(not(unix))]
    pub(crate) fn is_ours(_: &Path, _: &str) -> io::Result<()> {
        Ok(())
    }

    fn short_hash(key: &str) -> String {
        let hash = Sha256::digest(key.as_bytes());
        hex(&hash[..12])
    }
}

/// Lets the process outlive the terminal it was started in.
pub fn outlive_the_terminal() -> io::Result<()> {
    // Listening once replaces what the signal does by itself, for as long as the process lives.
    #[cfg(unix)]
    drop(tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup())?);
    Ok(())
}

/// Hears the operating system asking the process to end, from the moment it is made.
#[derive(Debug)]
pub struct EndSignal {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(windows)]
    interrupt: tokio::signal::windows::CtrlC,
    #[cfg(windows)]
    terminate: tokio::signal::windows::CtrlShutdown,
}

impl EndSignal {
    /// Listens from now on: Ctrl-C, and what the system sends when it ends programs.
    #[cfg(unix)]
    pub fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// Listens from now on: Ctrl-C, and what the system sends when it ends programs.
    #[cfg(windows)]
    pub fn listen() -> io::Result<Self> {
        use tokio::signal::windows::{ctrl_c, ctrl_shutdown};
        Ok(Self { interrupt: ctrl_c()?, terminate: ctrl_shutdown()? })
    }

    /// Resolves when the process is asked to end.
    pub async fn received(mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

//! A data folder of the app that may host: the server the app started there ends with the test, also a failed one.

use std::path::{Path, PathBuf};
use std::process::Command;

use hark_server::Running;
use tempfile::TempDir;

use crate::{program_path, within};

/// A temporary data folder of the app.
#[derive(Debug)]
pub struct HostFolder {
    folder: TempDir,
}

impl HostFolder {
    /// An empty one.
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The folder of the server in it.
    pub fn server_folder(&self) -> PathBuf {
        self.path().join("server")
    }

    /// The server that runs there.
    pub async fn server(&self) -> Option<Running> {
        let folder = self.server_folder();
        let watch = within("a look at the server", hark_server::watch(&folder)).await;
        let watch = watch.unwrap_or_else(|error| panic!("the server cannot be looked at: {error}"));
        watch.map(|watch| watch.running().clone())
    }

    /// Ends the server in order, behind the app's back.
    pub async fn stop_server(&self) {
        let folder = self.server_folder();
        let stopped = within("the server's end", hark_server::stop(&folder)).await;
        assert!(stopped.unwrap_or_else(|error| panic!("{error}")), "no server runs on {}", folder.display());
    }

    /// Ends the server as a power cut does (SIGKILL), and waits until it is gone.
    pub async fn kill_server(&self) {
        let watch = hark_server::watch(&self.server_folder()).await;
        let mut watch = watch.unwrap_or_else(|error| panic!("{error}")).expect("a server runs");
        kill(watch.running().pid);
        assert!(!within("the server's death", watch.ended()).await, "it ended in order");
    }
}

impl Default for HostFolder {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for HostFolder {
    fn drop(&mut self) {
        // In order, so that an app that still watches it does not start it again.
        let stop = Command::new(program_path("hark-server"))
            .args(["stop", "--data"])
            .arg(self.server_folder())
            .output();
        match stop {
            Ok(output) if output.status.success() => {}
            other => eprintln!("a server may be left over on {}: {other:?}", self.server_folder().display()),
        }
    }
}

/// Kills a process this test started.
fn kill(pid: u32) {
    let killed = Command::new("kill").args(["-KILL", &pid.to_string()]).status();
    assert!(killed.is_ok_and(|status| status.success()), "process {pid} cannot be killed");
}

//! A sound card without hardware: a PulseAudio of the bench's own with one sink, whose monitor is the microphone.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::clock;

/// A running sound server; ends when dropped.
pub(crate) struct Card {
    server: Child,
    address: String,
}

impl Card {
    /// Starts it; `dir` is where its socket is made.
    pub(crate) fn start(dir: &Path) -> Result<Self> {
        let socket = dir.join("sound");
        let server = Command::new("pulseaudio")
            .args(["-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--log-level=error"])
            .arg("-L")
            .arg(format!("module-native-protocol-unix auth-anonymous=1 socket={}", socket.display()))
            .args(["-L", "module-null-sink sink_name=loop norewinds=1 rate=48000 channels=2"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("this bench needs pulseaudio")?;
        let card = Self { server, address: format!("unix:{}", socket.display()) };
        let started = clock::now();
        while started.elapsed() < Duration::from_secs(10) {
            let answer = card.client("pactl").arg("info").status()?;
            if answer.success() {
                return Ok(card);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        bail!("the sound server does not answer")
    }

    /// What a process that uses it has in its environment.
    pub(crate) fn environment(&self) -> [(&'static str, String); 1] {
        [("PULSE_SERVER", self.address.clone())]
    }

    /// Plays a file into it, beside.
    pub(crate) fn play(&self, file: &Path) -> Result<Child> {
        Ok(self.client("paplay").arg("--latency-msec=100").arg(file).spawn()?)
    }

    /// The processes that are part of it.
    pub(crate) fn pid(&self) -> u32 {
        self.server.id()
    }

    fn client(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.envs(self.environment()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }
}

impl Drop for Card {
    fn drop(&mut self) {
        drop(self.server.kill());
        drop(self.server.wait());
    }
}

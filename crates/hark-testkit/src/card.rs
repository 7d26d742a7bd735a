//! A sound card without hardware: a PulseAudio of the test's own.
//!
//! It has a microphone and two loudspeakers, `first` (the default) and `second`. What is said into the microphone is said
//! by [`SoundCard::says`]; what a program plays is recorded by [`SoundCard::listens`]. Programs find it by their environment
//! ([`SoundCard::on`]); the test's own process is not touched.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use tempfile::TempDir;
use tokio::io::AsyncReadExt as _;
use tokio::process::{Child, Command};
use tokio::sync::{Mutex, MutexGuard};

use crate::{Program, within};

/// The null sink whose monitor the microphone is.
const INTO_MICROPHONE: &str = "speech";

/// A PulseAudio server with its folder. Dropping it ends the server.
pub struct SoundCard {
    folder: TempDir,
    server: Option<Child>,
    /// The module that is the microphone, while it is plugged in.
    microphone: Option<String>,
    /// Cards of one test program work one at a time: a sound server without real-time rights drops out when the machine
    /// is busy.
    alone: Option<MutexGuard<'static, ()>>,
}

static ALONE: Mutex<()> = Mutex::const_new(());

/// The loudspeakers of a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loudspeaker {
    /// What programs use where nothing else is chosen.
    First,
    /// The other one.
    Second,
}

impl Loudspeaker {
    fn name(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Second => "second",
        }
    }
}

impl SoundCard {
    /// No card: a computer without sound.
    pub fn absent() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let card = Self { folder, server: None, microphone: None, alone: None };
        std::fs::write(card.path("alsa.conf"), "pcm.!default { type hw card 7 }\n").expect("a file");
        card
    }

    /// A card that works.
    pub async fn plugged_in() -> Self {
        let mut card = Self::absent();
        card.alone = Some(ALONE.lock().await);
        card.start().await;
        card
    }

    /// Starts the sound server (again).
    pub async fn start(&mut self) {
        let sink = |name: &str| {
            format!(
                "module-null-sink sink_name={name} norewinds=1 rate=48000 channels=2 sink_properties=device.description={name}"
            )
        };
        let socket =
            format!("module-native-protocol-unix auth-anonymous=1 socket={}", self.socket().display());
        // Before programs that compile, as on a desktop; where that is not allowed `nice` goes on without.
        let mut server = Command::new("nice");
        server
            .args(["-n", "-10", "pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1"])
            .args(["--use-pid-file=no", "--log-level=error"])
            .args(["-L", &socket])
            .args(["-L", &sink(Loudspeaker::First.name())])
            .args(["-L", &sink(Loudspeaker::Second.name())])
            .args(["-L", &sink(INTO_MICROPHONE)])
            .envs(self.environment())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        let server = server.spawn().unwrap_or_else(|error| {
            panic!("cannot run pulseaudio ({error}); `cargo xtask test` installs it")
        });
        self.server = Some(server);
        within("the sound server answers", async {
            while !self.pactl(&["info"]).await.0 {
                tokio::task::yield_now().await;
            }
        })
        .await;
        self.done(&["set-default-sink", Loudspeaker::First.name()]).await;
        self.plug_in_microphone().await;
    }

    /// Ends the sound server as a crash does.
    pub async fn kill(&mut self) {
        self.microphone = None;
        if let Some(mut server) = self.server.take() {
            server.kill().await.expect("it runs");
        }
    }

    /// Plugs the microphone in; it is the default one.
    pub async fn plug_in_microphone(&mut self) {
        let module = self
            .done(&[
                "load-module",
                "module-remap-source",
                &format!("master={INTO_MICROPHONE}.monitor"),
                "source_name=microphone",
                "source_properties=device.description=Microphone",
            ])
            .await;
        self.microphone = Some(module.trim().to_owned());
        self.done(&["set-default-source", "microphone"]).await;
    }

    /// Pulls the microphone out.
    pub async fn pull_out_microphone(&mut self) {
        let module = self.microphone.take().expect("it is plugged in");
        self.done(&["unload-module", &module]).await;
    }

    /// What a program finds this card by.
    pub fn environment(&self) -> [(&'static str, PathBuf); 4] {
        [
            ("PULSE_SERVER", PathBuf::from(format!("unix:{}", self.socket().display()))),
            ("ALSA_CONFIG_PATH", self.path("alsa.conf")),
            ("XDG_RUNTIME_DIR", self.folder.path().to_owned()),
            ("HOME", self.folder.path().to_owned()),
        ]
    }

    /// A program with its sound on this card.
    pub fn on(&self, program: Program) -> Program {
        self.environment()
            .into_iter()
            .fold(program.first(), |program, (name, value)| program.env(name, value))
    }

    /// Says a WAV file into the microphone. The speaker goes on until the end of the file, or until it is dropped.
    pub fn says(&self, wav: &Path) -> Speaker {
        let mut speaker = Command::new("nice");
        speaker
            .args(["-n", "-10", "paplay", "--latency-msec=200", "-d", INTO_MICROPHONE])
            .arg(wav)
            .envs(self.environment())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        Speaker { process: speaker.spawn().expect("paplay; `cargo xtask test` installs it") }
    }

    /// Records what a loudspeaker plays from now on: 48 kHz mono.
    pub async fn listens(&self, to: Loudspeaker) -> Listener {
        let mut recorder = Command::new("nice");
        recorder
            .args([
                "-n",
                "-10",
                "parec",
                "--format=float32le",
                "--rate=48000",
                "--channels=1",
                "--latency-msec=20",
                "-d",
            ])
            .arg(format!("{}.monitor", to.name()))
            .envs(self.environment())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        let process = recorder.spawn().expect("parec; `cargo xtask test` installs it");
        let mut listener = Listener { process, bytes: Vec::new() };
        listener.until("it hears silence", |samples| samples.len() > 4_800).await;
        listener
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn socket(&self) -> PathBuf {
        self.path("socket")
    }

    async fn done(&self, arguments: &[&str]) -> String {
        let (done, said) = self.pactl(arguments).await;
        assert!(done, "pactl {arguments:?}: {said}");
        said
    }

    async fn pactl(&self, arguments: &[&str]) -> (bool, String) {
        let mut pactl = Command::new("pactl");
        let output = pactl.args(arguments).envs(self.environment()).kill_on_drop(true).output().await;
        let output = output.expect("pactl; `cargo xtask test` installs it");
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

/// Somebody who speaks into the microphone.
pub struct Speaker {
    process: Child,
}

impl Speaker {
    /// Waits until everything was said.
    pub async fn done(mut self) {
        let said = within("everything was said", self.process.wait()).await.expect("paplay runs");
        assert!(said.success(), "paplay failed");
    }
}

/// What a loudspeaker plays, so far.
pub struct Listener {
    process: Child,
    bytes: Vec<u8>,
}

impl Listener {
    /// Listens until `done` says so; everything heard so far.
    pub async fn until(&mut self, what: &str, done: impl Fn(&[f32]) -> bool) -> Vec<f32> {
        let Self { process, bytes } = self;
        let pipe = process.stdout.as_mut().expect("asked to be piped");
        within(what, async {
            let mut buffer = [0; 4096];
            loop {
                let samples: Vec<f32> =
                    bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
                if done(&samples) {
                    return samples;
                }
                let count = pipe.read(&mut buffer).await.expect("parec runs");
                assert!(count > 0, "parec ended");
                bytes.extend(&buffer[..count]);
            }
        })
        .await
    }

    /// Listens until there was sound and then silence for half a second; everything from the first sound on.
    pub async fn until_it_is_over(&mut self) -> Vec<f32> {
        const SILENCE: usize = 24_000;
        let loud = |sample: &f32| sample.abs() > 0.005;
        let samples = self
            .until("something is heard to its end", |samples| {
                let last = samples.iter().rposition(loud);
                last.is_some_and(|last| samples.len() - last > SILENCE)
            })
            .await;
        let first = samples.iter().position(loud).unwrap_or(0);
        let last = samples.iter().rposition(loud).unwrap_or(0);
        samples[first..=last].to_vec()
    }
}

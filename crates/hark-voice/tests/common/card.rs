//! A sound card without hardware: a PulseAudio of the test's own, with one sink that plays into nothing and a monitor
//! that records what was played.
//!
//! Where a program plays to is in its environment, which a test must not change under other tests. So each test runs
//! again in a process of its own, by [`with`].

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

use hark_voice::{Clip, Player, PlayerEvent, Recorder, RecorderEvent, devices};

/// Anything that has not happened by then will not.
const DEADLINE: Duration = Duration::from_secs(20);

/// Set in the process of a single test, to the folder of its sound card.
const FOLDER: &str = "HARK_TEST_SOUND";

/// How the player is to reach the card.
#[derive(Clone, Copy)]
pub(crate) enum Route {
    /// As a client of the sound server.
    PulseAudio,
    /// Through ALSA, whose default device is the sound server.
    Alsa,
    /// Not at all.
    Nowhere,
}

/// Runs `body` in a process of its own whose sound goes to a card of its own. `test` is the full name of the calling test.
pub(crate) fn with(test: &str, route: Route, body: fn(Card)) {
    // Before programs that compile; where that is not allowed `nice` goes on without.
    in_a_process(test, route, "-10", body);
}

/// As [`with`], but as any other program: what is proved there must hold on a busy machine.
pub(crate) fn with_no_precedence(test: &str, route: Route, body: fn(Card)) {
    in_a_process(test, route, "0", body);
}

fn in_a_process(test: &str, route: Route, niceness: &str, body: fn(Card)) {
    if let Some(folder) = std::env::var_os(FOLDER) {
        return body(Card { folder: folder.into(), server: None });
    }
    // One at a time: a sound server without real-time rights drops out when the machine is busy.
    static ALONE: Mutex<()> = Mutex::new(());
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("socket");
    let socket = socket.to_str().unwrap();
    // cpal takes the name with the prefix, libpulse either.
    let server = if matches!(route, Route::Alsa) { socket.to_owned() } else { format!("unix:{socket}") };
    let alsa = folder.path().join("alsa.conf");
    let default_device = if matches!(route, Route::Nowhere) { "hw:7" } else { "pulse" };
    std::fs::write(&alsa, alsa_conf(default_device)).unwrap();
    let output = Command::new("nice")
        .args(["-n", niceness])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(FOLDER, folder.path())
        .env("PULSE_SERVER", server)
        .env("ALSA_CONFIG_PATH", alsa)
        .env("XDG_RUNTIME_DIR", folder.path())
        .env("HOME", folder.path())
        .env_remove("PULSE_RUNTIME_PATH")
        .env_remove("PULSE_COOKIE")
        .output()
        .unwrap();
    let (said, complained) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}\n{complained}");
    assert!(said.contains("1 passed"), "no test is called {test}: {said}");
    assert!(!complained.contains("ALSA lib"), "alsa-lib printed: {complained}");
}

fn alsa_conf(default: &str) -> String {
    let device = if default == "pulse" { "type pulse".to_owned() } else { "type hw\n card 7".to_owned() };
    format!("pcm.!default {{\n {device}\n}}\nctl.!default {{\n {device}\n}}\n")
}

/// The card of this process.
pub(crate) struct Card {
    folder: PathBuf,
    server: Option<Child>,
}

impl Card {
    /// Plugs it in.
    pub(crate) fn start(&mut self) {
        let socket = self.folder.join("socket");
        // Before programs that compile, as on a desktop; where that is not allowed `nice` goes on without.
        let server = Command::new("nice")
            .args(["-n", "-10", "pulseaudio"])
            .args(["-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--log-level=error"])
            .arg("-L")
            .arg(format!("module-native-protocol-unix auth-anonymous=1 socket={}", socket.display()))
            .args(["-L", "module-null-sink sink_name=loop norewinds=1 rate=48000 channels=2"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| {
                panic!("cannot run pulseaudio ({error}); `cargo xtask test` installs it")
            });
        self.server = Some(server);
        until("the sound server answers", || {
            let answer =
                Command::new("pactl").args(["info"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
            answer.is_ok_and(|status| status.success())
        });
    }

    /// Ends the sound server as a crash would.
    pub(crate) fn kill(&mut self) {
        if let Some(mut server) = self.server.take() {
            server.kill().unwrap();
            server.wait().unwrap();
        }
        // A crash leaves its socket behind.
    }

    /// Plugs in one more device, or another module of the sound server; gives its number.
    #[expect(clippy::unused_self, reason = "the card has to be there")]
    pub(crate) fn plug(&self, module: &[&str]) -> String {
        let number = super::run("pactl", &[&["load-module"], module].concat());
        String::from_utf8(number).unwrap().trim().to_owned()
    }

    /// Pulls it out.
    #[expect(clippy::unused_self, reason = "the card has to be there")]
    pub(crate) fn unplug(&self, number: &str) {
        super::run("pactl", &["unload-module", number]);
    }

    /// A folder that goes with the card.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Stops the sound server in its tracks, or lets it go on.
    pub(crate) fn signal(&self, signal: &str) {
        let server = self.server.as_ref().unwrap().id().to_string();
        super::run("kill", &[signal, &server]);
    }
}

impl Drop for Card {
    fn drop(&mut self) {
        self.kill();
    }
}

/// What was played so far.
pub(crate) struct Recording {
    recorder: Child,
    pieces: mpsc::Receiver<Vec<u8>>,
    bytes: Vec<u8>,
}

impl Recording {
    /// Records what is played from now on.
    pub(crate) fn start() -> Self {
        Self::of("loop")
    }

    /// Records what is played into a sink from now on.
    pub(crate) fn of(sink: &str) -> Self {
        let mut recorder = Command::new("parec")
            .args([
                "-d",
                &format!("{sink}.monitor"),
                "--format=float32le",
                "--rate=48000",
                "--channels=1",
                "--latency-msec=20",
            ])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot run parec ({error}); `cargo xtask test` installs it"));
        let mut pipe = recorder.stdout.take().unwrap();
        let (sender, pieces) = mpsc::channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = pipe.read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        let mut recording = Self { recorder, pieces, bytes: Vec::new() };
        recording.until("the recorder hears silence", |samples| samples.len() > 4_800);
        recording
    }

    /// Records until `done` says so, and gives everything recorded: 48 kHz mono.
    pub(crate) fn until(&mut self, what: &str, done: impl Fn(&[f32]) -> bool) -> Vec<f32> {
        let end = now() + DEADLINE;
        loop {
            let samples: Vec<f32> =
                self.bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
            if done(&samples) {
                return samples;
            }
            let piece = self.pieces.recv_timeout(end.saturating_duration_since(now()));
            self.bytes.extend(piece.unwrap_or_else(|_| panic!("waited in vain until {what}")));
        }
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        drop(self.recorder.kill());
        drop(self.recorder.wait());
    }
}

/// A player whose events are read one by one.
pub(crate) struct Listener {
    pub(crate) player: Player,
    events: mpsc::Receiver<PlayerEvent>,
}

impl Listener {
    pub(crate) fn start() -> Self {
        let player = Player::start();
        let events = player.events();
        Self { player, events }
    }

    /// The next event that `wanted` makes something of; those before are passed over.
    pub(crate) fn wait<T>(&self, what: &str, wanted: impl Fn(&PlayerEvent) -> Option<T>) -> T {
        let end = now() + DEADLINE;
        let mut seen = Vec::new();
        loop {
            match self.events.recv_timeout(end.saturating_duration_since(now())) {
                Ok(event) => {
                    if let Some(found) = wanted(&event) {
                        return found;
                    }
                    seen.push(event);
                }
                Err(error) => panic!("waited in vain until {what} ({error}); last saw {:?}", seen.last()),
            }
        }
    }

    /// The position of the first `Playing` event from `position_ms` on.
    pub(crate) fn playing_from(&self, position_ms: u64) -> u64 {
        self.wait(&format!("playing at {position_ms} ms"), |event| match event {
            PlayerEvent::Playing { position_ms: at, .. } if *at >= position_ms => Some(*at),
            _ => None,
        })
    }

    pub(crate) fn finished(&self, id: i64) {
        self.wait("it finished", |event| (*event == PlayerEvent::Finished { id }).then_some(()));
    }
}

/// A recorder whose events are read one by one.
pub(crate) struct Scribe {
    pub(crate) recorder: Recorder,
    events: mpsc::Receiver<RecorderEvent>,
}

impl Scribe {
    /// On the system's default microphone.
    pub(crate) fn start() -> Self {
        let recorder = Recorder::start();
        let events = recorder.events();
        Self { recorder, events }
    }

    /// On what a sink plays, chosen on purpose.
    pub(crate) fn of(sink: &str) -> Self {
        let scribe = Self::start();
        scribe.recorder.choose(Some(input(&format!("{sink}.monitor"))));
        scribe
    }

    /// The next event that `wanted` makes something of; those before are passed over.
    pub(crate) fn wait<T>(&self, what: &str, wanted: impl Fn(&RecorderEvent) -> Option<T>) -> T {
        let end = now() + DEADLINE;
        let mut seen = Vec::new();
        loop {
            match self.events.recv_timeout(end.saturating_duration_since(now())) {
                Ok(event) => {
                    if let Some(found) = wanted(&event) {
                        return found;
                    }
                    if !matches!(event, RecorderEvent::Level { .. }) {
                        seen.push(event);
                    }
                }
                Err(error) => panic!("waited in vain until {what} ({error}); last saw {seen:?}"),
            }
        }
    }

    /// Begins and waits for the first sample; gives the name of the microphone.
    pub(crate) fn begin(&self, id: &str, wav: &Path) -> String {
        self.recorder.begin(id.to_owned(), wav.to_owned());
        self.recording()
    }

    pub(crate) fn recording(&self) -> String {
        self.wait("the first sample is kept", |event| match event {
            RecorderEvent::Recording { device, .. } => Some(device.clone()),
            RecorderEvent::Failed { reason, .. } => panic!("{reason}"),
            _ => None,
        })
    }

    /// Waits until nothing is heard of the recorder for so long.
    pub(crate) fn hears_nothing_for(&self, time: Duration) {
        let end = now() + DEADLINE;
        while let Ok(event) = self.events.recv_timeout(time) {
            assert!(matches!(event, RecorderEvent::Level { .. }), "{event:?}");
            assert!(now() < end, "it never falls silent");
        }
    }

    /// Waits until so much is recorded.
    pub(crate) fn recorded(&self, milliseconds: u64) {
        self.wait(&format!("{milliseconds} ms are recorded"), |event| match event {
            RecorderEvent::Level { duration_ms, .. } if *duration_ms >= milliseconds => Some(()),
            _ => None,
        });
    }

    pub(crate) fn paused(&self) -> (u64, Option<String>) {
        self.wait("it is held", |event| match event {
            RecorderEvent::Paused { duration_ms, problem, .. } => Some((*duration_ms, problem.clone())),
            _ => None,
        })
    }

    pub(crate) fn finished(&self, wanted: &str) -> Clip {
        self.wait("it is finished", |event| match event {
            RecorderEvent::Finished { id, clip } if id == wanted => Some(clip.clone()),
            _ => None,
        })
    }
}

/// The id of the microphone whose id ends so.
pub(crate) fn input(end: &str) -> String {
    let inputs = devices::inputs();
    let found = inputs.iter().find(|device| device.id.ends_with(end));
    found.unwrap_or_else(|| panic!("no {end} in {inputs:?}")).id.clone()
}

/// The id of the loudspeaker whose id ends so.
pub(crate) fn output(end: &str) -> String {
    let outputs = devices::outputs();
    let found = outputs.iter().find(|device| device.id.ends_with(end));
    found.unwrap_or_else(|| panic!("no {end} in {outputs:?}")).id.clone()
}

#[expect(clippy::disallowed_methods, reason = "a test measures real time")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

fn until(what: &str, done: impl Fn() -> bool) {
    let end = now() + DEADLINE;
    while !done() {
        assert!(now() < end, "waited in vain until {what}");
        std::thread::yield_now();
    }
}

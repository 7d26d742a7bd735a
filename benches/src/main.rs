//! Hark's numbers, one bench each: `cargo run --release -p hark-benches -- ack throughput --json figures.json`.
//!
//! Three rules. The floor program runs first in each run, and Hark is a share of it. Other load, fsyncs per send and
//! the room layout stand beside each figure. An acknowledgement without fsync is never put beside one that has it.

#![forbid(unsafe_code)]

mod ack;
mod card;
mod child;
mod clock;
mod corpus;
mod crowd;
mod desk;
mod disk;
mod fan_out;
mod filled;
mod first_sync;
mod floor;
mod fsyncs;
mod homeserver;
mod http;
mod inbox;
mod load;
mod machine;
mod media;
mod record_start;
mod report;
mod scripted;
mod search;
mod server_memory;
mod server_start;
mod story;
mod sync_latency;
mod sync_rooms;
mod throughput;
mod voice_cpu;
mod voice_path;
mod waveform;
mod window;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use child::Role;
use clap::{Parser, ValueEnum};
use filled::Filled;
use report::Report;
use tokio::sync::OnceCell;

#[derive(Parser)]
#[command(about = "Measures Hark; without a name, everything")]
struct Arguments {
    /// What to measure; the floor is always measured first.
    names: Vec<Name>,
    /// Also write the figures here.
    #[arg(long)]
    json: Option<PathBuf>,
    /// How long each load runs.
    #[arg(long, default_value_t = 4)]
    seconds: u64,
    /// How many messages the engine's store holds (inbox, search).
    #[arg(long, default_value_t = 100_000)]
    messages: usize,
    /// How many events the homeserver's database holds (server_start).
    #[arg(long, default_value_t = 1_000_000)]
    events: usize,
    /// Where databases are made; must be on the disk that is to be measured.
    #[arg(long)]
    dir: Option<PathBuf>,
    #[arg(long, hide = true)]
    role: Option<Role>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Name {
    Floor,
    Ack,
    Throughput,
    #[value(name = "sync_latency")]
    SyncLatency,
    #[value(name = "sync_rooms")]
    SyncRooms,
    #[value(name = "first_sync")]
    FirstSync,
    #[value(name = "fan_out")]
    FanOut,
    #[value(name = "server_memory")]
    ServerMemory,
    #[value(name = "server_start")]
    ServerStart,
    #[value(name = "media_download")]
    MediaDownload,
    Inbox,
    Search,
    Start,
    Memory,
    #[value(name = "record_start")]
    RecordStart,
    Waveform,
    #[value(name = "voice_cpu")]
    VoiceCpu,
    #[value(name = "voice_path")]
    VoicePath,
}

/// What all benches of a run share.
struct Run {
    dir: tempfile::TempDir,
    /// How long each load runs.
    time: Duration,
    /// Messages in the engine's store.
    messages: usize,
    /// Events in the homeserver's database.
    events: usize,
    /// Where that database stays from run to run.
    beside: PathBuf,
    /// The engine's store, filled when first needed.
    filled: OnceCell<Filled>,
}

impl Run {
    fn dir(&self) -> &Path {
        self.dir.path()
    }

    async fn filled(&self) -> Result<&Filled> {
        self.filled.get_or_try_init(|| Filled::new(self.dir(), self.messages)).await
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    // Two providers are in the tree; one must be chosen before the first client is made. Only the first choice counts.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    if let Some(role) = arguments.role {
        let dir = arguments.dir.context("a role needs --dir")?;
        return play(role, &dir).await;
    }
    // Beside the program: a temporary folder may be in memory, where fsync costs nothing.
    let beside = std::env::current_exe()?;
    let parent = arguments.dir.as_deref().or_else(|| beside.parent()).context("nowhere to put a database")?;
    let run = Run {
        dir: tempfile::Builder::new().prefix("bench-").tempdir_in(parent)?,
        time: Duration::from_secs(arguments.seconds),
        messages: arguments.messages,
        events: arguments.events,
        beside: parent.to_owned(),
        filled: OnceCell::new(),
    };
    let names = if arguments.names.is_empty() { Name::value_variants().to_vec() } else { arguments.names };
    let mut reports = vec![floor::bench(&run).await?];
    print!("{}", reports[0].table());
    for name in names.into_iter().filter(|name| *name != Name::Floor) {
        let report = measure(name, &run, &reports[0]).await.with_context(|| format!("{name:?}"))?;
        print!("{}", report.table());
        reports.push(report);
    }
    if let Some(path) = arguments.json {
        std::fs::write(&path, serde_json::to_vec_pretty(&reports)?)?;
    }
    Ok(())
}

async fn measure(name: Name, run: &Run, floor: &Report) -> Result<Report> {
    match name {
        Name::Floor => floor::bench(run).await,
        Name::Ack => ack::bench(run).await,
        Name::Throughput => throughput::bench(run, floor).await,
        Name::SyncLatency => sync_latency::bench(run).await,
        Name::SyncRooms => sync_rooms::bench(run).await,
        Name::FirstSync => first_sync::bench(run).await,
        Name::FanOut => fan_out::bench(run).await,
        Name::ServerMemory => server_memory::bench(run).await,
        Name::ServerStart => server_start::bench(run).await,
        Name::MediaDownload => media::bench(run).await,
        Name::Inbox => inbox::bench(run).await,
        Name::Search => search::bench(run).await,
        Name::Start => window::start(run).await,
        Name::Memory => window::memory(run).await,
        Name::RecordStart => record_start::bench(run).await,
        Name::Waveform => waveform::bench(),
        Name::VoiceCpu => voice_cpu::bench(run).await,
        Name::VoicePath => voice_path::bench(run).await,
    }
}

async fn play(role: Role, dir: &Path) -> Result<()> {
    match role {
        Role::Floor => floor::serve(dir).await,
        Role::Server => homeserver::serve(dir).await,
        Role::Inbox => inbox::probe(dir).await,
        Role::Search => search::probe(dir).await,
        Role::RecordStart => record_start::probe(dir),
        Role::VoiceCpu => voice_cpu::probe(dir),
        Role::VoicePath => voice_path::probe(dir).await,
    }
}

//! Where the program's log goes, and in what form.

use std::{
    io::{self, IsTerminal},
    path::Path,
    sync::Mutex,
};

use clap::ValueEnum;
use hark_server::LogFile;
use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

/// The form of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A line of text for each thing that happened.
    #[default]
    Text,
    /// A line of JSON for each thing that happened, for programs that collect logs.
    Json,
}

/// What standard error is told, and what of it is told as a log.
pub(crate) fn to_stderr(format: Format) {
    begin(format, "warn", io::stderr, io::stderr().is_terminal());
    if format == Format::Json {
        log_panics();
    }
}

/// What standard error would have been told, panics included, goes into the data folder.
pub(crate) fn to_file(data: &Path, format: Format) -> io::Result<()> {
    let log = LogFile::open(data)?;
    begin(format, "warn,hark_server=info", Mutex::new(log), false);
    log_panics();
    Ok(())
}

/// `RUST_LOG` chooses what is logged; without it `usual` does.
fn begin(
    format: Format,
    usual: &str,
    writer: impl for<'w> MakeWriter<'w> + Send + Sync + 'static,
    colours: bool,
) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(usual));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer).with_ansi(colours);
    match format {
        Format::Text => log.init(),
        Format::Json => log.json().flatten_event(true).init(),
    }
}

fn log_panics() {
    std::panic::set_hook(Box::new(|panic| tracing::error!("{panic}")));
}

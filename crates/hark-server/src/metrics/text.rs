//! The page in Prometheus' text format.

use std::{
    fmt::{self, Write},
    fs,
    path::Path,
    sync::atomic::Ordering::Relaxed,
};

use super::Metrics;
use crate::{
    App,
    http::ApiError,
    platform,
    store::{self, Timing},
};

/// What is measured when somebody asks.
struct Sizes {
    database: u64,
    wal: u64,
    media: u64,
    free: Option<u64>,
    memory: Option<u64>,
}

pub(super) async fn page(app: &App) -> Result<String, ApiError> {
    let media = super::media_bytes(app).await?;
    let folder = app.config.data_dir.clone();
    let measured = tokio::task::spawn_blocking(move || measure(&folder, media));
    let sizes = measured.await.map_err(|_| ApiError::internal())?;
    let mut page = Page::default();
    // Writing to a string never fails.
    let _infallible = page.write(&app.metrics, app.store.timing(), &sizes);
    Ok(page.out)
}

fn measure(folder: &Path, media: u64) -> Sizes {
    let size = |name: &str| fs::metadata(folder.join(name)).map_or(0, |file| file.len());
    Sizes {
        database: size("hark.db"),
        wal: size("hark.db-wal"),
        media,
        free: fs4::available_space(folder).ok(),
        memory: platform::resident_memory(),
    }
}

#[derive(Default)]
struct Page {
    out: String,
}

impl Page {
    fn write(&mut self, metrics: &Metrics, timing: &Timing, sizes: &Sizes) -> fmt::Result {
        self.clients(metrics)?;
        self.requests(metrics)?;
        let out = &mut self.out;
        metrics.send.write(
            out,
            "hark_send_seconds",
            "From a message's arrival until it is on disk and acknowledged.",
        )?;
        timing.commits.write(
            out,
            "hark_commit_seconds",
            "How long the database took to write changes to the disk.",
        )?;
        metrics.delivery.write(
            out,
            "hark_delivery_seconds",
            "From a change, such as a message, until a client that waits is answered with it.",
        )?;
        metrics.upload.write(out, "hark_upload_seconds", "How long uploads took that were stored.")?;
        self.sizes(sizes)
    }

    fn clients(&mut self, metrics: &Metrics) -> fmt::Result {
        let connections = &metrics.connections;
        let served = &connections.served;
        self.counter("hark_connections_total", "Connections that were accepted.", served.came())?;
        self.counter("hark_connections_closed_total", "Connections that ended.", served.went())?;
        self.gauge("hark_connections_open", "Connections that are open.", served.present())?;
        let refused = connections.refused.load(Relaxed);
        self.counter("hark_connections_refused_total", "Connections that were one too many.", refused)?;
        let failed = connections.failed.load(Relaxed);
        self.counter("hark_connections_failed_total", "Connections that could not be accepted.", failed)?;
        self.counter("hark_long_polls_total", "Requests that waited for news.", metrics.polls.came())?;
        self.gauge("hark_long_polls_open", "Requests that wait for news.", metrics.polls.present())
    }

    /// How each endpoint that was called answered.
    fn requests(&mut self, metrics: &Metrics) -> fmt::Result {
        let name = "hark_requests_total";
        self.head(name, "counter", "Requests by endpoint and status; none: the client went away first.")?;
        for endpoint in metrics.endpoints() {
            endpoint.write(&mut self.out, name)?;
        }
        let failed = metrics.endpoints().map(super::Endpoint::failed_sends).sum();
        self.counter("hark_send_failures_total", "Messages the server failed to acknowledge.", failed)
    }

    fn sizes(&mut self, sizes: &Sizes) -> fmt::Result {
        let slow = store::slow_statements();
        self.counter("hark_slow_queries_total", "Statements of the database that took over 0.1 s.", slow)?;
        self.gauge("hark_database_bytes", "Size of the database.", sizes.database)?;
        self.gauge("hark_database_wal_bytes", "Size of what is not copied into it yet.", sizes.wal)?;
        self.gauge("hark_media_bytes", "Size of all uploads.", sizes.media)?;
        if let Some(free) = sizes.free {
            self.gauge("hark_free_bytes", "Space left on the disk of the data folder.", free)?;
        }
        match sizes.memory {
            Some(memory) => self.gauge("process_resident_memory_bytes", "Memory of the process.", memory),
            None => Ok(()),
        }
    }

    fn counter(&mut self, name: &str, help: &str, value: u64) -> fmt::Result {
        self.head(name, "counter", help)?;
        writeln!(self.out, "{name} {value}")
    }

    fn gauge(&mut self, name: &str, help: &str, value: u64) -> fmt::Result {
        self.head(name, "gauge", help)?;
        writeln!(self.out, "{name} {value}")
    }

    fn head(&mut self, name: &str, kind: &str, help: &str) -> fmt::Result {
        writeln!(self.out, "# HELP {name} {help}\n# TYPE {name} {kind}")
    }
}

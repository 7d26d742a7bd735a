//! What every command that administers a server is given, and how it answers.

use std::path::PathBuf;

use clap::Args;
use hark_server::Operator;
use serde::Serialize;

use super::say;

/// Which server, and in what form to answer.
#[derive(Args)]
pub(crate) struct Place {
    /// The server's folder.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Answer with JSON.
    #[arg(long)]
    json: bool,
}

impl Place {
    pub(crate) fn operator(&self) -> Operator {
        Operator::of(&self.data)
    }

    /// Says what was done: as it is for a program, in words for people.
    pub(crate) fn tell(&self, done: &impl Serialize, words: impl FnOnce() -> String) -> anyhow::Result<()> {
        if self.json { say(&serde_json::to_string(done)?) } else { say(&words()) }
    }

    /// Says a list: one JSON list for a program, a line each for people.
    pub(crate) fn list<T: Serialize>(
        &self,
        entries: &[T],
        columns: impl Fn(&T) -> Vec<String>,
    ) -> anyhow::Result<()> {
        if self.json {
            return say(&serde_json::to_string(entries)?);
        }
        let rows: Vec<Vec<String>> = entries.iter().map(columns).collect();
        let width = |column: usize| {
            let cells = rows.iter().filter_map(move |row| row.get(column));
            cells.map(|cell| cell.chars().count()).max()
        };
        let widths: Vec<usize> = (0..).map_while(width).collect();
        for row in &rows {
            let cells = row.iter().zip(&widths).map(|(cell, &width)| format!("{cell:width$}"));
            say(cells.collect::<Vec<_>>().join("  ").trim_end())?;
        }
        Ok(())
    }
}

/// A point in time as people read it, in UTC.
pub(crate) fn date(ms: i64) -> String {
    let form = time::macros::format_description!("[year]-[month]-[day] [hour]:[minute]");
    let at = time::OffsetDateTime::from_unix_timestamp(ms.div_euclid(1000)).ok();
    at.and_then(|at| at.format(form).ok()).unwrap_or_else(|| "?".to_owned())
}

/// What somebody called something, without what would move the cursor of a terminal.
pub(crate) fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

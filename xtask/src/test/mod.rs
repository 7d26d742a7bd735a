//! `cargo xtask test`: everything that can fail, as much of it at once as the machine bears.
//!
//! Three lanes set up and build at the same time: Rust, the window, and Python. The tests start as soon as Rust is
//! compiled, the unit tests first; lints are compiled while they run. What needs the window or Python waits for its lane
//! at a [`Gate`]. Each lane reports [`Outcome`]s to one [`Board`], which prints them as they come and counts.

mod board;
mod count;
mod gate;
mod rust;
mod window;

use std::process::ExitCode;
use std::thread;

use anyhow::Result;

use self::board::Board;
use self::gate::Gate;
use crate::setup::{self, system};
use crate::{licences, shell};

/// What lanes wait for.
#[derive(Default)]
struct Gates {
    /// The window is built.
    window: Gate,
    /// Other people's client and server are installed.
    python: Gate,
    /// What drives the desktop window is installed.
    driver: Gate,
}

/// Runs everything; the last line says how much passed and failed.
pub(crate) fn test(quick: bool) -> Result<ExitCode> {
    let wanted: &[&[&str]] = if quick {
        &[system::BUILD, system::SHELL]
    } else {
        &[system::BUILD, system::SHELL, system::TEST, system::DESK]
    };
    system::packages(wanted)?;
    // The window is embedded in the program, which therefore wants the folder to exist.
    std::fs::create_dir_all(crate::repo::ui().join("dist"))?;
    let board = Board::start();
    let gates = Gates::default();
    thread::scope(|lanes| {
        lanes.spawn(|| {
            checks(&board);
            window::lane(&board, &gates, quick);
        });
        if !quick {
            lanes.spawn(|| {
                python(&board, &gates);
                driver(&board, &gates);
            });
        }
        lanes.spawn(|| rust::lane(&board, &gates, quick));
    });
    Ok(board.finish())
}

/// Checks that compile nothing.
fn checks(board: &Board) {
    board.check("rustfmt", || shell::cargo(["fmt", "--all", "--check"]).listen());
    board.check("licences", || {
        let checked = licences::check()?;
        let offenders = Vec::from_iter(checked.offenders);
        Ok(shell::Said { ok: offenders.is_empty(), text: offenders.join("\n") })
    });
}

fn python(board: &Board, gates: &Gates) {
    let made = board.set_up("Python environment", setup::python::environment);
    gates.python.open(made);
}

fn driver(board: &Board, gates: &Gates) {
    let made = board.set_up("the window's driver", setup::driver::install);
    gates.driver.open(made);
}

//! A password that somebody types or another program hands over. It is never an argument, where every process could read it.

use std::io::{self, BufRead, IsTerminal};

use hark_server::WithoutEcho;

/// One line of standard input; from a terminal twice and unseen.
pub(crate) fn read() -> anyhow::Result<String> {
    if !io::stdin().is_terminal() {
        return line();
    }
    let _unseen = WithoutEcho::begin();
    eprint!("Password: ");
    let password = line();
    eprint!("\nOnce more: ");
    let again = line();
    eprintln!();
    let password = password?;
    anyhow::ensure!(password == again?, "The two are not the same. Try again.");
    Ok(password)
}

fn line() -> anyhow::Result<String> {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    let password = line.trim_end_matches(['\r', '\n']);
    anyhow::ensure!(!password.is_empty(), "No password was given. Write it to the standard input.");
    Ok(password.to_owned())
}

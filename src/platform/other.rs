//! Windows, as far as it differs.

use std::io;
use std::process::Command;

/// What this machine calls itself.
pub fn host_name() -> String {
    std::env::var("COMPUTERNAME").unwrap_or_else(|_| "localhost".to_owned())
}

/// Nothing limits how many files a process opens here.
pub const fn allow_files(_files: u64) {}

/// Whether a process of this number may live: only this one is known to.
pub fn is_alive(pid: u32) -> bool {
    pid == std::process::id()
}

/// There is no job control to stop a process.
pub const fn stop_self() -> io::Result<()> {
    Ok(())
}

/// Runs another program and ends with it; returns only the reason why it could not.
pub fn replace_with(command: &mut Command) -> io::Error {
    match command.status() {
        Ok(status) => std::process::exit(status.code().unwrap_or(1)),
        Err(error) => error,
    }
}

/// What asks a server to end: Ctrl-C.
#[derive(Debug)]
pub struct ShutdownSignals;

impl ShutdownSignals {
    /// Listens from now on.
    pub const fn new() -> io::Result<Self> {
        Ok(Self)
    }

    /// Waits for it.
    pub async fn received(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

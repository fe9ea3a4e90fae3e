//! Windows.

use std::fs::Metadata;
use std::io;
use std::process::Command;

use super::ServerSignal;

/// This machine's host name.
pub fn host_name() -> String {
    std::env::var("COMPUTERNAME").unwrap_or_else(|_| "localhost".to_owned())
}

/// Does nothing: this system does not limit open files.
pub const fn allow_files(_files: u64) {}

/// Does nothing: this system has no limit of file size.
pub const fn outlive_file_limit() {}

/// What a file is that is neither a regular file nor a folder.
pub const fn special_file(_file: &Metadata) -> &'static str {
    "a device"
}

/// Always `None`: an open file can't be removed or renamed on this system.
pub const fn file_identity(_file: &Metadata) -> Option<(u64, u64)> {
    None
}

/// Whether a process with this id is alive. Only this process is known to be.
pub fn is_alive(pid: u32) -> bool {
    pid == std::process::id()
}

/// Does nothing: this system has no job control.
///
/// # Errors
/// None.
pub const fn stop_self() -> io::Result<()> {
    Ok(())
}

/// A listening socket for a program that replaces this one: this system hands none on.
#[derive(Debug)]
pub struct KeptListener;

impl KeptListener {
    /// Keeps nothing.
    ///
    /// # Errors
    /// None.
    pub const fn of<T>(_listener: &T) -> io::Result<Self> {
        Ok(Self)
    }

    /// Does nothing.
    pub const fn hand_to(self, _command: &mut Command) {}

    /// Always `None`.
    pub const fn inherited() -> Option<std::net::TcpListener> {
        None
    }
}

/// Runs another program and exits with its status. Returns only if that fails.
pub fn replace_with(command: &mut Command) -> io::Error {
    match command.status() {
        Ok(status) => std::process::exit(status.code().unwrap_or(1)),
        Err(error) => error,
    }
}

/// The signal that ends a server: Ctrl-C.
#[derive(Debug)]
pub struct ShutdownSignals;

impl ShutdownSignals {
    /// Prepares to receive it.
    ///
    /// # Errors
    /// None.
    pub const fn new() -> io::Result<Self> {
        Ok(Self)
    }

    /// Waits for it.
    pub async fn received(&mut self) -> ServerSignal {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        ServerSignal::End
    }
}

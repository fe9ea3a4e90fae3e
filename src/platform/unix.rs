//! Linux, macOS and the BSDs.

use std::fs::Metadata;
use std::io;
use std::net::TcpListener;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::ServerSignal;
use rustix::io::Errno;
use rustix::process::{Pid, Resource, Signal, getpid, getrlimit, kill_process, setrlimit, test_kill_process};
use tokio::signal::unix::{Signal as Signals, SignalKind, signal};

/// This machine's host name.
pub fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// Raises this process's limit of open files to `files`, or to the system's maximum. A refusal shows when they are opened.
pub fn allow_files(files: u64) {
    let mut limit = getrlimit(Resource::Nofile);
    let allowed = limit.maximum.map_or(files, |most| most.min(files));
    if limit.current.is_some_and(|current| current < allowed) {
        limit.current = Some(allowed);
        let _ = setrlimit(Resource::Nofile, limit);
    }
}

/// Lets a write beyond the limit of file size fail, so that the error names the file and the reason: the signal that comes with it would
/// end the process without a word.
pub fn outlive_file_limit() {
    // The flag is not read: registering it removes the default action. If that fails, the default action stays.
    let _ = signal_hook::flag::register(Signal::XFSZ.as_raw(), Arc::new(AtomicBool::new(false)));
}

/// What a file is that is neither a regular file nor a folder.
pub fn special_file(file: &Metadata) -> &'static str {
    let kind = file.file_type();
    if kind.is_fifo() {
        "a named pipe"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}

/// The device and inode of a file, which identify it under any name.
pub fn file_identity(file: &Metadata) -> Option<(u64, u64)> {
    Some((file.dev(), file.ino()))
}

/// Whether a process with this id is alive, also one that this process may not signal.
pub fn is_alive(pid: u32) -> bool {
    let known = i32::try_from(pid).ok().and_then(Pid::from_raw);
    known.is_some_and(|pid| !matches!(test_kill_process(pid), Err(Errno::SRCH)))
}

/// Stops this process until it is continued, as Ctrl-Z does.
///
/// # Errors
/// The system's error.
pub fn stop_self() -> io::Result<()> {
    Ok(kill_process(getpid(), Signal::STOP)?)
}

/// A listening socket that a program that replaces this one goes on with, so that connections wait meanwhile and none is
/// refused.
#[derive(Debug)]
pub struct KeptListener(OwnedFd);

impl KeptListener {
    /// Keeps a socket open, whatever closes `listener`.
    ///
    /// # Errors
    /// No descriptor is left.
    pub fn of(listener: &impl AsFd) -> io::Result<Self> {
        listener.as_fd().try_clone_to_owned().map(Self)
    }

    /// Starts a program with the socket.
    pub fn hand_to(self, command: &mut Command) {
        command.stdin(self.0);
    }

    /// The socket that this process was started with as its standard input: by the process that it replaced, or by a service
    /// manager. `None` if the standard input is not a listening socket.
    pub fn inherited() -> Option<TcpListener> {
        let input = io::stdin();
        // Not every system says of a socket that it listens: one that listens has a type and no other end.
        let is_stream = rustix::net::sockopt::socket_type(input.as_fd()) == Ok(rustix::net::SocketType::STREAM);
        let listens = is_stream && rustix::net::getpeername(input.as_fd()).is_err();
        let socket = listens.then(|| input.as_fd().try_clone_to_owned().ok()).flatten()?;
        let listener = TcpListener::from(socket);
        // A socket of another family has no such address.
        listener.local_addr().is_ok().then_some(listener)
    }
}

/// Replaces this process by another program. Returns only if that fails.
pub fn replace_with(command: &mut Command) -> io::Error {
    command.exec()
}

/// The signals that end a server.
#[derive(Debug)]
pub struct ShutdownSignals([Signals; 3]);

impl ShutdownSignals {
    /// Receives them from now on.
    ///
    /// # Errors
    /// The system refuses a handler.
    pub fn new() -> io::Result<Self> {
        let [term, interrupt, hangup] = [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup()];
        Ok(Self([signal(term)?, signal(interrupt)?, signal(hangup)?]))
    }

    /// Waits for the first of them: SIGHUP asks a server to read its configuration again, the others to end.
    pub async fn received(&mut self) -> ServerSignal {
        let [term, interrupt, hangup] = &mut self.0;
        tokio::select! {
            _ = term.recv() => ServerSignal::End,
            _ = interrupt.recv() => ServerSignal::End,
            _ = hangup.recv() => ServerSignal::Reload,
        }
    }
}

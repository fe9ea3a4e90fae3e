//! The asynchronous runtime of a session.

use std::io;

use tokio::runtime::{Builder, Runtime};

/// A runtime with this many workers. A session waits for sockets and time, so one suffices; a simulated fleet answers on it
/// too, and has two.
///
/// # Errors
/// The system refuses a thread.
pub fn runtime(workers: usize) -> io::Result<Runtime> {
    Builder::new_multi_thread().worker_threads(workers).enable_all().build()
}

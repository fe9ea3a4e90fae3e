//! The threads that wake the loop with keys and signals, where there are descriptors to poll. The loop never joins them.

use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, SyncSender};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGTERM, SIGTSTP, SIGWINCH};
use signal_hook::iterator::Signals;

use super::loop_events::{LoopEvent, spawn};
use super::terminal::{Decoder, Tty};

/// How long the loop may take to end after a signal, before the process is ended under it.
const GRACE: Duration = Duration::from_millis(400);

/// How long after an escape the rest of a key's bytes may come. They are sent at once and nearly always come so; what is longer
/// delays the key Escape itself.
const ESCAPE: Timespec = Timespec { tv_sec: 0, tv_nsec: 12_000_000 };

/// Keys, from a thread that waits for them.
pub(super) fn keys(tty: Arc<Tty>, loop_: SyncSender<LoopEvent>) -> io::Result<()> {
    spawn("keys", move || {
        if read_keys(&tty, &loop_).is_err() {
            loop_.send(LoopEvent::Closed).ok();
        }
    })
}

/// Reads until the terminal is gone, which is an error, or the loop is.
fn read_keys(tty: &Tty, loop_: &SyncSender<LoopEvent>) -> io::Result<()> {
    let mut decoder = Decoder::default();
    let mut bytes = [0; 1024];
    loop {
        let patience = decoder.waits().then_some(ESCAPE);
        let inputs = if has_input(tty, patience)? {
            match rustix::io::read(tty.input(), &mut bytes) {
                Ok(0) => return Err(io::ErrorKind::BrokenPipe.into()),
                Ok(length) => decoder.feed(&bytes[..length]),
                Err(Errno::INTR | Errno::AGAIN) => continue,
                Err(error) => return Err(error.into()),
            }
        } else {
            decoder.flush()
        };
        for input in inputs {
            if loop_.send(LoopEvent::Input(input)).is_err() {
                return Ok(());
            }
        }
    }
}

/// Waits for input, for ever or so long; false when the time is over.
fn has_input(tty: &Tty, patience: Option<Timespec>) -> io::Result<bool> {
    let mut fds = [PollFd::from_borrowed_fd(tty.input().as_fd(), PollFlags::IN)];
    match poll(&mut fds, patience.as_ref()) {
        Err(Errno::INTR) => return has_input(tty, patience),
        other => other?,
    };
    let events = fds[0].revents();
    if events.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) {
        return Err(io::ErrorKind::BrokenPipe.into());
    }
    Ok(events.contains(PollFlags::IN))
}

/// While it lives, the loop is at work; when it is dropped, a signal has nothing left to end.
pub(super) struct SignalThread(#[allow(dead_code, reason = "it is its drop that speaks")] Sender<()>);

/// Signals, from a thread that waits for them. A loop that does not end in time is ended: its write may be stuck.
pub(super) fn signals(tty: Arc<Tty>, loop_: SyncSender<LoopEvent>) -> io::Result<SignalThread> {
    let mut signals = Signals::new([SIGTERM, SIGHUP, SIGINT, SIGTSTP, SIGCONT, SIGWINCH])?;
    let (at_work, ended) = mpsc::channel();
    spawn("signals", move || {
        for signal in signals.forever() {
            let wake = match signal {
                SIGWINCH => LoopEvent::Resized,
                SIGTSTP => LoopEvent::Suspend,
                SIGCONT => LoopEvent::Resumed,
                _ => LoopEvent::Stop(signal),
            };
            let stop = matches!(wake, LoopEvent::Stop(_));
            loop_.try_send(wake).ok();
            if stop {
                end_or_exit(&tty, &ended, signal);
                return;
            }
        }
    })?;
    Ok(SignalThread(at_work))
}

fn end_or_exit(tty: &Tty, ended: &Receiver<()>, signal: i32) {
    if ended.recv_timeout(GRACE) == Err(RecvTimeoutError::Timeout) {
        tty.abandon();
        signal_hook::low_level::exit(128 + signal);
    }
}

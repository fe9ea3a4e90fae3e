//! The threads that wake the loop with keys and signals, on Windows: its console tells of both by events.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use ratatui::crossterm::event::{self, Event, KeyEventKind, MouseButton, MouseEventKind};

use super::loop_events::{LoopEvent, spawn};
use super::terminal::{Input, Tty};

/// Keys, the mouse and changes of size, from a thread that waits for them.
pub(super) fn keys(_tty: Arc<Tty>, loop_: SyncSender<LoopEvent>) -> io::Result<()> {
    spawn("keys", move || {
        loop {
            let wake = match event::read() {
                Ok(event) => read(&event),
                Err(_) => Some(LoopEvent::Closed),
            };
            let Some(wake) = wake else { continue };
            let is_end = matches!(wake, LoopEvent::Closed);
            if loop_.send(wake).is_err() || is_end {
                return;
            }
        }
    })
}

fn read(event: &Event) -> Option<LoopEvent> {
    let input = match event {
        Event::Resize(..) => return Some(LoopEvent::Resized),
        Event::Key(key) if key.kind != KeyEventKind::Release => Input::Key(*key),
        Event::Mouse(mouse) => match mouse.kind {
            MouseEventKind::Down(MouseButton::Left) => Input::Click(mouse.column, mouse.row),
            MouseEventKind::Moved => Input::Hover(mouse.column, mouse.row),
            MouseEventKind::ScrollDown => Input::Wheel { down: true },
            MouseEventKind::ScrollUp => Input::Wheel { down: false },
            _ => return None,
        },
        _ => return None,
    };
    Some(LoopEvent::Input(input))
}

/// There are no signals to wait for: Ctrl-C comes as a key.
pub(super) struct SignalThread;

/// Nothing to start.
pub(super) fn signals(_tty: Arc<Tty>, _loop: SyncSender<LoopEvent>) -> io::Result<SignalThread> {
    Ok(SignalThread)
}

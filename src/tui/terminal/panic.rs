//! A panic anywhere ends the program, but not before the terminal is given back.

use std::io::Write;
use std::panic::{self, PanicHookInfo};
use std::sync::Arc;

use super::Tty;
use crate::reading::Label;

type Hook = Box<dyn Fn(&PanicHookInfo<'_>) + Send + Sync + 'static>;

/// While it lives, a panic restores the terminal, says what happened in two lines and exits with 1.
pub(in crate::tui) struct PanicGuard(Option<Hook>);

impl PanicGuard {
    /// Sets the hook.
    pub(in crate::tui) fn new(tty: Arc<Tty>) -> Self {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            tty.abandon();
            let payload = info.payload();
            let text = payload.downcast_ref::<&str>().copied();
            let what = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message");
            let place = info.location().map_or_else(String::new, |at| format!(" at {}:{}", at.file(), at.line()));
            let mut stderr = std::io::stderr();
            writeln!(stderr, "margintop: a bug ended it{place}: {}", Label::new(what)).ok();
            writeln!(stderr, "This is a mistake of the program, not yours: please report the line above.").ok();
            // Other threads may be in the middle of anything: no destructors.
            signal_hook::low_level::exit(1);
        }));
        Self(Some(before))
    }
}

impl Drop for PanicGuard {
    fn drop(&mut self) {
        if let Some(before) = self.0.take() {
            panic::set_hook(before);
        }
    }
}

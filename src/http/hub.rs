//! The hub's pages: the health checks of a `serve` process.

use crate::wire::{Request, Response};

/// The hub's pages. They need no state.
#[derive(Debug, Clone, Copy)]
pub struct Hub(());

/// The hub's pages.
pub const fn hub() -> Hub {
    Hub(())
}

impl Hub {
    /// Answers a request: `/livez` says that the process runs.
    pub fn answer(self, request: &Request) -> Response {
        match request.path.as_str() {
            "/livez" => Response::text("ok\n"),
            _ => Response::status(404, "there is /livez\n"),
        }
    }
}

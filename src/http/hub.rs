//! The hub: a watch without a screen, to clients that check its health.

use crate::wire::{Request, Response};

/// Where the hub's pages come from.
#[derive(Debug, Clone, Copy)]
pub struct Hub(());

/// A hub.
pub const fn hub() -> Hub {
    Hub(())
}

impl Hub {
    /// The whole site: `/livez` says that the process runs.
    pub fn answer(self, request: &Request) -> Response {
        match request.path.as_str() {
            "/livez" => Response::text("ok\n"),
            _ => Response::status(404, "there is /livez\n"),
        }
    }
}

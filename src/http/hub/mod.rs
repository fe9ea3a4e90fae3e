//! The hub: the present, the recent past and the money of a `serve` process, for dashboards, Prometheus, scripts and browsers.
//!
//! A text is made once for all who ask. A request changes nothing but for a marker.

mod attach;
mod events;
mod history;
mod markers;
mod metrics;
mod present;
mod today;

use std::sync::Arc;

use tokio::sync::watch;

use crate::history::History;
use crate::snapshot::Snapshot;
use crate::store::Store;
use crate::wire::{Answer, Method, Request, Response};
use present::HubPresent;

pub use attach::AboutHub;
use attach::Viewers;
pub use markers::{MarkerRequest, MarkerSink};
pub use today::{TodayMoney, follow_today};

/// What the API answers, for programs that make clients of it.
const OPENAPI: &str = include_str!("openapi.json");
/// The overview for a browser.
const PAGE: &str = include_str!("page.html");

/// The hub's pages. A clone serves the same.
#[derive(Clone)]
pub struct Hub {
    present: watch::Receiver<Arc<HubPresent>>,
    history: History,
    markers: Option<MarkerSink>,
    viewers: Viewers,
}

impl std::fmt::Debug for Hub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hub").finish_non_exhaustive()
    }
}

/// What the hub's pages are made of.
#[derive(Debug)]
pub struct HubParts {
    /// The session's snapshots.
    pub snapshots: watch::Receiver<Arc<Snapshot>>,
    /// Today's money.
    pub today: watch::Receiver<Option<Arc<TodayMoney>>>,
    /// The recent past.
    pub history: History,
    /// The ledger.
    pub store: Store,
    /// Takes markers; without it none can be posted.
    pub markers: Option<MarkerSink>,
    /// The hub as its viewers know it.
    pub about: AboutHub,
}

/// The hub's pages, on the current runtime.
pub fn hub(parts: HubParts) -> Hub {
    let HubParts { snapshots, today, history, store, markers, about } = parts;
    let present = present::follow(snapshots, today);
    let viewers = Viewers::new(present.clone(), store, about);
    Hub { present, history, markers, viewers }
}

impl Hub {
    /// Answers a request. It does not wait.
    pub fn answer(&self, request: &Request) -> Answer {
        const POSTED: &str = "/api/v1/markers";
        match (request.method, request.path.as_str()) {
            (Method::Post, POSTED) => markers::answer(self.markers.as_ref(), request).into(),
            (Method::Post, _) => Response::status(405, "only markers are posted: POST /api/v1/markers\n").into(),
            (Method::Get, POSTED) => Response::status(405, "markers are posted: POST /api/v1/markers\n").into(),
            (Method::Get, "/api/v1/events") => events::answer(self.present.clone(), request),
            (Method::Get, "/api/v1/attach") => self.viewers.stream(),
            (Method::Get, "/api/v1/past") => self.viewers.past(request),
            (Method::Get, "/api/v1/log") => self.viewers.log(),
            (Method::Get, path) => self.page(path, request).into(),
        }
    }

    fn page(&self, path: &str, request: &Request) -> Response {
        match path {
            "/" => Response::ok(Response::HTML, PAGE),
            "/metrics" => Response::exposition(self.present().metrics()),
            "/api/v1/snapshot" => Response::json(self.present().json()),
            "/api/v1/history" => history::answer(&self.history, request, self.present().snapshot.at),
            "/api/v1/about" => self.viewers.about(),
            "/api/v1/openapi.json" => Response::json(OPENAPI),
            "/livez" => Response::text("ok\n"),
            "/readyz" if self.is_ready() => Response::text("ok\n"),
            "/readyz" => Response::status(503, "no source has answered yet\n"),
            _ => Response::status(
                404,
                "there are /, /metrics, /api/v1/snapshot, /api/v1/events, /api/v1/history, /api/v1/attach, /api/v1/past, \
                 /api/v1/log, /api/v1/about, /api/v1/openapi.json, /livez and /readyz\n",
            ),
        }
    }

    /// Whether any source has answered.
    fn is_ready(&self) -> bool {
        let coverage = self.present.borrow().snapshot.coverage;
        coverage.engines_live > 0 || coverage.nodes_live > 0
    }

    fn present(&self) -> Arc<HubPresent> {
        Arc::clone(&self.present.borrow())
    }
}

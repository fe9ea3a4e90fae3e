//! The agent: serves one node's last reading.

use std::fmt::Write;
use std::sync::{Arc, OnceLock};

use tokio::sync::watch;

use super::gpus::{Escaped, gpu_page, head};
use crate::reading::{Event, GpuReading, Label, NodeName, SourceError};
use crate::units::Timestamp;
use crate::wire::{Bytes, Request, Response};

/// One reading and its page, which is rendered when it is first asked for.
#[derive(Debug)]
struct AgentReading {
    node: NodeName,
    at: Timestamp,
    outcome: Result<Vec<GpuReading>, SourceError>,
    driver: Option<Label>,
    page: OnceLock<Bytes>,
}

/// The sender of readings.
#[derive(Debug)]
pub struct Feed {
    readings: watch::Sender<Option<Arc<AgentReading>>>,
}

/// The pages. A clone serves the same readings.
#[derive(Debug, Clone)]
pub struct Agent {
    readings: watch::Receiver<Option<Arc<AgentReading>>>,
}

/// An agent that has no reading yet.
pub fn agent() -> (Feed, Agent) {
    let (sender, receiver) = watch::channel(None);
    (Feed { readings: sender }, Agent { readings: receiver })
}

impl Feed {
    /// Replaces the last reading; events other than readings of the driver are ignored. `driver` is its version.
    pub fn publish(&self, event: Event, driver: Option<Label>) {
        if let Event::Gpus { source: _, node, at, outcome } = event {
            let reading = AgentReading { node, at: at.wall, outcome, driver, page: OnceLock::new() };
            self.readings.send_replace(Some(Arc::new(reading)));
        }
    }
}

impl Agent {
    /// Answers a request: `/metrics`, `/livez` (the process runs), `/readyz` (there is a reading).
    pub fn answer(&self, request: &Request) -> Response {
        match request.path.as_str() {
            "/metrics" => match self.reading() {
                Some(reading) => Response::exposition(reading.page()),
                None => Response::status(503, "the driver has not answered yet\n"),
            },
            "/livez" => Response::text("ok\n"),
            "/readyz" if self.reading().is_some() => Response::text("ok\n"),
            "/readyz" => Response::status(503, "the driver has not answered yet\n"),
            "/" => Response::text("margintop agent: this node's GPUs are at /metrics\n"),
            _ => Response::not_found(),
        }
    }

    fn reading(&self) -> Option<Arc<AgentReading>> {
        self.readings.borrow().clone()
    }
}

impl AgentReading {
    fn page(&self) -> Bytes {
        self.page.get_or_init(|| self.render().into()).clone()
    }

    fn render(&self) -> String {
        let (mut page, error) = match &self.outcome {
            Ok(gpus) => (gpu_page(&self.node, gpus, self.driver.as_ref()), None),
            Err(error) => (String::new(), Some(error)),
        };
        head(&mut page, "margintop_poll_timestamp_seconds", "gauge", "When the driver last answered.");
        let _ = writeln!(page, "margintop_poll_timestamp_seconds {:.3}", self.at.millis() as f64 / 1000.0);
        if let Some(SourceError { kind: _, source, cause, remedy }) = error {
            head(&mut page, "margintop_source_error", "gauge", "What does not work on this node, and what to do.");
            let [source, cause, remedy] = [source, cause, remedy].map(|text| Escaped(text.as_str()));
            let labels = format_args!("source=\"{source}\",cause=\"{cause}\",remedy=\"{remedy}\"");
            let _ = writeln!(page, "margintop_source_error{{{labels}}} 1");
        }
        page
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::reading::SourceErrorKind;
    use crate::units::{Moment, Ratio, Span};

    fn reading(outcome: Result<Vec<GpuReading>, SourceError>) -> Event {
        let at = Moment { wall: Timestamp::from_millis(1_763_900_000_500), boot: Span::ZERO };
        Event::nvml(NodeName::new("gpu-01"), at, outcome)
    }

    fn body(agent: &Agent, path: &str) -> (u16, String) {
        let response = agent.answer(&Request::get(path));
        (response.status, String::from_utf8(response.body.to_vec()).unwrap())
    }

    #[test]
    fn before_the_first_poll_it_lives_and_has_nothing_to_show() {
        let (_feed, agent) = agent();
        assert_eq!(body(&agent, "/livez").0, 200);
        assert_eq!(body(&agent, "/readyz").0, 503);
        assert_eq!(body(&agent, "/metrics").0, 503);
        assert_eq!(body(&agent, "/passwd").0, 404);
    }

    #[test]
    fn a_poll_is_rendered_once_however_many_ask() {
        let (feed, agent) = agent();
        let gpu = GpuReading { utilization: Ratio::new(0.5), ..GpuReading::default() };
        feed.publish(reading(Ok(vec![gpu])), Some(Label::new("580.65.06")));
        let first = agent.answer(&Request::get("/metrics"));
        let second = agent.clone().answer(&Request::get("/metrics"));
        assert_eq!(first.body.as_ptr(), second.body.as_ptr());
        let (status, page) = body(&agent, "/metrics");
        assert_eq!(status, 200);
        assert!(page.contains("hostname=\"gpu-01\",DCGM_FI_DRIVER_VERSION=\"580.65.06\"} 50\n"), "{page}");
        assert!(page.ends_with("margintop_poll_timestamp_seconds 1763900000.500\n"), "{page}");
        assert_eq!(body(&agent, "/readyz").0, 200);
    }

    #[test]
    fn a_driver_that_does_not_work_is_said_on_the_page() {
        let (feed, agent) = agent();
        let error = SourceError {
            kind: SourceErrorKind::Driver,
            source: "NVML".into(),
            cause: "not \"found\"".into(),
            remedy: "install it".into(),
        };
        feed.publish(reading(Err(error)), None);
        let page = body(&agent, "/metrics").1;
        let line = r#"margintop_source_error{source="NVML",cause="not \"found\"",remedy="install it"} 1"#;
        assert!(page.lines().any(|l| l == line), "{page}");
        assert!(!page.contains("DCGM"));
    }
}

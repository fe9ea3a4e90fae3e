//! The agent: serves one node's last readings, of its GPUs and its engines.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use tokio::sync::watch;

use super::engine_status::EngineStatus;
use super::engines::write_engines;
use super::gpus::gpu_page;
use crate::exposition::{Emitter, FamilyKind};
use crate::platform::{ProcessUsage, own_usage};
use crate::reading::{Event, GpuReading, Label, NodeName, SourceError, TargetId};
use crate::units::Timestamp;
use crate::wire::{Bytes, Request, Response};

/// When the driver last answered.
const POLLED_AT: &str = "margintop_poll_timestamp_seconds";
/// What does not work on this node.
const SOURCE_ERROR: &str = "margintop_source_error";

/// The last poll of the driver.
#[derive(Debug)]
struct LastDriverPoll {
    node: NodeName,
    at: Timestamp,
    outcome: Result<Vec<GpuReading>, SourceError>,
    driver: Option<Label>,
}

/// What is known of the node, and its page, which is rendered when it is first asked for.
#[derive(Debug, Default)]
struct NodeReadings {
    driver: Option<Arc<LastDriverPoll>>,
    engines: BTreeMap<TargetId, Arc<EngineStatus>>,
    page: OnceLock<Bytes>,
}

/// The sender of readings.
#[derive(Debug)]
pub struct Feed {
    readings: watch::Sender<Arc<NodeReadings>>,
}

/// The pages. A clone serves the same readings.
#[derive(Debug, Clone)]
pub struct Agent {
    readings: watch::Receiver<Arc<NodeReadings>>,
}

/// An agent that has no reading yet.
pub fn agent() -> (Feed, Agent) {
    let (sender, receiver) = watch::channel(Arc::default());
    (Feed { readings: sender }, Agent { readings: receiver })
}

impl Feed {
    /// Replaces the last reading of the driver or of an engine; ticks are ignored. `driver` is the driver's version.
    pub fn publish(&self, event: Event, driver: Option<Label>) {
        let last = Arc::clone(&self.readings.borrow());
        let mut next = NodeReadings { driver: last.driver.clone(), engines: last.engines.clone(), ..<_>::default() };
        match event {
            Event::Gpus { source: _, node, at, outcome } => {
                next.driver = Some(Arc::new(LastDriverPoll { node, at: at.wall, outcome, driver }));
            }
            Event::Page { ref target, .. } => {
                let (target, before) = (target.clone(), last.engines.get(target).map(AsRef::as_ref));
                let Some(status) = EngineStatus::after(before, event) else { return };
                next.engines.insert(target, Arc::new(status));
            }
            Event::Tick(_) => return,
        }
        self.readings.send_replace(Arc::new(next));
    }
}

impl Agent {
    /// Answers a request: `/metrics`, `/livez` (the process runs), `/readyz` (there is a reading).
    pub fn answer(&self, request: &Request) -> Response {
        const NO_READING: &str = "neither the driver nor an engine has answered yet\n";
        let readings = Arc::clone(&self.readings.borrow());
        match request.path.as_str() {
            "/metrics" | "/readyz" if readings.is_empty() => Response::status(503, NO_READING),
            "/metrics" => Response::exposition(readings.page()),
            "/livez" | "/readyz" => Response::text("ok\n"),
            "/" => Response::text("margintop agent: this node's GPUs and engines are at /metrics\n"),
            _ => Response::not_found(),
        }
    }

    /// The page of the last readings; `None` before the first one. For readers of a pipe.
    pub fn page(&self) -> Option<Bytes> {
        let readings = Arc::clone(&self.readings.borrow());
        (!readings.is_empty()).then(|| readings.page())
    }
}

impl NodeReadings {
    fn is_empty(&self) -> bool {
        self.driver.is_none() && self.engines.is_empty()
    }

    fn page(&self) -> Bytes {
        self.page.get_or_init(|| self.render().into()).clone()
    }

    fn render(&self) -> String {
        let mut page = Emitter::new();
        if let Some(poll) = &self.driver {
            poll.write(&mut page);
        }
        let driver_works = self.driver.as_ref().is_some_and(|poll| poll.outcome.is_ok());
        if !driver_works {
            self.write_exported_gpus(&mut page);
        }
        let engines: Vec<&EngineStatus> = self.engines.values().map(AsRef::as_ref).collect();
        write_engines(&mut page, &engines);
        write_own(&mut page, own_usage());
        page.finish()
    }

    /// Writes the GPUs of an exporter on this node, where the driver itself cannot be read.
    fn write_exported_gpus(&self, page: &mut Emitter) {
        let node = self.driver.as_ref().map(|poll| &poll.node);
        for exporter in self.engines.values().filter_map(|engine| engine.page.as_ref()) {
            let name = exporter.gpus.iter().find_map(|(node, _)| node.as_ref()).or(node);
            let gpus: Vec<GpuReading> = exporter.gpus.iter().map(|(_, gpu)| gpu.clone()).collect();
            if let (Some(name), false) = (name, gpus.is_empty()) {
                page.append(&gpu_page(name, &gpus, None));
                return;
            }
        }
    }
}

impl LastDriverPoll {
    fn write(&self, page: &mut Emitter) {
        if let Ok(gpus) = &self.outcome {
            page.append(&gpu_page(&self.node, gpus, self.driver.as_ref()));
        }
        page.family(POLLED_AT, FamilyKind::Gauge, "When the driver last answered.");
        page.sample(POLLED_AT, &[], format_args!("{:.3}", self.at.millis() as f64 / 1000.0));
        if let Err(SourceError { kind: _, source, cause, remedy }) = &self.outcome {
            page.family(SOURCE_ERROR, FamilyKind::Gauge, "What does not work on this node, and what to do.");
            let labels = [("source", source.as_str()), ("cause", cause.as_str()), ("remedy", remedy.as_str())];
            page.sample(SOURCE_ERROR, &labels, 1);
        }
    }
}

/// Writes the agent's version and what it costs.
fn write_own(page: &mut Emitter, usage: Option<ProcessUsage>) {
    page.family("margintop_build_info", FamilyKind::Gauge, "The version of the agent.");
    page.sample("margintop_build_info", &[("version", env!("CARGO_PKG_VERSION"))], 1);
    let Some(usage) = usage else { return };
    let figures = [
        ("process_cpu_seconds_total", FamilyKind::Counter, "CPU time of the agent.", Some(usage.cpu_seconds)),
        ("process_resident_memory_bytes", FamilyKind::Gauge, "Memory of the agent.", Some(usage.resident_bytes)),
        ("process_start_time_seconds", FamilyKind::Gauge, "When the agent started.", usage.start_seconds),
    ];
    for (name, kind, help, value) in figures {
        if let Some(value) = value {
            page.family(name, kind, help).sample(name, &[], value);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::dialect::{self, Hint};
    use crate::reading::{ScrapeCost, ScrapeError, SourceErrorKind};
    use crate::units::{Moment, Ratio, Span};

    fn at() -> Moment {
        Moment { wall: Timestamp::from_millis(1_763_900_000_500), boot: Span::ZERO }
    }

    fn reading(outcome: Result<Vec<GpuReading>, SourceError>) -> Event {
        Event::nvml(NodeName::new("gpu-01"), at(), outcome)
    }

    fn body(agent: &Agent, path: &str) -> (u16, String) {
        let response = agent.answer(&Request::get(path));
        (response.status, String::from_utf8(response.body.to_vec()).unwrap())
    }

    fn engine(outcome: Result<&str, ScrapeError>) -> Event {
        let outcome = outcome.map(|page| Box::new(dialect::read(page.as_bytes(), &Hint::default()).unwrap()));
        let cost = ScrapeCost { seconds: 0.004, bytes: 51_234 };
        Event::Page { target: TargetId::new("http://127.0.0.1:8000"), at: at(), cost, outcome }
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
        assert!(page.contains("\nmargintop_poll_timestamp_seconds 1763900000.500\n"), "{page}");
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

    #[test]
    fn an_engine_has_the_same_names_whatever_it_is_and_none_while_it_is_silent() {
        let (feed, agent) = agent();
        feed.publish(engine(Ok("vllm:prompt_tokens_total{engine=\"0\",model_name=\"m\"} 12\n")), None);
        let page = body(&agent, "/metrics").1;
        let line = page.lines().find(|line| line.starts_with("margintop_prompt_tokens_total{")).unwrap();
        let labels = r#"{engine="vllm",engine_address="127.0.0.1:8000",model="m",rank="0",series=""#;
        assert!(line.contains(labels) && line.ends_with("\"} 12"), "{line}");
        assert!(page.contains("margintop_engine_up{engine_address=\"127.0.0.1:8000\"} 1\n"), "{page}");
        feed.publish(engine(Err(ScrapeError::TimedOut)), None);
        let page = body(&agent, "/metrics").1;
        assert!(!page.contains("margintop_prompt_tokens_total"), "{page}");
        assert!(page.contains("margintop_engine_up{engine_address=\"127.0.0.1:8000\"} 0\n"), "{page}");
        assert!(
            page.contains("margintop_engine_scrape_failures_total{engine_address=\"127.0.0.1:8000\"} 1\n"),
            "{page}"
        );
    }
}

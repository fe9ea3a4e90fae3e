//! The fleet of the demo: three models on three kinds of GPU, one of them in prefill and decode units.

use std::sync::Arc;
use std::time::Duration;

use super::dcgm::{Exporter, GpuModel, H100, H800, L40S};
use super::fault::{Fault, Script, chance};
use super::plan::Plan;
use super::sglang::Sglang;
use super::site::{ServedPages, UnopenedSocket};
use super::traffic::{DayPart, EngineWork, Traffic, shape};
use super::vllm::Vllm;
use super::wave::Wave;
use crate::reading::{EngineRole, NodeName, UnitName};
use crate::units::{Span, Timestamp};
use crate::wire::Response;

/// Data-parallel ranks of each engine.
const RANKS: u32 = 4;
/// Prompt tokens per second of a prefill node, the average over the published day in DeepSeek's overview.
const PREFILLED: f64 = 73_700.0;
/// Output tokens per second for these prompts: the day's output was 168/608 of its prompt tokens.
const ANSWERED: f64 = 20_400.0;
/// How long a hanging engine keeps a request open, longer than any timeout.
const HANGING: Duration = Duration::from_secs(60);
/// The most nodes whose exporters say more than usual.
const DETAILED: u32 = 24;
const DAY_MS: i64 = 86_400_000;

/// The kind of a node's engine.
struct Service {
    model: &'static str,
    product: GpuModel,
    sglang: bool,
    work: EngineWork,
    unit: Option<String>,
    role: EngineRole,
}

/// One machine.
struct SimulatedNode {
    index: u32,
    opened: Timestamp,
    script: Script,
    /// When its engine's process first started, in seconds relative to the opening.
    started: f64,
    model: &'static str,
    engine: SimulatedEngine,
    traffic: Traffic,
    exporter: Exporter,
    product: GpuModel,
    gpus: Vec<Wave>,
}

enum SimulatedEngine {
    Vllm(Vllm),
    Sglang(Sglang),
}

/// The engine's socket.
struct EngineSite(Arc<SimulatedNode>);
/// The exporter's socket.
struct ExporterSite(Arc<SimulatedNode>);

/// The two sockets of each node.
pub(super) fn members(plan: &Plan) -> Vec<UnopenedSocket> {
    let opened = plan.clock.now().wall;
    let midnight = Span::from_millis(-opened.millis().rem_euclid(DAY_MS)).as_secs_f64();
    let mut members = Vec::new();
    for index in 0..plan.nodes {
        let service = service(index, plan.nodes);
        let name = NodeName::new(&format!("gpu-{:04}", index + 1));
        let unit = service.unit.as_deref().map(UnitName::new);
        let role = service.role;
        let node = Arc::new(node(plan, index, opened, midnight, &name, &service));
        let member = |port, role, site: Arc<dyn ServedPages>| UnopenedSocket {
            place: index,
            port,
            nodes: vec![name.clone()],
            unit: unit.clone(),
            role,
            site,
        };
        let port = if service.sglang { 30_000 } else { 8000 };
        members.push(member(port, Some(role), Arc::new(EngineSite(Arc::clone(&node)))));
        members.push(member(9400, None, Arc::new(ExporterSite(node))));
    }
    members
}

/// How many seconds before the opening an engine started. No two start within a second, and those without
/// a start time so far apart that their values differ by many pages: otherwise they may be one engine at two addresses.
fn started(seed: u64, index: u32, sglang: bool) -> f64 {
    let hours = 1.0 + chance(&[seed, u64::from(index), 5], 72) as f64;
    let nth = f64::from(index);
    let apart = if sglang { 97.0 * f64::from(index % 36) + 0.37 * nth } else { 1.37 * nth };
    3600.0 * hours + apart
}

/// Half of the nodes serve R1, with at least eight nodes in prefill and decode units; three in ten serve V3; the rest serve
/// a model without a price in the built-in book.
fn service(index: u32, nodes: u32) -> Service {
    let r1 = nodes.div_ceil(2);
    let v3 = nodes * 3 / 10;
    let prefill = if nodes < 8 { 0 } else { (r1 * 2 / 5).max(1) };
    let (unit, role, prompt, output, part) = match index {
        i if i < prefill => {
            (Some(format!("prefill-{:02}", i / 4 + 1)), EngineRole::Prefill, PREFILLED, ANSWERED, DayPart::Prompt)
        }
        i if i < r1 && prefill > 0 => {
            let decode = f64::from(r1 - prefill);
            let share = f64::from(prefill) / decode;
            let size = if r1 >= 60 { 18 } else { 6 };
            let unit = format!("decode-{}", (i - prefill) / size + 1);
            (Some(unit), EngineRole::Decode, PREFILLED * share, ANSWERED * share, DayPart::Answer)
        }
        i if i < r1 + v3 => (None, EngineRole::Unified, 30_000.0, 8_300.0, DayPart::Whole),
        _ => (None, EngineRole::Unified, 24_000.0, 6_500.0, DayPart::Whole),
    };
    // Decode units use speculative decoding, and so does one of the other engines.
    let drafting = part == DayPart::Answer || index + 1 == nodes;
    let work = EngineWork { prompt, hits: 0.56, output, part, drafting };
    match index {
        i if i < r1 => Service { model: "deepseek-r1", product: H800, sglang: false, work, unit, role },
        i if i < r1 + v3 => Service { model: "deepseek-v3", product: H100, sglang: true, work, unit, role },
        _ => Service { model: "qwen3-32b", product: L40S, sglang: false, work, unit, role },
    }
}

fn node(
    plan: &Plan,
    index: u32,
    opened: Timestamp,
    midnight: f64,
    name: &NodeName,
    service: &Service,
) -> SimulatedNode {
    let speed = plan.speed.max(1e-3);
    // All nodes of a model rise and fall together, since users choose a model, not a node.
    let rhythm = shape(plan.seed ^ u64::from(service.model.as_bytes()[9 % service.model.len()]), midnight, speed);
    let hot = chance(&[plan.seed, u64::from(index), 3], 40) == 7;
    let place = |gpu: u32| chance(&[plan.seed, u64::from(index), u64::from(gpu), 4], 60) as f64;
    // A GPU is half busy with the smallest batch; more requests fill it slowly.
    let load = |gpu| rhythm.scaled(0.36).plus(&Wave::steady(0.35).with(0.04, 31.0 + place(gpu), place(gpu)));
    SimulatedNode {
        index,
        opened,
        script: Script::new(plan.seed, plan.nodes),
        started: -started(plan.seed, index, service.sglang),
        model: service.model,
        engine: if service.sglang {
            SimulatedEngine::Sglang(Sglang::new(service.model, RANKS))
        } else {
            SimulatedEngine::Vllm(Vllm::new(service.model, RANKS))
        },
        traffic: Traffic::new(&rhythm, work(plan.seed, index, service), RANKS, index, hot),
        exporter: exporter(plan, name, service),
        product: service.product,
        gpus: (0..plan.gpus_per_node).map(load).collect(),
    }
}

/// A node's exporter. In a large fleet the exporters have their usual pages.
fn exporter(plan: &Plan, name: &NodeName, service: &Service) -> Exporter {
    let exporter = Exporter::new(service.product, (0..plan.gpus_per_node).map(|gpu| (gpu, name.as_str())));
    let process = if service.sglang { "sglang::scheduler" } else { "VLLM::Worker" };
    if plan.nodes <= DETAILED { exporter.with_details(process) } else { exporter }
}

/// The work of a node's engine. Each engine without a start time has answers of its own length: the counters of two with the
/// same mix are those of one engine to whoever reads them every few minutes.
fn work(seed: u64, index: u32, service: &Service) -> EngineWork {
    let longer = if service.sglang { 0.9 + 0.002 * chance(&[seed, u64::from(index), 6], 100) as f64 } else { 1.0 };
    EngineWork { output: service.work.output * longer, ..service.work }
}

impl SimulatedNode {
    fn seconds(&self, now: Timestamp) -> f64 {
        (now - self.opened).as_secs_f64()
    }
}

impl ServedPages for EngineSite {
    fn page(&self, now: Timestamp) -> Response {
        let node = &*self.0;
        let time = node.seconds(now);
        // SGLang has no start time: during an outage with polls every 10 s it could have restarted.
        let is_quiet = time < 0.0 && matches!(node.engine, SimulatedEngine::Sglang(_));
        let fault = node.script.fault(node.index, time).filter(|fault| !(is_quiet && *fault == Fault::Error));
        match fault {
            Some(Fault::Restart) => return Response::status(503, "loading weights\n"),
            Some(Fault::Error) => return Response::status(500, "Internal Server Error\n"),
            _ => {}
        }
        let hot = if let Some(Fault::HotRank(rank)) = fault { Some(rank) } else { None };
        let since = node.script.came_back(node.index, time).unwrap_or(node.started);
        let served = node.traffic.served(since, time, hot);
        let page = Response::exposition(match &node.engine {
            SimulatedEngine::Vllm(engine) => {
                engine.page(node.opened + Span::from_millis((since * 1000.0).round() as i64), &served)
            }
            SimulatedEngine::Sglang(engine) => engine.page(&served),
        });
        if fault == Some(Fault::Hang) { page.delayed(HANGING) } else { page }
    }

    fn model(&self) -> Option<(&str, &str)> {
        let engine = if matches!(self.0.engine, SimulatedEngine::Sglang(_)) { "sglang" } else { "vllm" };
        Some((self.0.model, engine))
    }
}

impl ServedPages for ExporterSite {
    fn page(&self, now: Timestamp) -> Response {
        let node = &*self.0;
        let time = node.seconds(now);
        let fault = node.script.fault(node.index, time);
        let (rest, limit) = node.product.power;
        let shown = |(index, load): (u32, &Wave)| {
            if fault == Some(Fault::LostGpu(index)) {
                return None;
            }
            // The integral of the same power since the driver was loaded, before any engine started.
            let loaded = -100.0 * 3600.0;
            let energy = rest * (time - loaded) + (limit - rest) * 0.95 * load.between(loaded, time);
            Some(node.product.at(load.at(time), energy))
        };
        let shown: Vec<_> = (0..).zip(&node.gpus).map(shown).collect();
        Response::exposition(node.exporter.page(&shown))
    }

    fn model(&self) -> Option<(&str, &str)> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn engines_without_a_start_time_start_well_apart() {
        for seed in 0..50 {
            let indices = (0..278).filter(|index| service(*index, 278).sglang);
            let mut started: Vec<f64> = indices.map(|index| started(seed, index, true)).collect();
            started.sort_by(f64::total_cmp);
            assert!(started.len() > 50 && started.windows(2).all(|pair| pair[1] - pair[0] > 10.0), "{seed}");
        }
    }
}

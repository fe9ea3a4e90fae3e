//! `margintop demo`: a simulated fleet behind real sockets, watched by the true pipeline.

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use tokio::runtime::Runtime;

use super::global::Global;
use super::look_args::{LookArgs, OutputForm};
use super::once::{PATIENCE, looks, observe, rounds};
use super::sources::{SourcePlan, settings};
use super::{Failure, dashboard, ledger};
use crate::clock::{Clock, LateClock};
use crate::ledger::Slo;
use crate::pricing::{Book, Pinned};
use crate::reading::{Label, NodeName};
use crate::session::catch_up_span;
use crate::source::scrape::Settings;
use crate::source::simulate;
use crate::units::Span;

/// What the fleet, and the machine that watches it, is called.
pub(super) const NAME: &str = "demo";
/// Objectives of the made-up fleet.
const TTFT: Duration = Duration::from_secs(7);
const ITL: Duration = Duration::from_millis(500);

/// The simulated fleet.
#[derive(Debug, Clone, Args)]
pub(super) struct DemoArgs {
    /// Nodes
    #[arg(long, help_heading = "Sources", default_value_t = 12, value_parser = clap::value_parser!(u32).range(1..=4000))]
    pub(super) nodes: u32,

    /// Simulated seconds a second
    #[arg(long, help_heading = "Sources")]
    pub(super) speed: Option<f64>,

    /// Play DeepSeek's published inference day of 27 February 2025
    #[arg(long, help_heading = "Sources")]
    pub(super) deepseek_day: bool,

    /// Write the end of that day as a picture of 120 columns and 36 rows (SVG), without a terminal
    #[arg(long, help_heading = "Display", value_name = "FILE", requires = "deepseek_day")]
    pub(super) picture: Option<PathBuf>,

    /// Only serve the fleet: print its targets and stay
    #[arg(long, help_heading = "Sources", conflicts_with = "deepseek_day")]
    pub(super) serve: bool,

    #[command(flatten)]
    pub(super) look: LookArgs,
}

pub(super) fn run(global: &Global, args: &DemoArgs) -> Result<(), Failure> {
    let speed = speed(args, 1.0)?;
    let runtime = runtime()?;
    let late = LateClock::default();
    let clock = Clock::Late(late.clone());
    let simulated = simulate::Plan { speed, ..simulate::Plan::ordinary(args.nodes, clock.clone()) };
    let fleet = runtime.block_on(simulate::open(simulated))?;
    if args.serve {
        return serve(&runtime, &fleet);
    }
    let mut plan = SourcePlan::bare(settings(global)?, NodeName::new(NAME));
    at_standard_prices(&mut plan.settings.book)?;
    with_objectives(&mut plan.settings.slo);
    let path = ledger::choice(global, &plan.settings).only_named();
    // A ledger in a file has a past of its own.
    let back = if path.is_none() { catch_up_span(fleet.targets().len()) } else { Span::ZERO };
    if args.look.any() {
        let (looks, form) = looks(&args.look, plan.interval())?;
        // A card is the dashboard in words: it begins with the same hour.
        late.set_back(if form == OutputForm::Card { back } else { Span::ZERO });
        let mut config = rounds(&plan, looks, &clock, path);
        config.sources.push(Box::new(fleet.polled_with(Settings { timeout: PATIENCE, ..Settings::default() })));
        let last = observe(&runtime, config, form, &plan.settings.zone)?;
        return ledger::unkept(&last.money.ledger).map_or(Ok(()), |why| Err(Failure::Run(why)));
    }
    let mut options = dashboard::options(&plan)?;
    options.zone = ledger::zone(path.as_deref(), &plan);
    options.title = Some(Label::new(NAME));
    late.set_back(back);
    let mut config = plan.session(&clock, ledger::settings(&plan, path, &clock));
    config.sources.push(Box::new(fleet));
    dashboard::watch(options, config, &plan, runtime.handle())
}

/// Prices its models by the lists that DeepSeek's overview used, at any hour, where the configuration has no other. The
/// last lists of these models are over, and what they took at night is no part of a made-up fleet.
fn at_standard_prices(book: &mut Book) -> Result<(), Failure> {
    let mut choices = book.pinned().to_vec();
    for model in ["deepseek-r1", "deepseek-v3"] {
        // A ledger in another currency has forgotten them.
        let list = Some(format!("{model}-standard")).filter(|list| book.list(list).is_some());
        choices.push(Pinned { model: model.to_owned(), tenant: None, list, paid: None });
    }
    book.pin(choices).map_err(|error| Failure::Run(error.to_string()))
}

/// Gives the fleet objectives for latency where the configuration has none, within which most of its work is.
fn with_objectives(slo: &mut Slo) {
    if *slo == Slo::default() {
        *slo = Slo { ttft_p99: Some(TTFT), itl_p99: Some(ITL), e2e_p99: None };
    }
}

/// Simulated seconds a second.
pub(super) fn speed(args: &DemoArgs, default: f64) -> Result<f64, Failure> {
    match args.speed.unwrap_or(default) {
        speed if speed.is_finite() && (0.01..=1e6).contains(&speed) => Ok(speed),
        speed => Err(Failure::Usage(format!("--speed {speed}: write a number from 0.01 to 1000000"))),
    }
}

/// The simulated fleet answers on this runtime too.
pub(super) fn runtime() -> Result<Runtime, Failure> {
    Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?)
}

/// Prints where the fleet is, and stays.
fn serve(runtime: &Runtime, fleet: &simulate::SimulatedFleet) -> Result<(), Failure> {
    let mut out = super::out::Stdout::default();
    for target in fleet.targets() {
        writeln!(out, "{}", target.url)?;
    }
    // The fleet is on this machine's loopback, and this machine's own GPUs are not of it.
    writeln!(out, "nvml:off")?;
    out.flush()?;
    runtime.block_on(async {
        loop {
            tokio::time::sleep(Duration::from_secs(3600)).await;
        }
    })
}

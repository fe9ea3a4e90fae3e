//! `margintop demo`: a simulated fleet behind real sockets, watched like any other.

use std::path::PathBuf;

use clap::Args;
use tokio::runtime::Runtime;

use super::global::Global;
use super::once_args::{OnceArgs, OutputForm};
use super::sources::{SourcePlan, patient, settings};
use super::speed::speed;
use super::{Failure, dashboard, ledger, out, print, screen};
use crate::clock::{Clock, LateClock};
use crate::reading::{Label, NodeName};
use crate::session::{Rounds, catch_up_span};
use crate::source::simulate::{self, Plan, SimulatedFleet};
use crate::units::Span;

/// The name of the simulated fleet, and of the machine that watches it.
pub(super) const NAME: &str = "demo";

/// The simulated fleet.
#[derive(Debug, Clone, Args)]
pub(super) struct DemoArgs {
    /// Nodes
    #[arg(long, help_heading = "Sources", default_value_t = 12, value_parser = clap::value_parser!(u32).range(1..=4000))]
    pub(super) nodes: u32,

    /// Simulated seconds a second
    #[arg(long, help_heading = "Sources", value_parser = speed)]
    pub(super) speed: Option<f64>,

    /// Play DeepSeek's published inference day of 27 February 2025
    #[arg(long, help_heading = "Sources")]
    pub(super) deepseek_day: bool,

    /// Write the end of that day as a picture of 120 columns and 36 rows (SVG), without a terminal
    #[arg(long, help_heading = "Display", value_name = "FILE", requires = "deepseek_day")]
    pub(super) picture: Option<PathBuf>,

    /// Only serve the fleet: print its targets and stay
    #[arg(long, help_heading = "Sources",
        conflicts_with_all = ["deepseek_day", "json", "text", "card", "span", "every"])]
    pub(super) serve: bool,

    #[command(flatten)]
    pub(super) once: OnceArgs,
}

/// Opens a made-up fleet and watches it, prints it, or only serves it.
pub(super) fn run(global: &Global, args: &DemoArgs) -> Result<(), Failure> {
    let runtime = runtime()?;
    let late = LateClock::default();
    let clock = Clock::Late(late.clone());
    let simulated = Plan { speed: args.speed.unwrap_or(1.0), ..Plan::ordinary(args.nodes, clock.clone()) };
    let fleet = runtime.block_on(simulate::open(simulated))?;
    if args.serve {
        return serve(&runtime, &fleet);
    }
    let mut plan = SourcePlan::bare(settings(global)?, NodeName::new(NAME));
    simulate::price_models(&mut plan.settings.book)?;
    plan.settings.slo = simulate::objectives(plan.settings.slo);
    let path = ledger::choice(global, &plan.settings).only_named();
    // A ledger in a file has a past of its own.
    let back = if path.is_none() { catch_up_span(fleet.targets().len()) } else { Span::ZERO };
    if args.once.any() {
        let (polls, form) = args.once.polls(plan.interval())?;
        // A card says what the dashboard shows: it begins with the same hour.
        late.set_back(if form == OutputForm::Card { back } else { Span::ZERO });
        let mut config = plan.rounds(polls, &clock, path);
        config.sources.push(Box::new(fleet.polled_with(patient())));
        let print = |snapshot: &_| print::snapshot(snapshot, form, &plan.settings.zone);
        let last = runtime.block_on(Rounds::new(config).observe(print))?;
        return ledger::kept(&last.money.ledger);
    }
    let mut options = screen::options(&plan)?;
    options.zone = ledger::zone(path.as_deref(), &plan.settings);
    options.title = Some(Label::new(NAME));
    late.set_back(back);
    let mut config = plan.session(&clock, ledger::settings(&plan.settings, path, &clock));
    config.sources.push(Box::new(fleet));
    dashboard::watch(options, config, &plan, runtime.handle())
}

/// A runtime for the simulated fleet, which answers on it too.
pub(super) fn runtime() -> Result<Runtime, Failure> {
    Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?)
}

/// Prints the targets of the fleet, and stays. `nvml:off` is one of them: this machine's own GPUs are not part of it.
fn serve(runtime: &Runtime, fleet: &SimulatedFleet) -> Result<(), Failure> {
    let urls = fleet.targets().iter().map(|target| target.url.as_str());
    out::line(&urls.chain(["nvml:off"]).collect::<Vec<_>>().join("\n"))?;
    runtime.block_on(std::future::pending())
}

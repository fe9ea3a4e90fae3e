//! The plan of a run: the targets and this machine's driver, from the arguments and the configuration.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::tz::{Offset, TimeZone};

use super::global::Global;
use super::settings::{role, settings};
use super::{Failure, ledger, to_stderr};
use crate::clock::Clock;
use crate::config::{Settings, TargetSettings};
use crate::fleet::FleetConfig;
use crate::history::History;
use crate::platform::host_name;
use crate::reading::{Label, NodeName, TargetId};
use crate::record::RecordingReader;
use crate::session::{self, PlaybackConfig, PollPlan, SampledSessionConfig, SessionConfig};
use crate::source::Source;
use crate::source::discover::{Discovery, ListFiles, TargetLists};
use crate::source::nvml::{Nvml, NvmlSettings, PollPace};
use crate::source::scrape;
use crate::source::simulate;
use crate::source::{PolledTarget, TargetError, source_of};
use crate::store;
use crate::units::Span;

/// The name of the simulated fleet, and of the machine that watches it.
const DEMO: &str = "demo";
/// The zone of the published day's hours.
const DAY_ZONE: Offset = Offset::constant(8);
/// The timeout of a page if everything waits for the slowest one: shorter than the time after which targets are stale.
const PATIENCE: Duration = Duration::from_millis(2_500);

/// The plan of a run.
#[derive(Debug, Clone)]
pub(super) struct SourcePlan {
    /// The configuration with the flags applied.
    pub(super) settings: Settings,
    /// Targets over HTTP and files.
    pub(super) targets: Vec<PolledTarget>,
    /// Lists of further targets, read again when they change.
    pub(super) lists: Vec<ListFiles>,
    /// Whether this machine's driver is polled.
    pub(super) driver: bool,
    /// Whether the user named the driver, so that its failure fails the run.
    pub(super) driver_named: bool,
    /// Whether to search this machine for engines, because no target was named.
    pub(super) search: bool,
    /// Messages about targets that are left out because they were named twice.
    pub(super) duplicates: Vec<String>,
    /// This machine.
    pub(super) node: NodeName,
}

impl SourcePlan {
    /// A plan without targets and without the driver, for simulated and recorded fleets.
    pub(super) fn bare(settings: Settings, node: NodeName) -> Self {
        let (targets, duplicates, lists) = (Vec::new(), Vec::new(), Vec::new());
        Self { settings, targets, lists, driver: false, driver_named: false, search: false, duplicates, node }
    }

    /// The plan of `demo`, whose simulated fleet is added: its models have prices and its latencies objectives.
    pub(super) fn simulated(mut settings: Settings) -> Result<Self, Failure> {
        simulate::price_models(&mut settings.book)?;
        settings.slo = simulate::objectives(settings.slo);
        Ok(Self::bare(settings, NodeName::new(DEMO)))
    }

    /// The plan of the published day: its zone, its prices and nothing but its fleet's cost.
    pub(super) fn published_day(mut settings: Settings) -> Result<Self, Failure> {
        simulate::price_day(&mut settings.book)?;
        settings.zone = TimeZone::fixed(DAY_ZONE);
        (settings.leases, settings.overhead, settings.bill, settings.budget) = <_>::default();
        Ok(Self::bare(settings, NodeName::new(DEMO)))
    }

    /// The plan of the arguments, the environment and the configuration.
    pub(super) fn new(global: &Global, named: &[String]) -> Result<Self, Failure> {
        Self::with(global, named, &[])
    }

    /// The same with more targets, which replace none.
    pub(super) fn with(global: &Global, named: &[String], also: &[String]) -> Result<Self, Failure> {
        Self::of_settings(settings(global)?, global, named, also)
    }

    /// The plan of an agent: this node's driver, and the named engines, those of the configuration on this machine, or
    /// those found.
    pub(super) fn of_node(global: &Global, named: &[String], node: Option<NodeName>) -> Result<Self, Failure> {
        let mut settings = settings(global)?;
        settings.targets.retain(|target| {
            let is_here = |address: &str| address.parse().is_ok_and(|target: PolledTarget| target.is_this_box());
            target.address.starts_with("nvml:") || is_here(&target.address)
        });
        // Lists are of other nodes.
        settings.lists.clear();
        let is_off = |address: &str| address == "nvml:off";
        let off =
            named.iter().any(|name| is_off(name)) || settings.targets.iter().any(|target| is_off(&target.address));
        let plan = Self::of_settings(settings, global, named, &[])?;
        Ok(Self { driver: !off, node: node.unwrap_or_else(|| plan.node.clone()), ..plan })
    }

    fn of_settings(settings: Settings, global: &Global, named: &[String], also: &[String]) -> Result<Self, Failure> {
        let node = NodeName::new(&host_name());
        let mut plan = Self::bare(settings, node);
        let configured = std::mem::take(&mut plan.settings.targets);
        if ["nvml:", "nvml:off"].iter().all(|driver| named.iter().any(|name| name == driver)) {
            return Err(Failure::Usage("nvml: and nvml:off cannot be combined: write one of them".to_owned()));
        }
        // `nvml:off` alone is not a list of targets: the configured ones stay.
        let mut off = !named.is_empty() && named.iter().all(|name| name == "nvml:off");
        let all: Vec<TargetSettings> = if named.is_empty() || off {
            plan.lists = std::mem::take(&mut plan.settings.lists);
            configured
        } else {
            named.iter().map(|name| known(name, &configured)).collect()
        };
        plan.search = all.is_empty() && plan.lists.is_empty();
        plan.driver = plan.search;
        for target in all.into_iter().chain(also.iter().map(|name| known(name, &[]))) {
            match target.address.as_str() {
                "nvml:" => (plan.driver, plan.driver_named) = (true, true),
                "nvml:off" => off = true,
                _ => plan.add(target)?,
            }
        }
        if plan.targets.is_empty() && !plan.driver_named && plan.lists.is_empty() {
            // Only `nvml:off`: search this machine without its driver.
            plan.search = true;
        }
        plan.driver = !off && (plan.driver || plan.targets.iter().any(PolledTarget::is_this_box));
        apply_roles(&mut plan.targets, &global.role, &global.given("role"))?;
        Ok(plan)
    }

    fn add(&mut self, named: TargetSettings) -> Result<(), Failure> {
        let parsed = named.address.parse();
        let mut target: PolledTarget = parsed.map_err(|error: TargetError| Failure::Usage(error.to_string()))?;
        target.options = named.options;
        if let Some(why) = other_file(&named.address) {
            return Err(Failure::Usage(why));
        }
        match self.targets.iter().find(|known| known.id == target.id || known.is_same_page(&target)) {
            Some(known) if known.id == target.id => {
                self.duplicates.push(format!("{} is named twice and read once", target.id));
            }
            Some(known) => {
                let double = format!("{} is the page of {} under another name, and is read once", target.id, known.id);
                self.duplicates.push(double);
            }
            None => self.targets.push(target),
        }
        Ok(())
    }

    /// Prints to stderr which targets are left out.
    pub(super) fn warn_of_duplicates(&self) {
        for double in &self.duplicates {
            to_stderr(double);
        }
    }

    /// The time between two polls of a source.
    pub(super) fn interval(&self) -> Duration {
        self.settings.interval
    }

    /// The sources: targets and files with these settings, and this machine's driver.
    pub(super) fn sources(&self, pace: PollPace, settings: &scrape::Settings) -> Vec<Box<dyn Source>> {
        let mut sources: Vec<Box<dyn Source>> = self.targets.iter().map(|target| source_of(target, settings)).collect();
        if !self.lists.is_empty() {
            let lists = TargetLists::new(self.lists.clone(), self.targets.clone(), settings.clone());
            sources.push(Box::new(lists));
        }
        if self.driver {
            let library = self.settings.nvml_lib.clone();
            sources.push(Box::new(Nvml::new(NvmlSettings { library, pace, ..NvmlSettings::new(self.node.clone()) })));
        }
        sources
    }

    /// The search of this box, if no target was named.
    pub(super) fn discovery(&self, settings: &scrape::Settings) -> Option<Discovery> {
        self.search.then(|| Discovery::new(settings.clone(), Clock::default()))
    }

    /// The configuration of a session with this ledger.
    pub(super) fn session(&self, clock: &Clock, ledger: store::Settings) -> SessionConfig {
        let settings = scrape::Settings { interval: self.interval(), ..scrape::Settings::default() };
        SessionConfig {
            fleet: self.fleet_config(session::window(self.interval())),
            book: self.settings.book.clone(),
            sources: self.sources(PollPace::Every(self.interval()), &settings),
            discovery: self.discovery(&settings),
            interval: self.interval(),
            clock: clock.clone(),
            ledger,
            absence: Span::from(self.settings.absence),
            history: None,
            recording: None,
        }
    }

    /// The configuration of a session that polls and prints, with a ledger in a file, or in memory without one.
    pub(super) fn sampled(&self, polls: PollPlan, clock: &Clock, path: Option<PathBuf>) -> SampledSessionConfig {
        let window = Span::from(polls.span).max(Span::from_millis(1));
        // A ledger continues from its own counters.
        let looks_back = path.is_none() && !polls.span.is_zero();
        let settings = scrape::Settings { looks_back, interval: self.interval(), ..patient() };
        SampledSessionConfig {
            fleet: FleetConfig { pace: Some(window), ..self.fleet_config(window) },
            book: self.settings.book.clone(),
            sources: self.sources(PollPace::Asked, &settings),
            discovery: self.discovery(&settings),
            plan: polls,
            clock: clock.clone(),
            ledger: path
                .map(|path| (ledger::settings(&self.settings, Some(path), clock), Span::from(self.settings.absence))),
        }
    }

    /// The configuration of a playback, with a ledger in a file, or in memory without one.
    pub(super) fn playback(&self, path: Option<PathBuf>, history: Option<History>) -> PlaybackConfig {
        PlaybackConfig {
            fleet: self.fleet_config(Span::from(self.interval())),
            book: self.settings.book.clone(),
            ledger: ledger::settings(&self.settings, path, &Clock::System),
            absence: Span::from(self.settings.absence),
            history,
        }
    }

    /// The configuration of the fleet, with rates over `window`.
    pub(super) fn fleet_config(&self, window: Span) -> FleetConfig {
        FleetConfig {
            interval: Span::from(self.settings.interval),
            window,
            pace: None,
            sparkline_step: FleetConfig::SPARKLINE_STEP,
            zone: Some(self.settings.zone.clone()),
            local: self.node.clone(),
            currency: Label::new(&self.settings.currency),
            release_after: Span::from(self.settings.release_after),
            compare_to: self.settings.compare_to.clone(),
            overhead: self.settings.overhead,
            bill: self.settings.bill,
            leases: self.settings.leases.clone(),
            plausibility: self.settings.plausibility,
            slo: self.settings.slo,
            aliases: self.settings.aliases.clone(),
            targets: self.targets.iter().filter(|target| !target.announces_targets()).map(PolledTarget::info).collect(),
        }
    }
}

/// The message for a target that is a file of another kind: a recording, or a name that would be read as that of a host.
fn other_file(address: &str) -> Option<String> {
    let path = Path::new(address);
    if !path.is_file() {
        return None;
    }
    if RecordingReader::open(path).is_ok() {
        return Some(format!("{address} is a recording: replay it with `margintop replay {address}`"));
    }
    // A host may be called like a file without an ending.
    let is_host = address.parse::<PolledTarget>().is_ok_and(|target| target.host().is_some());
    (is_host && path.extension().is_some()).then(|| {
        format!(
            "{address} is a file here: write ./{address} if it is a metrics page, http://{address} if it is a host; a ledger is \
             named with --ledger, a configuration with --config"
        )
    })
}

/// The settings of scrapes if everything waits for the slowest page.
pub(super) fn patient() -> scrape::Settings {
    scrape::Settings { timeout: PATIENCE, ..scrape::Settings::default() }
}

/// A target of the command line, with its options in the configuration.
pub(super) fn known(address: &str, configured: &[TargetSettings]) -> TargetSettings {
    let parse = |address: &str| address.parse::<PolledTarget>().ok();
    let same = |(a, b): (PolledTarget, PolledTarget)| a.id == b.id || a.is_same_page(&b);
    let is_of = |target: &&TargetSettings| parse(address).zip(parse(&target.address)).is_some_and(same);
    let options = configured.iter().find(is_of).map(|target| target.options.clone()).unwrap_or_default();
    TargetSettings { address: address.to_owned(), options }
}

fn apply_roles(targets: &mut [PolledTarget], roles: &[String], given: &str) -> Result<(), Failure> {
    for text in roles {
        let (url, wanted, role) = role(text, given).map_err(Failure::Usage)?;
        let named = targets.iter_mut().filter(|target| target.id == TargetId::new(wanted.id.as_str()));
        if named.map(|target| target.options.role = Some(role)).count() == 0 {
            return Err(Failure::Usage(format!("{given} {text}: {}", no_target(url, targets))));
        }
    }
    Ok(())
}

/// The message for an address that is not among the targets.
fn no_target(url: &str, targets: &[PolledTarget]) -> String {
    const MOST: usize = 5;
    let known: Vec<&str> = targets.iter().map(|target| target.id.as_str()).take(MOST).collect();
    match (known.len(), targets.len()) {
        (0, _) => format!("{url} is not among the targets, since none is named: name it as one, too"),
        (_, 1..=MOST) => format!("{url} is not among the targets: write one of {}", known.join(", ")),
        (_, all) => format!("{url} is not among the {all} targets: write one of them, like {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn one_more_target_is_beside_the_configured_ones_or_this_box() -> Result<(), Box<dyn std::error::Error>> {
        let mut file = tempfile::NamedTempFile::new()?;
        let global = Global { config: Some(file.path().to_owned()), ..Global::default() };
        let also = ["http://gpu-9:8000".to_owned()];
        let plan = |global: &Global, named: &[String]| {
            let plan = SourcePlan::with(global, named, &also).ok();
            plan.map(|plan| (plan.targets.len(), plan.search, plan.driver))
        };
        assert_eq!(plan(&global, &[]), Some((1, true, true)), "this box");
        assert_eq!(plan(&global, &["http://gpu-1:8000".to_owned()]), Some((2, false, false)));
        assert_eq!(plan(&global, &also), Some((1, false, false)), "named twice and read once");
        write!(file, "[[target]]\nurl = \"http://gpu-[1-3]:8000\"\n")?;
        assert_eq!(plan(&global, &[]), Some((4, false, false)), "those of the configuration");
        std::fs::write(file.path(), "[[discover]]\nfile_sd = \"gpus.json\"\n")?;
        assert_eq!(plan(&global, &[]), Some((1, false, false)), "a list, and no search of this box");
        let of_node = SourcePlan::of_node(&global, &[], None).ok().map(|plan| (plan.lists.len(), plan.search));
        assert_eq!(of_node, Some((0, true)), "an agent is of its own node");
        Ok(())
    }

    /// Class: a replay or the published day is configured by a file, and says that there is none.
    #[test]
    fn every_plan_knows_the_file_of_its_configuration() -> Result<(), Box<dyn std::error::Error>> {
        let file = tempfile::NamedTempFile::new()?;
        let global = Global { config: Some(file.path().to_owned()), ..Global::default() };
        let of = |plan: Result<SourcePlan, Failure>| plan.ok().and_then(|plan| plan.settings.file);
        let read = || settings(&global).ok().ok_or("no settings");
        assert_eq!(of(SourcePlan::new(&global, &[])).as_deref(), Some(file.path()));
        assert_eq!(of(SourcePlan::simulated(read()?)).as_deref(), Some(file.path()));
        assert_eq!(of(SourcePlan::published_day(read()?)).as_deref(), Some(file.path()));
        assert_eq!(SourcePlan::bare(read()?, NodeName::new("x")).settings.file.as_deref(), Some(file.path()));
        Ok(())
    }
}

//! From what the user named to what is asked: targets, this machine's driver, and the site that they make.

use std::path::PathBuf;
use std::time::Duration;

use super::args::Global;
use super::{Failure, themes};
use crate::config::{self, Settings, TargetSettings};
use crate::fleet::{FleetConfig, TargetInfo};
use crate::reading::{Event, Label, NodeName, Role, TargetId};
use crate::source::nvml::{NvmlSettings, Pace};
use crate::source::scrape::{Address, Target, TargetError};
use crate::units::Span;

/// Everything that a run asks.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    /// The configuration, flags applied.
    pub(super) settings: Settings,
    /// The file that it was read from.
    pub(super) file: Option<PathBuf>,
    /// Targets over HTTP and files.
    pub(super) targets: Vec<Target>,
    /// Whether this machine's driver is asked.
    pub(super) driver: bool,
    /// Whether the user named the driver, so that its failure is the run's.
    pub(super) driver_named: bool,
    /// Whether nothing was named: this box is searched.
    pub(super) search: bool,
    /// What is left out because it is a target under another name.
    pub(super) doubles: Vec<String>,
    /// This machine.
    pub(super) node: NodeName,
}

impl Plan {
    /// What the arguments, the environment and the configuration ask for.
    pub(super) fn new(global: &Global, named: &[String]) -> Result<Self, Failure> {
        let settings = settings(global)?;
        let file = config::find(global.config.as_deref(), |name| std::env::var(name).ok());
        let node = NodeName::new(&rustix::system::uname().nodename().to_string_lossy());
        let (targets, doubles) = (Vec::new(), Vec::new());
        let mut plan =
            Self { settings, file, targets, driver: false, driver_named: false, search: false, doubles, node };
        let configured = std::mem::take(&mut plan.settings.targets);
        // `nvml:off` alone is no list: what is configured stays.
        let mut off = !named.is_empty() && named.iter().all(|name| name == "nvml:off");
        let all: Vec<TargetSettings> =
            if named.is_empty() || off { configured } else { named.iter().map(|name| bare(name)).collect() };
        plan.search = all.is_empty();
        plan.driver = plan.search;
        for target in all {
            match target.address.as_str() {
                "nvml:" => (plan.driver, plan.driver_named) = (true, true),
                "nvml:off" => off = true,
                _ => plan.add(target)?,
            }
        }
        if plan.targets.is_empty() && !plan.driver_named && !plan.search {
            // Only `nvml:off`: this box without its driver.
            plan.search = true;
        }
        plan.driver = !off && (plan.driver || plan.targets.iter().any(is_this_box));
        apply_roles(&mut plan.targets, &global.role)?;
        Ok(plan)
    }

    fn add(&mut self, named: TargetSettings) -> Result<(), Failure> {
        let parsed = named.address.parse();
        let mut target: Target = parsed.map_err(|error: TargetError| Failure::Usage(error.to_string()))?;
        (target.node, target.unit, target.role) = (named.node, named.unit, named.role);
        target.labels = named.labels;
        (target.bearer_token_file, target.ca_file) = (named.bearer_token_file, named.ca_file);
        (target.username, target.password_file) = (named.username, named.password_file);
        match self.targets.iter().find(|known| known.id == target.id || is_same_page(known, &target)) {
            Some(known) if known.id == target.id => {
                self.doubles.push(format!("{} is named twice and read once", target.id));
            }
            Some(known) => {
                let double = format!("{} is the page of {} under another name, and is read once", target.id, known.id);
                self.doubles.push(double);
            }
            None => self.targets.push(target),
        }
        Ok(())
    }

    /// Says on stderr which targets are left out.
    pub(super) fn tell_doubles(&self) {
        for double in &self.doubles {
            eprintln!("margintop: {double}");
        }
    }

    /// How often each source is asked.
    pub(super) fn interval(&self) -> Duration {
        self.settings.interval
    }

    /// The site, with rates over `window`.
    pub(super) fn site(&self, window: Span) -> FleetConfig {
        FleetConfig {
            interval: span(self.settings.interval),
            window,
            pace: None,
            sparkline_step: FleetConfig::SPARKLINE_STEP,
            zone: Some(self.settings.zone.clone()),
            local: self.node.clone(),
            currency: Label::new(&self.settings.currency),
            release_after: span(self.settings.release_after),
            compare_to: self.settings.compare_to.clone(),
            overhead: self.settings.overhead,
            bill: self.settings.bill,
            leases: self.settings.leases.clone(),
            plausibility: self.settings.plausibility,
            slo: self.settings.slo,
            aliases: self.settings.aliases.clone(),
            targets: self.targets.iter().map(member).collect(),
        }
    }
}

/// A target as the fleet knows it.
pub(super) fn member(target: &Target) -> TargetInfo {
    let host = target.host().filter(|_| !is_this_box(target)).map(NodeName::new);
    TargetInfo {
        target: target.id.clone(),
        host,
        node: target.node.clone(),
        unit: target.unit.clone(),
        role: target.role,
        tenant: target.labels.get(&Label::new("tenant")).cloned(),
    }
}

/// Whether a target is this machine's own. The other addresses of the loopback network may be anybody's: a simulated
/// fleet gives each node one.
fn is_this_box(target: &Target) -> bool {
    target.host().is_some_and(|host| matches!(host, "127.0.0.1" | "localhost" | "[::1]" | "::1"))
}

/// Whether two addresses of this box are one page under two names of the host: its tokens count once.
fn is_same_page(a: &Target, b: &Target) -> bool {
    is_this_box(a) && is_this_box(b) && a.port() == b.port() && page(a) == page(b)
}

/// What of a server is read: the path, and the query in whatever order. What forbids loading a model chooses no page.
fn page(target: &Target) -> (String, Vec<(String, String)>) {
    let Address::Http(url) = &target.address else { return <_>::default() };
    let mut query: Vec<(String, String)> =
        url.query_pairs().into_owned().filter(|(key, _)| key != "autoload").collect();
    query.sort();
    (url.path().trim_end_matches('/').to_owned(), query)
}

/// A duration on the fleet's scale.
pub(super) fn span(duration: Duration) -> Span {
    Span::from_millis(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX))
}

/// The configuration with the flags on top.
pub(super) fn settings(global: &Global) -> Result<Settings, Failure> {
    let file: Option<PathBuf> = config::find(global.config.as_deref(), |name| std::env::var(name).ok());
    let mut settings = config::load(file.as_deref())
        .map_err(|mistakes| Failure::Usage(mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))?;
    if let Some(interval) = &global.interval {
        settings.interval =
            config::parse_interval(interval).map_err(|why| Failure::Usage(format!("--interval: {why}")))?;
    }
    if settings.interval < Duration::from_millis(100) {
        return Err(Failure::Usage(
            "interval: at least 100ms, so that watching costs the watched almost nothing".to_owned(),
        ));
    }
    settings.theme = global.theme.clone().or(settings.theme);
    settings.color = global.color.clone().or(settings.color);
    settings.nvml_lib = global.nvml_lib.clone().or(settings.nvml_lib);
    themes::check(&settings)?;
    Ok(settings)
}

pub(super) fn bare(address: &str) -> TargetSettings {
    TargetSettings {
        address: address.to_owned(),
        node: None,
        unit: None,
        role: None,
        labels: std::collections::BTreeMap::new(),
        bearer_token_file: None,
        username: None,
        password_file: None,
        ca_file: None,
    }
}

fn apply_roles(targets: &mut [Target], roles: &[String]) -> Result<(), Failure> {
    for text in roles {
        let usage = || Failure::Usage(format!("--role {text}: write it like --role http://gpu-01:8000=prefill"));
        let (url, role) = text.rsplit_once('=').ok_or_else(usage)?;
        let role = match role {
            "prefill" => Role::Prefill,
            "decode" => Role::Decode,
            "unified" => Role::Unified,
            _ => return Err(usage()),
        };
        let wanted: Target = url.parse().map_err(|error| Failure::Usage(format!("--role {text}: {error}")))?;
        let named = targets.iter_mut().filter(|target| target.id == TargetId::new(wanted.id.as_str()));
        let mut any = false;
        for target in named {
            target.role = Some(role);
            any = true;
        }
        if !any {
            return Err(Failure::Usage(format!("--role {text}: {url} is not among the targets")));
        }
    }
    Ok(())
}

/// How this machine's driver is asked.
pub(super) fn driver_settings(plan: &Plan, pace: Pace) -> NvmlSettings {
    NvmlSettings { library: plan.settings.nvml_lib.clone(), pace, ..NvmlSettings::new(plan.node.clone()) }
}

/// The processes that hold memory on this machine's GPUs: where to look for engines.
pub(super) fn pids(event: &Event) -> Vec<u32> {
    let Event::Gpus { outcome: Ok(gpus), .. } = event else { return Vec::new() };
    gpus.iter().flat_map(|gpu| gpu.processes.iter().flatten()).map(|process| process.pid).collect()
}

//! The dashboard, or one look, at the fleet of a hub.

use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use super::global::Global;
use super::once_args::OutputForm;
use super::settings::settings;
use super::sources::{SourcePlan, known};
use super::{Failure, ledger, print, screen};
use crate::attach::{self, Attachment};
use crate::config::{Settings, TargetSettings};
use crate::history::History;
use crate::platform::host_name;
use crate::reading::{Label, NodeName};
use crate::session;
use crate::source::scrape::HubClient;
use crate::source::{PolledTarget, TargetError};
use crate::units::{Span, zone_of};

/// Where a hub listens unless told otherwise.
const USUAL: ([u8; 4], u16) = ([127, 0, 0, 1], 9546);
/// The longest wait for a hub that may be there.
const MAYBE: Duration = Duration::from_millis(100);

/// The hub that is asked for, or one that runs here if no target is named.
pub(super) fn hub(global: &Global, targets: &[String], also: &[String]) -> Result<Option<String>, Failure> {
    if let Some(url) = &global.attach {
        if !targets.is_empty() {
            return Err(Failure::Usage(
                "--attach shows what a hub watches: name targets to `margintop serve`, or leave --attach out"
                    .to_owned(),
            ));
        }
        return Ok(Some(url.clone()));
    }
    let configured = settings(global)?;
    if !targets.is_empty() || !also.is_empty() {
        return Ok(None);
    }
    if configured.attach.is_some() || !configured.targets.is_empty() || !configured.lists.is_empty() {
        return Ok(configured.attach);
    }
    let address = SocketAddr::from(USUAL);
    if TcpStream::connect_timeout(&address, MAYBE).is_err() {
        return Ok(None);
    }
    let url = format!("http://{address}");
    let mut client = client(&url, &configured.targets)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let is_hub = runtime.block_on(attach::about(&mut client)).is_ok();
    Ok(is_hub.then_some(url))
}

/// A client of a hub, with the credentials that the configuration has for its address.
fn client(url: &str, configured: &[TargetSettings]) -> Result<HubClient, Failure> {
    let named = known(url, configured);
    let mut target: PolledTarget =
        named.address.parse().map_err(|error: TargetError| Failure::Usage(format!("--attach {url}: {error}")))?;
    target.options = named.options;
    HubClient::new(target).ok_or_else(|| Failure::Usage(format!("--attach {url}: a hub is named by its address")))
}

/// Connects to a hub.
fn attach(
    url: &str,
    settings: &Settings,
    history: History,
    runtime: &tokio::runtime::Runtime,
) -> Result<Attachment, Failure> {
    let client = client(url, &settings.targets)?;
    let attached = runtime.block_on(attach::attach(client, history, runtime.handle()));
    attached.map_err(|error| Failure::Run(format!("{url}: {error}: is a hub there? `margintop serve` is one")))
}

/// Shows the fleet of a hub.
pub(super) fn show(global: &Global, url: &str) -> Result<(), Failure> {
    let settings = settings(global)?;
    let configured = settings.clone();
    let plan = SourcePlan::bare(settings, NodeName::new(&host_name()));
    let mut options = screen::options(&plan, None, "margintop once --attach URL")?;
    let runtime = session::runtime(1)?;
    let attached = attach(url, &configured, options.history.clone(), &runtime)?;
    if let Some(zone) = attached.about.zone.as_deref().and_then(zone_of) {
        options.zone = zone;
    }
    options.interval = Span::from_millis((attached.about.interval_seconds * 1000.0) as i64);
    options.title = attached.about.title.clone().or_else(|| Some(Label::new(url)));
    options.past = Some(ledger::past(&attached.store, &plan.settings, options.zone.clone()));
    screen::show(options, attached.snapshots)?.exit()
}

/// Prints the present of a hub's fleet.
pub(super) fn once(global: &Global, url: &str, form: OutputForm) -> Result<(), Failure> {
    let settings = settings(global)?;
    let runtime = session::runtime(1)?;
    let attached = attach(url, &settings, History::default(), &runtime)?;
    let zone = attached.about.zone.as_deref().and_then(zone_of).unwrap_or_else(|| settings.zone.clone());
    let snapshot = attached.snapshots.borrow().clone();
    print::snapshot(&snapshot, form, &zone)?;
    runtime.shutdown_background();
    Ok(())
}

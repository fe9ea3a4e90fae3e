//! `margintop agent`: this node's GPUs and engines on one small page.

use std::io::Write;
use std::time::Duration;

use super::agent_args::AgentArgs;
use super::answering_engines::AnsweringEngines;
use super::global::Global;
use super::reload::{begin_again, until_ended};
use super::sources::SourcePlan;
use super::target_states::GpuStates;
use super::{Failure, listen, log, out};
use crate::clock::Clock;
use crate::http;
use crate::platform::{KeptListener, ServerSignal, ShutdownSignals};
use crate::reading::NodeName;
use crate::session::Relay;
use crate::source::nvml::{Nvml, NvmlSettings, PollPace, Version};
use crate::source::{Source, scrape, source_of};
use crate::wire;

/// What separates two pages on a pipe: the end of a page in OpenMetrics, and a comment in the older format.
const END_OF_PAGE: &[u8] = b"# EOF\n";

/// Polls the driver and the engines and serves their page until a signal asks for the end.
pub(super) fn run(global: &Global, args: &AgentArgs) -> Result<(), Failure> {
    let plan = plan_of(global, args)?;
    plan.warn_of_duplicates();
    // On a pipe the standard error is for what went wrong only.
    if !args.stdio || plan.settings.log.is_some() || global.log.is_some() {
        log::start(global, &plan.settings)?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut kept = None;
    let ended = runtime.block_on(async {
        let mut shutdown = ShutdownSignals::new()?;
        let listener = if args.stdio { None } else { Some(listen::bind(&args.listen, &args.access).await?) };
        if let Some((listener, access)) = &listener {
            kept = Some(KeptListener::of(listener)?);
            listen::announce(listener, access)?;
            tracing::info!(address = %listener.local_addr()?, "serving");
        }
        let ((feed, agent), mut gpus, mut engines) = (http::agent(), GpuStates::default(), AnsweringEngines::default());
        let scrapes = scrape::Settings::default();
        let (sources, version) = sources(&plan, &scrapes);
        let relay = Relay::start(sources, plan.discovery(&scrapes), plan.interval(), &Clock::System);
        let readings = relay.each(|event| {
            gpus.log(&event);
            engines.log(&event);
            feed.publish(event, version.as_ref().and_then(Version::get));
        });
        let serving = async {
            match listener {
                Some((listener, access)) => {
                    wire::serve(listener, access, move |request| agent.answer(&request)).await;
                    Ok(())
                }
                None => write_pages(agent, plan.interval()).await,
            }
        };
        tokio::select! {
            ended = serving => ended?,
            () = readings => {}
            signal = until_ended(&mut shutdown, || plan_of(global, args).map(drop)) => return Ok(signal),
        }
        Ok::<_, Failure>(ServerSignal::End)
    })?;
    tracing::info!("{}", if ended == ServerSignal::Reload { "begins again" } else { "ended" });
    // A call of the driver that never returns must not hold the process.
    runtime.shutdown_background();
    if ended == ServerSignal::Reload && !args.stdio { Err(begin_again(kept)) } else { Ok(()) }
}

/// The driver of this node and its engines.
fn plan_of(global: &Global, args: &AgentArgs) -> Result<SourcePlan, Failure> {
    SourcePlan::of_node(global, &args.targets, args.node.as_deref().map(NodeName::new))
}

/// The driver, unless it is off, and the engines that were named.
fn sources(plan: &SourcePlan, scrapes: &scrape::Settings) -> (Vec<Box<dyn Source>>, Option<Version>) {
    let mut sources: Vec<_> = plan.targets.iter().map(|target| source_of(target, scrapes)).collect();
    if !plan.driver {
        return (sources, None);
    }
    let (library, pace) = (plan.settings.nvml_lib.clone(), PollPace::Every(plan.interval()));
    let driver = Nvml::new(NvmlSettings { library, pace, ..NvmlSettings::new(plan.node.clone()) });
    let version = driver.version();
    sources.push(Box::new(driver));
    (sources, Some(version))
}

/// The wait for the first readings before the first page.
const FIRST_PAGE: Duration = Duration::from_millis(300);

/// Writes a page every interval until the pipe is closed.
async fn write_pages(agent: http::Agent, interval: Duration) -> Result<(), Failure> {
    tokio::time::sleep(FIRST_PAGE.min(interval)).await;
    let mut ticks = tokio::time::interval(interval);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    loop {
        ticks.tick().await;
        let Some(page) = agent.page() else { continue };
        let write = move || {
            let mut out = out::Stdout::default();
            out.write_all(&page)?;
            out.write_all(END_OF_PAGE)?;
            out.flush()?;
            Ok::<_, std::io::Error>(out.is_closed())
        };
        // A reader that is slow holds up neither the driver nor the engines.
        let written = tokio::task::spawn_blocking(write).await;
        if written.unwrap_or(Ok(true))? {
            return Ok(());
        }
    }
}

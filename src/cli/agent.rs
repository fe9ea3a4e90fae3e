//! `margintop agent`: this node's GPUs on one small page, under dcgm-exporter's names.

use super::global::Global;
use super::settings::settings;
use super::target_states::GpuStates;
use super::{Failure, listen, log};
use crate::clock::Clock;
use crate::http;
use crate::platform::{ShutdownSignals, host_name};
use crate::reading::NodeName;
use crate::session::Relay;
use crate::source::nvml::{Nvml, NvmlSettings, PollPace};
use crate::wire;

/// Polls the driver and serves its page until a signal asks for the end.
pub(super) fn run(global: &Global, address: &str, node: Option<&str>) -> Result<(), Failure> {
    let settings = settings(global)?;
    log::start(global, &settings)?;
    let node = NodeName::new(&node.map_or_else(host_name, str::to_owned));
    let (library, pace) = (settings.nvml_lib, PollPace::Every(settings.interval));
    let driver = Nvml::new(NvmlSettings { library, pace, ..NvmlSettings::new(node) });
    let version = driver.version();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut shutdown = ShutdownSignals::new()?;
        let listener = listen::bind(address).await?;
        listen::announce(&listener)?;
        tracing::info!(address = %listener.local_addr()?, "serving");
        let ((feed, agent), mut gpus) = (http::agent(), GpuStates::default());
        let readings = Relay::start(vec![Box::new(driver)], settings.interval, &Clock::System).each(|event| {
            gpus.log(&event);
            feed.publish(event, version.get());
        });
        let serving = wire::serve(listener, move |request| agent.answer(&request));
        tokio::select! {
            _ = async { tokio::join!(serving, readings) } => {}
            () = shutdown.received() => {}
        }
        tracing::info!("ended");
        Ok::<_, Failure>(())
    })?;
    // A call of the driver that never returns must not hold the process.
    runtime.shutdown_background();
    Ok(())
}

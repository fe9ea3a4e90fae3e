//! `margintop agent`: this node's GPUs on one small page, under dcgm-exporter's names.

use super::global::Global;
use super::sources::settings;
use super::target_states::GpuStates;
use super::{Failure, listen, log};
use crate::clock::Clock;
use crate::http;
use crate::platform::host_name;
use crate::reading::NodeName;
use crate::source::nvml::{Nvml, NvmlSettings, PollPace};
use crate::source::{Source, SourceMessage, sink};
use crate::wire;

/// Polls the driver and serves its page until the process is ended.
pub(super) fn run(global: &Global, address: &str, node: Option<&str>) -> Result<(), Failure> {
    let settings = settings(global)?;
    log::start(global, &settings)?;
    let node = NodeName::new(&node.map_or_else(host_name, str::to_owned));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = listen::bind(address).await?;
        listen::announce(&listener)?;
        tracing::info!(address = %listener.local_addr()?, "serving");
        let (feed, agent) = http::agent();
        let (library, pace) = (settings.nvml_lib, PollPace::Every(settings.interval));
        let mut driver = Nvml::new(NvmlSettings { library, pace, ..NvmlSettings::new(node) });
        let (sink, mut outlet) = sink();
        driver.start(sink, &Clock::System);
        let version = driver.version();
        let mut gpus = GpuStates::default();
        let publish = async {
            while let Some(said) = outlet.recv().await {
                let SourceMessage::Events(events) = said else { continue };
                for event in events {
                    gpus.log(&event);
                    feed.publish(event, version.get());
                }
            }
        };
        tokio::join!(wire::serve(listener, move |request| agent.answer(&request)), publish);
        Ok(())
    })
}

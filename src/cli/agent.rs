//! `margintop agent`: this node's GPUs on one small page, under dcgm-exporter's names.

use std::io::Write;

use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::global::Global;
use super::serve::cannot_listen;
use super::sources::settings;
use super::target_states::GpuStates;
use super::{Failure, log};
use crate::clock::Clock;
use crate::http;
use crate::platform::host_name;
use crate::reading::NodeName;
use crate::source::nvml::{Driver, NvmlSettings, Pace};
use crate::wire;

pub(super) fn run(global: &Global, listen: &str, node: Option<&str>) -> Result<(), Failure> {
    let settings = settings(global)?;
    log::start(global, &settings)?;
    let node = NodeName::new(&node.map_or_else(host_name, str::to_owned));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(listen).await.map_err(|error| cannot_listen(listen, &error))?;
        let mut out = super::out::Stdout::default();
        writeln!(out, "http://{}", listener.local_addr()?)?;
        out.flush()?;
        tracing::info!(address = %listener.local_addr()?, "serving");
        let (feed, agent) = http::agent();
        let (tell, mut looks) = mpsc::unbounded_channel();
        let source = NvmlSettings {
            library: settings.nvml_lib,
            pace: Pace::Every(settings.interval),
            ..NvmlSettings::new(node)
        };
        let driver = Driver::start(source, Clock::System, move |event| drop(tell.send(event)));
        let mut gpus = GpuStates::default();
        let publish = async {
            while let Some(event) = looks.recv().await {
                gpus.log(&event);
                feed.publish(event, driver.version());
            }
        };
        tokio::join!(wire::serve(listener, move |request| agent.answer(&request)), publish);
        Ok(())
    })
}

//! `margintop agent`: this node's GPUs on one small page, under dcgm-exporter's names.

use std::io::Write;

use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::Failure;
use super::args::Global;
use super::sources::settings;
use crate::clock::Clock;
use crate::http;
use crate::reading::NodeName;
use crate::source::nvml::{Driver, NvmlSettings, Pace};
use crate::wire;

pub(super) fn run(global: &Global, listen: &str, node: Option<&str>) -> Result<(), Failure> {
    let settings = settings(global)?;
    let host = rustix::system::uname();
    let node = NodeName::new(node.unwrap_or(&host.nodename().to_string_lossy()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(listen)
            .await
            .map_err(|error| Failure::Run(format!("{listen}: {error}; choose another address with --listen")))?;
        let mut out = super::out::Stdout::default();
        writeln!(out, "http://{}", listener.local_addr()?)?;
        out.flush()?;
        let (feed, agent) = http::agent();
        let (tell, mut looks) = mpsc::unbounded_channel();
        let source = NvmlSettings {
            library: settings.nvml_lib,
            pace: Pace::Every(settings.interval),
            ..NvmlSettings::new(node)
        };
        let driver = Driver::start(source, Clock::System, move |event| drop(tell.send(event)));
        let publish = async {
            while let Some(event) = looks.recv().await {
                feed.publish(event, driver.version());
            }
        };
        tokio::join!(wire::serve(listener, move |request| agent.answer(&request)), publish);
        Ok(())
    })
}

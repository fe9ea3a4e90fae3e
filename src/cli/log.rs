//! The log of `serve` and `agent`: lines of text or JSON, on the standard error or in a file.

use std::fs::OpenOptions;
use std::path::Path;
use std::sync::Mutex;

use tracing::Level;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;

use super::Failure;
use super::global::Global;
use crate::clock::Clock;
use crate::config::{LogFormat, Settings, parse_format, parse_level};
use crate::system_error::system_error;

/// The time of a line, from the module `clock`.
struct WallClock;

impl FormatTime for WallClock {
    fn format_time(&self, w: &mut Writer<'_>) -> std::fmt::Result {
        // All lines have the same width.
        write!(w, "{}", Clock::System.now().wall.instant().strftime("%Y-%m-%dT%H:%M:%S%.3fZ"))
    }
}

/// Where a log goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LogPlace {
    /// To the standard error, among messages to people.
    Text,
    /// To the standard error, which has lines of JSON only.
    Json,
    /// To a file.
    File,
}

/// Starts the log. Flags take precedence over variables, and those over the configuration.
pub(super) fn start(global: &Global, settings: &Settings) -> Result<LogPlace, Failure> {
    let level = global.log_level.as_deref().map(parse_level).transpose().map_err(Failure::Usage)?;
    let format = global.log_format.as_deref().map(parse_format).transpose().map_err(Failure::Usage)?;
    let level = level.or(settings.log_level).unwrap_or(Level::INFO);
    let format = format.unwrap_or(settings.log_format);
    match global.log.as_deref().or(settings.log.as_deref()) {
        None => {
            install(level, format, std::io::stderr);
            Ok(if format == LogFormat::Json { LogPlace::Json } else { LogPlace::Text })
        }
        Some(path) => {
            install(level, format, Mutex::new(open(path)?));
            Ok(LogPlace::File)
        }
    }
}

/// Opens a file for appending, so that a program that rotates logs can move or truncate it.
fn open(path: &Path) -> Result<std::fs::File, Failure> {
    let opened = OpenOptions::new().create(true).append(true).open(path);
    opened.map_err(|error| {
        Failure::Run(format!(
            "{}: {}; name another file with --log, or none for the standard error",
            path.display(),
            system_error(&error)
        ))
    })
}

fn install<W>(level: Level, format: LogFormat, writer: W)
where
    W: for<'w> tracing_subscriber::fmt::MakeWriter<'w> + Send + Sync + 'static,
{
    let log = tracing_subscriber::fmt().with_max_level(level).with_target(false).with_ansi(false).with_timer(WallClock);
    // In a test, another log may be installed already.
    let _ = match format {
        LogFormat::Text => tracing::subscriber::set_global_default(log.with_writer(writer).finish()),
        LogFormat::Json => {
            tracing::subscriber::set_global_default(log.json().flatten_event(true).with_writer(writer).finish())
        }
    };
}

//! The global flags; a subcommand warns of those that have no effect on it. Each has a `MARGINTOP_*` variable and a key
//! in the configuration.
#![allow(clippy::doc_markdown, reason = "these comments are what --help prints")]

use std::path::PathBuf;

use clap::Args;

/// The global flags.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct Global {
    /// The configuration [default: $XDG_CONFIG_HOME/margintop/margintop.toml]
    #[arg(long, global = true, display_order = 100, value_name = "FILE", env = "MARGINTOP_CONFIG")]
    pub(super) config: Option<PathBuf>,

    /// The interval between polls of a source [default: 1s]
    #[arg(
        long,
        global = true,
        help_heading = "Sources",
        display_order = 101,
        value_name = "DURATION",
        env = "MARGINTOP_INTERVAL"
    )]
    pub(super) interval: Option<String>,

    /// A theme; `margintop themes` lists them
    #[arg(
        long,
        global = true,
        help_heading = "Display",
        display_order = 105,
        value_name = "NAME",
        env = "MARGINTOP_THEME"
    )]
    pub(super) theme: Option<String>,

    /// The NVIDIA driver library [default: libnvidia-ml.so.1]
    #[arg(
        long,
        global = true,
        help_heading = "Sources",
        display_order = 102,
        value_name = "PATH",
        env = "MARGINTOP_NVML_LIB"
    )]
    pub(super) nvml_lib: Option<PathBuf>,

    /// When to use colour: auto, always or never
    #[arg(
        long,
        global = true,
        help_heading = "Display",
        display_order = 106,
        value_name = "WHEN",
        env = "MARGINTOP_COLOR"
    )]
    pub(super) color: Option<String>,

    /// A hub whose fleet is shown: what `margintop serve` prints [default: one on 127.0.0.1:9546, if no target is named]
    #[arg(
        long,
        global = true,
        help_heading = "Sources",
        display_order = 103,
        value_name = "URL",
        env = "MARGINTOP_ATTACH"
    )]
    pub(super) attach: Option<String>,

    /// The role of a target: URL=prefill, URL=decode or URL=unified
    #[arg(
        long,
        global = true,
        help_heading = "Sources",
        display_order = 103,
        value_name = "URL=ROLE",
        env = "MARGINTOP_ROLE",
        value_delimiter = ','
    )]
    pub(super) role: Vec<String>,

    /// Where money is kept: a file, or `none` for memory [default: $XDG_STATE_HOME/margintop/ledger.db]
    #[arg(
        long,
        global = true,
        help_heading = "Money",
        display_order = 104,
        value_name = "PATH|none",
        env = "MARGINTOP_LEDGER"
    )]
    pub(super) ledger: Option<String>,

    /// Where the log of `serve` and `agent` goes [default: the standard error]
    #[arg(long, global = true, help_heading = "Log", display_order = 107, value_name = "FILE", env = "MARGINTOP_LOG")]
    pub(super) log: Option<PathBuf>,

    /// What is logged: error, warn, info, debug or trace [default: info]
    #[arg(
        long,
        global = true,
        help_heading = "Log",
        display_order = 108,
        value_name = "LEVEL",
        env = "MARGINTOP_LOG_LEVEL"
    )]
    pub(super) log_level: Option<String>,

    /// How it is written: text or json [default: text]
    #[arg(
        long,
        global = true,
        help_heading = "Log",
        display_order = 109,
        value_name = "FORM",
        env = "MARGINTOP_LOG_FORMAT"
    )]
    pub(super) log_format: Option<String>,

    /// The flags that were set by their variables.
    #[arg(skip)]
    pub(super) from_environment: Vec<&'static str>,
}

impl Global {
    /// A message about a file, with the variable that names the file.
    pub(super) fn with_variable(&self, why: &str) -> String {
        let ledger = self.ledger.as_ref().map(PathBuf::from);
        let files = [("config", &self.config), ("ledger", &ledger), ("log", &self.log)];
        let named: Vec<(&str, String)> = files
            .into_iter()
            .filter(|(flag, _)| self.from_environment.contains(flag))
            .filter_map(|(flag, path)| Some((flag, format!("{}: ", path.as_ref()?.display()))))
            .collect();
        let line = |line: &str| match named.iter().find(|(_, path)| line.starts_with(path)) {
            Some((flag, _)) => format!("{line}; {} names this file", self.given(flag)),
            None => line.to_owned(),
        };
        why.lines().map(line).collect::<Vec<_>>().join("\n")
    }

    /// The name of a flag as it was given, for messages: `--interval` or `MARGINTOP_INTERVAL`.
    pub(super) fn given(&self, flag: &str) -> String {
        if self.from_environment.contains(&flag) {
            format!("MARGINTOP_{}", flag.to_uppercase())
        } else {
            format!("--{}", flag.replace('_', "-"))
        }
    }
}

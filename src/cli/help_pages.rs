//! What the help of each subcommand has beside its own flags.

/// The ids of the global flags, as in `takes` of a page.
pub(super) const GLOBAL: [&str; 11] =
    ["config", "interval", "theme", "nvml_lib", "color", "attach", "role", "ledger", "log", "log_level", "log_format"];

/// The help of one subcommand beside its own flags.
pub(super) struct HelpText {
    /// The subcommand's names from the outermost one.
    pub(super) path: &'static [&'static str],
    /// The flags of `GLOBAL` that it takes in addition to those that every subcommand accepts.
    pub(super) takes: &'static [&'static str],
    pub(super) examples: &'static str,
    /// The document with more.
    pub(super) read: &'static str,
}

/// The flags of subcommands that watch targets.
const WATCH: [&str; 4] = ["interval", "nvml_lib", "role", "ledger"];

/// The flags of the dashboard.
pub(super) const DASHBOARD_TAKES: [&str; 6] = ["interval", "theme", "nvml_lib", "attach", "role", "ledger"];

macro_rules! page {
    ($path:expr, $takes:expr, $examples:expr, $read:expr $(,)?) => {
        HelpText { path: &$path, takes: &$takes, examples: $examples, read: $read }
    };
}

pub(super) const PAGES: &[HelpText] = &[
    page!(
        ["once"],
        ["interval", "nvml_lib", "attach", "role", "ledger"],
        "  margintop once --json                          this box, as one JSON object
  margintop once http://gpu-01:8000 --for 10s    an engine, rates over 10 s
  margintop once page.prom --text                a metrics page that was saved",
        "docs/JSON.md",
    ),
    page!(
        ["report"],
        ["ledger"],
        "  margintop report --since yesterday --by model
  margintop report --since 7d --by day --csv > week.csv
  margintop report --what-if hit_rate=0.6 --what-if nodes=8",
        "docs/LEDGER.md",
    ),
    page!(
        ["reconcile"],
        ["ledger"],
        "  margintop reconcile invoice.csv --since 2026-11
  margintop reconcile spend.json --json",
        "docs/LEDGER.md",
    ),
    page!(
        ["record"],
        WATCH,
        "  margintop record night.rec http://gpu-01:8000 --for 8h
  margintop record bug.rec --redact --for 5m     this box, names as hashes",
        "README.md",
    ),
    page!(
        ["replay"],
        ["theme", "ledger"],
        "  margintop replay night.rec --speed 60           an hour a minute
  margintop replay night.rec --at 15m --loop      its last quarter hour first
  margintop replay night.rec --at 03:10 --json    the present as it was then",
        "README.md",
    ),
    page!(
        ["demo"],
        ["interval", "theme", "ledger"],
        "  margintop demo                         twelve nodes, on the dashboard
  margintop demo --nodes 278 --json      one poll of a large fleet
  margintop demo --deepseek-day          the published day, in a minute",
        "README.md",
    ),
    page!(
        ["agent"],
        ["interval", "nvml_lib", "log", "log_level", "log_format"],
        "  margintop agent                           this node's GPUs, for this node only
  margintop agent --listen 0.0.0.0:9545 --token-file /etc/margintop/token",
        "docs/FLEET.md",
    ),
    page!(
        ["serve"],
        ["interval", "nvml_lib", "role", "ledger", "log", "log_level", "log_format"],
        "  margintop serve http://gpu-01:8000 http://gpu-02:8000
  margintop serve --listen 0.0.0.0:9546 --token-file /etc/margintop/token
  margintop --attach http://127.0.0.1:9546       the dashboard of a hub",
        "docs/FLEET.md",
    ),
    page!(
        ["ledger"],
        ["ledger"],
        "  margintop ledger verify
  margintop ledger disputes
  margintop ledger export ledger.jsonl",
        "docs/LEDGER.md",
    ),
    page!(
        ["ledger", "verify"],
        ["ledger"],
        "  margintop ledger verify
  margintop ledger verify --ledger copy.db",
        "docs/LEDGER.md"
    ),
    page!(
        ["ledger", "export"],
        ["ledger"],
        "  margintop ledger export ledger.jsonl
  margintop ledger export | gzip > ledger.jsonl.gz",
        "docs/LEDGER.md"
    ),
    page!(
        ["ledger", "import"],
        ["ledger"],
        "  margintop ledger import ledger.jsonl --ledger new.db
  zcat ledger.jsonl.gz > l.jsonl && margintop ledger import l.jsonl --ledger new.db",
        "docs/LEDGER.md"
    ),
    page!(
        ["ledger", "disputes"],
        ["ledger"],
        "  margintop ledger disputes
  margintop ledger disputes accept 3
  margintop ledger disputes --all --json",
        "docs/COUNTING.md"
    ),
    page!(
        ["ledger", "disputes", "accept"],
        ["ledger"],
        "  margintop ledger disputes accept 3
  margintop ledger disputes accept 3 --ledger /var/lib/margintop/ledger.db",
        "docs/COUNTING.md"
    ),
    page!(
        ["ledger", "disputes", "reject"],
        ["ledger"],
        "  margintop ledger disputes reject 3
  margintop ledger disputes reject 3 --ledger /var/lib/margintop/ledger.db",
        "docs/COUNTING.md"
    ),
    page!(
        ["ledger", "reset-target"],
        ["ledger"],
        "  margintop ledger reset-target http://gpu-01:8000
  margintop ledger reset-target gpu-01:8000 --ledger /var/lib/margintop/ledger.db",
        "docs/COUNTING.md"
    ),
    page!(
        ["lease"],
        ["ledger"],
        "  margintop lease list
  margintop lease end gpu-18",
        "docs/LEDGER.md"
    ),
    page!(
        ["lease", "list"],
        ["ledger"],
        "  margintop lease list
  margintop lease list --json",
        "docs/LEDGER.md"
    ),
    page!(
        ["lease", "end"],
        ["ledger"],
        "  margintop lease end gpu-18
  margintop lease end gpu-18 --at yesterday
  margintop lease end gpu-18 --at 2026-11-30T12:00",
        "docs/LEDGER.md"
    ),
    page!(
        ["mark"],
        ["ledger"],
        "  margintop mark \"deploy 1.4\"
  margintop mark \"new prices\" --at 15m",
        "docs/LEDGER.md"
    ),
    page!(
        ["price"],
        [],
        "  margintop price --model deepseek-r1 --input 608e9 --cached 342e9 --output 168e9
  margintop price --from result.json --gpus 8 --list deepseek-v3.2
  margintop price --lists",
        "README.md",
    ),
    page!(
        ["config"],
        [],
        "  margintop config init
  margintop config check",
        "README.md"
    ),
    page!(
        ["config", "init"],
        [],
        "  margintop config init
  margintop config init --config ./margintop.toml",
        "README.md"
    ),
    page!(
        ["config", "check"],
        GLOBAL,
        "  margintop config check
  margintop config check --config ./margintop.toml",
        "README.md"
    ),
    page!(
        ["config", "print"],
        [],
        "  margintop config print
  margintop config print > copy.toml",
        "README.md"
    ),
    page!(
        ["config", "import-prices"],
        [],
        "  margintop config import-prices model_prices_and_context_window.json > prices.toml
  margintop config import-prices api.json > prices.toml",
        "README.md"
    ),
    page!(
        ["themes"],
        [],
        "  margintop themes
  margintop themes dark > ~/.config/margintop/themes/mine.toml",
        "README.md"
    ),
    page!(
        ["completions"],
        [],
        "  margintop completions bash > ~/.local/share/bash-completion/completions/margintop
  margintop completions fish > ~/.config/fish/completions/margintop.fish",
        "README.md"
    ),
    page!(
        ["man"],
        [],
        "  margintop man | man -l -
  margintop man > /usr/local/share/man/man1/margintop.1",
        "README.md"
    ),
];

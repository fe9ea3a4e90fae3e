//! The input of panes: the app and the snapshot, with functions that several panes need.

use jiff::tz::TimeZone;

use super::app::{App, RefreshPace};
use super::figures_of;
use super::format;
use super::theme::Role;
use super::view::ViewId;
use crate::reading::{EngineKind, Health, Label};
use crate::snapshot::{EngineRow, GpuRow, NodeRow, Snapshot};
use crate::units::{Money, Ratio, Span, Timestamp};

/// The input of one frame.
#[derive(Clone, Copy)]
pub struct FrameInput<'a> {
    /// The dashboard's own state.
    pub app: &'a App,
    /// The snapshot.
    pub snap: &'a Snapshot,
    /// Columns and rows of the screen.
    pub size: (u16, u16),
}

impl<'a> FrameInput<'a> {
    /// The whole screen.
    pub fn area(&self) -> ratatui::layout::Rect {
        ratatui::layout::Rect::new(0, 0, self.size.0, self.size.1)
    }

    /// The ledger's currency.
    pub fn currency(&self) -> &'a str {
        self.snap.money.currency.as_str()
    }

    /// Whether GPUs of several rates are paid: what a GPU-hour costs is a mean then.
    pub fn has_several_rates(&self) -> bool {
        self.snap.money.rates.len() > 1
    }

    /// A ratio of money or load; unknown in the first minute, in which it is one of a few tokens.
    pub fn settled_ratio(&self, ratio: Option<Ratio>) -> Option<Ratio> {
        let is_young = self.snap.money.since.is_some_and(|since| self.snap.at - since < Span::MINUTE);
        ratio.filter(|_| !is_young)
    }

    /// The zone of shown times.
    pub fn zone(&self) -> &'a TimeZone {
        &self.app.zone
    }

    /// The age of something, at a pace at which seconds can be read.
    pub fn ago(&self, at: Timestamp) -> Span {
        self.at(RefreshPace::FiveSeconds).snap.at - at
    }

    /// An amount in at most `cells` cells.
    pub fn money(&self, amount: Option<Money>, cells: usize) -> String {
        format::amount_within(amount, self.currency(), cells)
    }

    /// The heading of amounts an hour: `$/h`.
    pub fn an_hour(&self) -> String {
        format!("{}/h", format::symbol(self.currency()).trim_end())
    }

    /// Whether nothing has been polled yet.
    pub fn is_blank(&self) -> bool {
        let Snapshot { nodes, engines, coverage, .. } = self.snap;
        // The snapshot of some paces has no rows.
        nodes.is_empty() && engines.is_empty() && coverage.nodes_known == 0 && coverage.engines_known == 0
    }

    /// The view that is drawn: the open one, unless no view has anything to show.
    pub fn shown_view(&self) -> ViewId {
        if self.finds_nothing() { ViewId::NOTHING } else { self.app.view() }
    }

    /// Whether nothing was found yet, and the open view has nothing to show without it.
    pub fn finds_nothing(&self) -> bool {
        let is_nothing = self.is_blank() && !self.snap.source_errors.is_empty();
        is_nothing && !self.app.view().view().needs_no_fleet()
    }

    /// The same for a snapshot that changes more slowly.
    #[must_use]
    pub fn at(&self, pace: RefreshPace) -> Self {
        Self { snap: self.app.snapshots.at(pace), ..*self }
    }

    /// The same for rates: amounts an hour and tokens a second stand at several places of a frame and in several views, so
    /// all of them change together, at the pace of the tables that add them up.
    #[must_use]
    pub fn rates(&self) -> Self {
        self.at(RefreshPace::FiveSeconds)
    }

    /// The mean KV cache use of a node's engines.
    pub fn kv_of(&self, node: &NodeRow) -> Option<Ratio> {
        let rows = self.snap.engines.iter().filter(|row| row.node == node.name && !row.in_engine_row);
        let known: Vec<f64> = rows.filter_map(|row| row.kv_usage).map(Ratio::get).collect();
        Ratio::of(known.iter().sum(), known.len() as f64)
    }

    /// Every GPU, with its node.
    pub fn gpu_lines(&self) -> Vec<GpuLine<'a>> {
        let nodes = self.snap.nodes.iter().enumerate();
        nodes
            .flat_map(|(node_at, node)| {
                let gpus = node.gpus.iter().enumerate();
                gpus.map(move |(gpu_at, gpu)| GpuLine { node_at, gpu_at, node, gpu })
            })
            .filter(|line| self.app.filter.accepts_with(&line.fields(), |key| figures_of::of_gpu(line.gpu, key)))
            .collect()
    }
}

/// A GPU, its node, and the positions of both in the snapshot.
#[derive(Clone, Copy)]
#[allow(missing_docs, reason = "the names say it")]
pub struct GpuLine<'a> {
    pub node_at: usize,
    pub gpu_at: usize,
    pub node: &'a NodeRow,
    pub gpu: &'a GpuRow,
}

impl<'a> GpuLine<'a> {
    /// The figures that a filter reads.
    pub fn fields(&self) -> [(&'static str, &'a str); 3] {
        let unit = self.node.unit.as_ref().map_or("", |u| u.as_str());
        [("node", self.node.name.as_str()), ("unit", unit), ("gpu", self.gpu.name.as_ref().map_or("", Label::as_str))]
    }
}

/// The glyph in front of a row, and its role.
pub fn mark(state: Health) -> (Role, &'static str) {
    match state {
        Health::Live => (Role::Dim, " "),
        Health::Stale => (Role::Warning, "?"),
        Health::Lost => (Role::Critical, "×"),
        Health::Never => (Role::Dim, "…"),
    }
}

/// The role of a row's texts, if they have none of their own.
pub fn tone(state: Health) -> Option<Role> {
    match state {
        Health::Live => None,
        Health::Lost => Some(Role::Critical),
        Health::Stale | Health::Never => Some(Role::Dim),
    }
}

/// A GPU's short name, without maker and memory: `H100`, `RTX 4090`.
pub fn short_gpu(name: Option<&Label>) -> String {
    let Some(name) = name else { return format::UNKNOWN.to_owned() };
    let mut words = name
        .as_str()
        .split([' ', '-'])
        .filter(|word| !matches!(*word, "NVIDIA" | "AMD" | "Tesla" | "GeForce" | "Instinct" | "Graphics" | ""));
    let Some(first) = words.next() else { return name.to_string() };
    match (first, words.next()) {
        ("RTX" | "GTX" | "Quadro" | "TITAN" | "Radeon", Some(second)) => format!("{first} {second}"),
        _ => first.to_owned(),
    }
}

/// A short form of a target: `:8000` on this machine, else `host:port`.
pub fn short_target(row: &EngineRow) -> String {
    short_address(row.target.as_str())
}

/// A short form of an alert's subject: targets without scheme and path.
fn short_subject(subject: &str) -> String {
    let short = |word: &str| if word.contains("://") { short_address(word) } else { word.to_owned() };
    subject.split(' ').map(short).collect::<Vec<_>>().join(" ")
}

/// `gpu-0008 sglang r0` of `http://127.0.1.8:30000/metrics rank 0`; with its port if several engines of a node have
/// addresses of their own.
pub fn subject_in(snapshot: &Snapshot, subject: &str) -> String {
    let (word, rest) = subject.split_once(' ').map_or((subject, ""), |(word, rest)| (word, rest));
    let engines = || snapshot.engines.iter();
    let Some(row) = engines().find(|row| row.target.as_str() == word).filter(|row| !row.node.as_str().is_empty())
    else {
        return short_subject(subject);
    };
    let is_shared = engines().any(|other| other.node == row.node && other.target != row.target);
    let place = short_target(row);
    let port = match place.rsplit_once(':') {
        Some((_, port)) if is_shared => format!(" :{port}"),
        _ => String::new(),
    };
    let rest = match rest.strip_prefix("rank ") {
        Some(rank) => format!(" r{rank}"),
        None if rest.is_empty() => String::new(),
        None => format!(" {rest}"),
    };
    format!("{} {}{port}{rest}", row.node, software(row.kind))
}

/// The kind of an engine, as its name begins; "engine" before its page was read.
pub fn software(kind: EngineKind) -> String {
    if kind == EngineKind::UNKNOWN { "engine".to_owned() } else { kind.to_string() }
}

/// The same of an address.
pub fn short_address(text: &str) -> String {
    let bare = text.split_once("://").map_or(text, |(_, rest)| rest);
    let place = bare.split('/').next().unwrap_or(bare);
    let here = ["127.0.0.1:", "localhost:", "[::1]:"].into_iter().find_map(|host| place.strip_prefix(host));
    here.map_or_else(|| place.to_owned(), |port| format!(":{port}"))
}

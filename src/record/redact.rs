//! Replaces names by hashes, so that a recording can be shared without telling whose fleet it is of.
//!
//! A name has one hash within a recording and another in the next. Each struct is destructured field by field, so that a
//! new field does not compile until it is handled.

use std::borrow::Cow;
use std::hash::{BuildHasher, RandomState};

use super::{RecordingEntry, RecordingHeader};
use crate::fleet::TargetInfo;
use crate::reading::{
    CounterSeries, EngineReading, Event, GpuHost, GpuId, GpuProcess, GpuReading, InstanceId, Label, ModelAlias,
    ModelName, NodeName, PageReading, Refusals, ScrapeError, SeriesValue, SourceError, SourceErrorKind, TargetId,
    UnitName,
};

/// Hashes names with a random key that is stored nowhere.
#[derive(Debug, Default)]
pub struct Redactor {
    key: RandomState,
}

/// The replacement of a text that may contain names.
const WORDS: &str = "(left out)";

impl Redactor {
    fn hash(&self, kind: &str, name: &str) -> String {
        // 40 bits: a fleet of ten thousand names has two of one hash once in 20,000 recordings.
        format!("{kind}-{:010x}", self.key.hash_one(name) >> 24)
    }

    fn node(&self, node: &NodeName) -> NodeName {
        NodeName::new(&self.hash("node", node.as_str()))
    }

    fn target(&self, target: &TargetId) -> TargetId {
        TargetId::new(&self.hash("target", target.as_str()))
    }

    fn label(&self, kind: &str, label: &Label) -> Label {
        Label::new(&self.hash(kind, label.as_str()))
    }

    fn model(&self, model: &ModelName) -> ModelName {
        // Spellings of one model get one hash.
        if model.is_placeholder() { model.clone() } else { ModelName::new(&self.hash("model", &model.canonical())) }
    }

    fn instance(&self, instance: &InstanceId) -> InstanceId {
        // The version of a model is not a name, and prices depend on it.
        let kind = if instance.is_version() { InstanceId::VERSION } else { "" };
        InstanceId::new(&format!("{kind}{}", self.hash("instance", instance.as_str())))
    }

    /// Replaces the names of the first line.
    pub(super) fn header(&self, header: &mut RecordingHeader) {
        let RecordingHeader { recording: _, began: _, local, interval: _, window: _, targets, redacted, zone: _ } =
            header;
        *local = self.node(local);
        for target in targets.iter_mut() {
            self.info(target);
        }
        *redacted = true;
    }

    /// An entry with other names.
    pub(super) fn entry(&self, entry: RecordingEntry<'_>) -> RecordingEntry<'static> {
        match entry {
            RecordingEntry::Events(events) => {
                let mut events = events.into_owned();
                for event in &mut events {
                    self.event(event);
                }
                RecordingEntry::Events(Cow::Owned(events))
            }
            RecordingEntry::Targets(targets) => {
                let mut targets = targets.into_owned();
                for target in &mut targets {
                    self.info(target);
                }
                RecordingEntry::Targets(Cow::Owned(targets))
            }
            RecordingEntry::Gone(targets) => {
                RecordingEntry::Gone(targets.iter().map(|target| self.target(target)).collect::<Vec<_>>().into())
            }
            RecordingEntry::Errors(errors) => {
                let mut errors = errors.into_owned();
                for error in &mut errors {
                    self.error(error);
                }
                RecordingEntry::Errors(Cow::Owned(errors))
            }
            RecordingEntry::Interval(interval) => RecordingEntry::Interval(interval),
            RecordingEntry::Missed(missed) => RecordingEntry::Missed(missed),
        }
    }

    fn info(&self, info: &mut TargetInfo) {
        let TargetInfo { target, host, node, unit, role: _, tenant } = info;
        *target = self.target(target);
        *host = host.as_ref().map(|host| self.node(host));
        *node = node.as_ref().map(|node| self.node(node));
        *unit = unit.as_ref().map(|unit| UnitName::new(&self.hash("unit", unit.as_str())));
        *tenant = tenant.as_ref().map(|tenant| self.label("tenant", tenant));
    }

    fn event(&self, event: &mut Event) {
        match event {
            Event::Page { target, at: _, cost: _, outcome } => {
                *target = self.target(target);
                match outcome {
                    Ok(page) => self.page(page),
                    Err(error) => Self::scrape_error(error),
                }
            }
            Event::Gpus { source, node, at: _, outcome } => {
                // The id of this machine's driver contains no name.
                if !source.as_str().ends_with(':') {
                    *source = self.target(source);
                }
                *node = self.node(node);
                match outcome {
                    Ok(gpus) => gpus.iter_mut().for_each(|gpu| self.gpu(gpu)),
                    Err(error) => self.error(error),
                }
            }
            Event::Tick(_) => {}
        }
    }

    fn page(&self, page: &mut PageReading) {
        let PageReading {
            kind: _,
            engines,
            instance_starts,
            aliases,
            list_refused,
            gpus,
            gpu_hosts,
            start: _,
            other_starts,
            date: _,
            complete: _,
            refusals,
        } = page;
        for engine in engines.iter_mut() {
            self.engine(engine);
        }
        let others = other_starts.iter_mut().filter_map(|(instance, _)| instance.as_mut());
        for instance in instance_starts.iter_mut().map(|(instance, _)| instance).chain(others) {
            *instance = self.instance(instance);
        }
        for ModelAlias { name, model } in aliases.iter_mut().flatten() {
            (*name, *model) = (self.model(name), self.model(model));
        }
        *list_refused = list_refused.as_ref().map(|_| Label::new(WORDS));
        for GpuHost { host, node, shared } in gpu_hosts {
            *host = self.node(host);
            for name in [node, shared].into_iter().flatten() {
                *name = self.node(name);
            }
        }
        for (node, gpu) in gpus {
            *node = node.as_ref().map(|node| self.node(node));
            self.gpu(gpu);
        }
        let Refusals {
            lines: _,
            values: _,
            over_limit: _,
            too_large: _,
            conflicting: _,
            unreadable: _,
            truncated: _,
            first_line,
            start: _,
        } = refusals;
        *first_line = first_line.as_ref().map(|_| Label::new(WORDS));
    }

    fn engine(&self, engine: &mut EngineReading) {
        let EngineReading {
            kind: _,
            model,
            placeholder: _,
            instance,
            host,
            rank: _,
            role: _,
            tokens: _,
            refused: _,
            series: CounterSeries { prompt, cached, output },
            live: _,
            running: _,
            waiting: _,
            kv_usage: _,
            latency: _,
            preemptions: _,
            speculation: _,
            transferred: _,
            work: _,
            finished: _,
            adapters,
            page,
            listed: _,
            sampled: _,
            repeats: _,
        } = engine;
        *model = model.as_ref().map(|model| self.model(model));
        *instance = instance.as_ref().map(|instance| self.instance(instance));
        *host = host.as_ref().map(|host| self.node(host));
        *page = page.map(|page| self.key.hash_one(page));
        for series in [prompt, cached, output] {
            self.series(series);
        }
        // An adapter may be the model of a row.
        let hashed = |adapter: &Label| Label::new(self.model(&ModelName::new(adapter.as_str())).as_str());
        for adapter in adapters.iter_mut() {
            *adapter = hashed(adapter);
        }
    }

    /// Hashes of labels and addresses can be found by trying names, so they are hashed again, with the key.
    fn series(&self, series: &mut [SeriesValue]) {
        for SeriesValue { series, value: _ } in series.iter_mut() {
            *series = self.key.hash_one(*series);
        }
        series.sort_unstable();
    }

    fn gpu(&self, gpu: &mut GpuReading) {
        let GpuReading {
            index: _,
            id,
            // Of the hardware.
            name: _,
            state: _,
            utilization: _,
            memory_utilization: _,
            memory_used: _,
            memory_total: _,
            power: _,
            power_limit: _,
            energy: _,
            temperature: _,
            sm_clock: _,
            memory_clock: _,
            fan: _,
            ecc: _,
            throttle: _,
            mig: _,
            processes,
            pcie: _,
            activity: _,
            xid: _,
        } = gpu;
        *id = id.as_ref().map(|id| GpuId::from_uuid(&self.hash("GPU", id.as_str())));
        for GpuProcess { pid: _, name, memory: _ } in processes.iter_mut().flatten() {
            *name = name.as_ref().map(|name| self.label("process", name));
        }
    }

    fn error(&self, error: &mut SourceError) {
        let SourceError { kind, source, cause, remedy } = error;
        // The driver and the search are no names.
        if matches!(kind, SourceErrorKind::Port | SourceErrorKind::Other) {
            *source = self.label("target", source);
        }
        *cause = Label::new(WORDS);
        // It may name ports and files.
        *remedy = Label::new(WORDS);
    }

    fn scrape_error(error: &mut ScrapeError) {
        match error {
            ScrapeError::NoSuchHost(words)
            | ScrapeError::NotMetrics(words)
            | ScrapeError::Tls(words)
            | ScrapeError::NotAllowed(words)
            | ScrapeError::Other(words) => *words = Label::new(WORDS),
            ScrapeError::Refused
            | ScrapeError::TimedOut
            | ScrapeError::Status(_)
            | ScrapeError::NeedsPassword(_)
            | ScrapeError::TooLarge(_)
            | ScrapeError::Cut(_)
            | ScrapeError::Unended(_) => {}
        }
    }
}

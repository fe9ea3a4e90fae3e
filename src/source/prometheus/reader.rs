//! Reads the scrapes of all targets of a server, each once, in the order of time.

use std::collections::HashMap;

use super::answer::{ApiError, RawSeries};
use super::api::PrometheusApi;
use super::frames::{self, SETTLED};
use super::page;
use super::replicas::Replicas;
use super::scraped::{ScrapedTarget, ScrapedTargets};
use super::selection::{NameSelection, starts_of};
use crate::reading::{NodeName, PageReading, ScrapeError};
use crate::units::{Span, Timestamp};

/// How far back the first query reaches.
const FIRST: Span = Span::from_secs(180);
/// How many scrapes a query covers at least, so that one that comes late is not missed.
const SCRAPES: i64 = 3;
/// The longest time that one query covers beyond those scrapes.
pub(super) const LONGEST: Span = Span::from_secs(300);
/// The longest time between two scrapes that is looked for: Prometheus itself shows nothing that is older.
const LONGEST_STEP: i64 = 300_000;
/// The time between two questions for names; while none is known, or none has samples. An engine's counter may appear with its
/// first token, and counts from zero once its name is known.
const NAMES_AGAIN: Span = Span::from_secs(60);
const NAMES_SOON: Span = Span::from_secs(15);
/// The most targets of a server.
const TARGETS: usize = 8_192;
/// How long a target without samples is remembered, in milliseconds.
const REMEMBERED: i64 = 3_600_000;

/// One scrape of one target.
#[derive(Debug)]
pub(super) struct TargetScrape {
    /// The target's name.
    pub(super) name: String,
    /// The machine that it runs on.
    pub(super) host: Option<NodeName>,
    /// When it was scraped.
    pub(super) at: Timestamp,
    /// Its page.
    pub(super) outcome: Result<Box<PageReading>, ScrapeError>,
    /// The size of the page in bytes.
    pub(super) bytes: u64,
}

/// Reads one server.
#[derive(Debug)]
pub(super) struct ScrapeReader {
    api: PrometheusApi,
    /// How many scrapes of each target are read of the first answer: the last ones.
    first: usize,
    selection: NameSelection,
    /// When names were asked for.
    named: Option<Timestamp>,
    replicas: Replicas,
    /// The last scrape of each target that was read, in milliseconds since 1970.
    read: HashMap<String, i64>,
    /// Up to when scrapes were asked for.
    asked: Option<Timestamp>,
    /// The longest time between two scrapes of a target.
    step: Option<Span>,
    /// What was left out of the last answer.
    left_out: Option<String>,
}

impl ScrapeReader {
    /// A reader that has read nothing yet. Of the first answer it reads the last `first` scrapes of each target.
    pub(super) fn new(api: PrometheusApi, first: usize) -> Self {
        Self {
            api,
            first,
            selection: NameSelection::default(),
            named: None,
            replicas: Replicas::default(),
            read: HashMap::new(),
            asked: None,
            step: None,
            left_out: None,
        }
    }

    /// The longest time between two scrapes of a target, once known.
    pub(super) const fn step(&self) -> Option<Span> {
        self.step
    }

    /// Up to when scrapes were asked for.
    pub(super) const fn asked(&self) -> Option<Timestamp> {
        self.asked
    }

    /// What was left out of the last answer, and why.
    pub(super) fn left_out(&self) -> Option<&str> {
        self.left_out.as_deref()
    }

    /// The scrapes up to `now` that were not read yet, but at most those of the next five minutes.
    ///
    /// # Errors
    /// Why there is no answer. Nothing is skipped: the next call reads the same scrapes.
    pub(super) async fn read(&mut self, now: Timestamp) -> Result<Vec<TargetScrape>, ScrapeError> {
        self.read_scrapes(now).await.map_err(ApiError::into_failure)
    }

    async fn read_scrapes(&mut self, now: Timestamp) -> Result<Vec<TargetScrape>, ApiError> {
        let until = self.asked.map_or(now, |asked| now.min(asked + LONGEST));
        self.learn_names(until).await?;
        let range = self.asked.map_or(FIRST, |asked| (until - asked).max(Span::ZERO) + self.look_back());
        let series = self.samples(range, until).await?;
        let jobs = jobs(&series);
        let starts =
            if jobs.is_empty() { Vec::new() } else { self.api.samples(&starts_of(&jobs), range, until).await? };
        if series.is_empty() {
            self.named = self.named.map(|named| named.min(until - NAMES_AGAIN + NAMES_SOON));
        }
        let scrapes = self.scrapes(ScrapedTargets::of(series, starts), until);
        self.asked = Some(until);
        Ok(scrapes)
    }

    /// How long before the last question a scrape may have been made that was not there yet.
    fn look_back(&self) -> Span {
        let steps = self.step.map(|step| Span::from_millis(step.millis() * SCRAPES));
        steps.unwrap_or(FIRST) + Span::from_millis(SETTLED)
    }

    async fn learn_names(&mut self, at: Timestamp) -> Result<(), ApiError> {
        let again = if self.selection.is_empty() { Span::ZERO } else { NAMES_AGAIN };
        if self.named.is_some_and(|named| at - named < again) {
            return Ok(());
        }
        let names = self.api.names(at).await?;
        self.selection.learn(names);
        self.named = Some(at);
        if self.selection.is_empty() {
            let why = "has no series of an engine or a GPU exporter: let it scrape them, or name another server";
            return Err(ApiError::said(why));
        }
        Ok(())
    }

    /// The samples of all names. A query that is too large is split.
    async fn samples(&mut self, range: Span, until: Timestamp) -> Result<Vec<RawSeries>, ApiError> {
        let (mut all, mut part) = (Vec::new(), 0);
        while let Some(matcher) = self.selection.matchers().get(part) {
            match self.api.samples(matcher, range, until).await {
                Ok(series) => {
                    all.extend(series);
                    part += 1;
                }
                Err(ApiError::TooLarge(_)) if self.selection.split(part) => {}
                Err(failure) => return Err(failure),
            }
        }
        Ok(all)
    }

    /// The scrapes that were not read yet, in the order of time; GPUs before engines that were scraped at the same time.
    fn scrapes(&mut self, found: ScrapedTargets, until: Timestamp) -> Vec<TargetScrape> {
        let (mut scrapes, mut steps, mut over) = (Vec::new(), Vec::new(), 0);
        self.left_out = (found.sums > 0)
            .then(|| format!("{} series without `instance` are not counted: they are sums of others", found.sums));
        for (name, target) in self.replicas.choose(found.all) {
            let frames = frames::frames(&target);
            steps.extend(frames::step(&frames));
            let frames = frames::settled(&frames, until.millis());
            let unread = match self.read.get(&name) {
                Some(last) => frames.iter().skip(frames.partition_point(|frame| frame.at <= *last)),
                None if self.read.len() >= TARGETS => {
                    over += 1;
                    continue;
                }
                None => frames.iter().skip(self.skipped(frames.len())),
            };
            for frame in unread.copied() {
                scrapes.push(scrape(&name, &target, frame));
                self.read.insert(name.clone(), frame.at);
            }
        }
        if over > 0 {
            self.left_out = Some(format!("{over} targets beyond the limit of {TARGETS} are not read"));
        }
        if let Some(step) = steps.into_iter().max() {
            // Scrapes are some milliseconds early or late.
            let step = if step < 1000 { step } else { (step + 500) / 1000 * 1000 };
            self.step = Some(Span::from_millis(step.clamp(1, LONGEST_STEP)));
        }
        let oldest = until.millis() - REMEMBERED;
        self.read.retain(|_, last| *last >= oldest);
        self.replicas.retain(|name| self.read.contains_key(name));
        let is_engine = |scrape: &TargetScrape| scrape.outcome.as_ref().is_ok_and(|page| !page.engines.is_empty());
        scrapes.sort_by(|a, b| (a.at, is_engine(a), &a.name).cmp(&(b.at, is_engine(b), &b.name)));
        scrapes
    }

    /// How many of the first scrapes of a target are not read. A target that comes later is read from its first one on.
    fn skipped(&self, scrapes: usize) -> usize {
        if self.asked.is_none() { scrapes.saturating_sub(self.first) } else { 0 }
    }
}

fn scrape(name: &str, target: &ScrapedTarget, frame: frames::ScrapeFrame) -> TargetScrape {
    let read = page::read(target, frame);
    let bytes = read.as_ref().map_or(0, |(_, bytes)| *bytes);
    TargetScrape {
        name: name.to_owned(),
        host: target.host(),
        at: Timestamp::from_millis(frame.at),
        outcome: read.map(|(reading, _)| Box::new(reading)),
        bytes,
    }
}

/// The jobs of some series, each once; an empty one for series without.
fn jobs(series: &[RawSeries]) -> Vec<&str> {
    let mut jobs: Vec<&str> = series.iter().map(|series| series.labels.get("job").map_or("", String::as_str)).collect();
    jobs.sort_unstable();
    jobs.dedup();
    jobs
}

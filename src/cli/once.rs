//! `margintop once`: look, look again, print, exit.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use jiff::tz::TimeZone;
use tokio::sync::mpsc;

use super::catch_up::catch_up;
use super::global::Global;
use super::look_args::{Form, LookArgs};
use super::out::Stdout;
use super::sources::{Plan, driver_settings, member, pids, span};
use super::{Failure, card, failures, ledger, text};
use crate::clock::{Clock, LateClock};
use crate::collector::{Collector, Message};
use crate::config::parse_interval;
use crate::fleet::Fleet;
use crate::reading::{Event, Label, SourceError};
use crate::snapshot::Snapshot;
use crate::source::cadence::round;
use crate::source::discover::{Discovery, nothing_answers};
use crate::source::nvml::{Driver, Pace};
use crate::source::scrape::{Address, Scraper, Settings, Target};
use crate::store::LedgerEvent;
use crate::units::Span;

/// How long anything may take for a look. All wait for the slowest, and must not be stale by then.
const PATIENCE: Duration = Duration::from_millis(2_500);

/// When looks are taken and how they are printed.
#[derive(Debug, Clone, Copy)]
pub(super) struct PollPlan {
    /// What the rates are taken over; zero is one look.
    span: Duration,
    /// Again and again.
    repeat: bool,
    /// How they are printed.
    form: Form,
}

impl PollPlan {
    /// What the arguments ask for.
    pub(super) fn new(args: &LookArgs, interval: Duration) -> Result<Self, Failure> {
        let parse =
            |flag: &str, text: &str| parse_interval(text).map_err(|why| Failure::Usage(format!("{flag}: {why}")));
        let (span, repeat) = match (&args.span, &args.every) {
            (Some(span), _) => (parse("--for", span)?, false),
            (None, Some(every)) => (parse("--every", every)?, true),
            (None, None) => (interval, false),
        };
        if repeat && span.is_zero() {
            return Err(Failure::Usage("--every 0: write how often, like --every 10s".to_owned()));
        }
        Ok(Self { span, repeat, form: args.form(repeat) })
    }
}

/// Looks at what was named, prints it, and fails if a named source did.
pub(super) fn run(global: &Global, targets: &[String], args: &LookArgs) -> Result<(), Failure> {
    let plan = Plan::new(global, targets)?;
    let looks = PollPlan::new(args, plan.interval())?;
    if looks.form != Form::Json {
        plan.tell_doubles();
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let observer = Session::new(plan.clone(), Clock::System, looks);
    let last = runtime.block_on(observer.observe(ledger::choice(global, &plan.settings).only_named()))?;
    failures::failures(&plan, &last)
}

/// Someone who looks at everything at once, waits for all, and looks again.
pub(super) struct Session {
    plan: Plan,
    clock: Clock,
    looks: PollPlan,
    settings: Settings,
    scrapers: Vec<Scraper>,
    /// A file is one page: it is read with the last look only, and has no rates.
    files: Vec<Scraper>,
    driver: Option<(Driver, mpsc::UnboundedReceiver<Event>)>,
    /// Whether the driver has ever answered.
    heard: bool,
    /// What the ledger says: that it is free now, that something was decided by hand.
    news: Option<Receiver<LedgerEvent>>,
}

impl Session {
    /// Starts the driver's source; nothing is asked yet.
    pub(super) fn new(plan: Plan, clock: Clock, looks: PollPlan) -> Self {
        let driver = plan.driver.then(|| {
            let (tell, inbox) = mpsc::unbounded_channel();
            let send = move |event| drop(tell.send(event));
            (Driver::start(driver_settings(&plan, Pace::Asked), clock.clone(), send), inbox)
        });
        let settings = Settings { timeout: PATIENCE, ..Settings::default() };
        let scraper = |target: &Target| Scraper::new(target.clone(), settings.clone(), clock.clone());
        let (files, scrapers) =
            plan.targets.iter().map(scraper).partition(|it| matches!(it.target().address, Address::File(_)));
        Self { plan, clock, looks, settings, scrapers, files, driver, heard: false, news: None }
    }

    /// Whether a second look could tell more than the first: a file is read once.
    fn waits(&self) -> bool {
        let moves = !self.scrapers.is_empty() || self.driver.is_some() || self.files.is_empty();
        !self.looks.span.is_zero() && (moves || self.looks.repeat)
    }

    /// Polls, prints, and gives the last snapshot.
    pub(super) async fn observe(mut self, ledger: Option<PathBuf>) -> Result<Arc<Snapshot>, Failure> {
        let mut fleet = self.collector(ledger);
        if let Clock::Late(late) = self.clock.clone() {
            self.catch_up(&mut fleet, &late).await;
        }
        let began = tokio::time::Instant::now();
        if self.plan.search {
            self.search(&mut fleet).await;
        }
        if self.waits() {
            self.show_gpus_of_files(&mut fleet).await;
        }
        self.look(&mut fleet, !self.waits()).await;
        let mut next = began;
        while self.waits() {
            next = self.look_for(&mut fleet, next).await;
            if !self.looks.repeat {
                break;
            }
            fleet.commit();
            print(&fleet.picture(), self.looks.form, &self.plan.settings.zone)?;
        }
        let last = fleet.picture();
        fleet.close();
        print(&last, self.looks.form, &self.plan.settings.zone)?;
        Ok(last)
    }

    /// Looks at the past of a clock that is set back, until it shows the present.
    async fn catch_up(&mut self, fleet: &mut Collector, late: &LateClock) {
        let (events, mut inbox) = mpsc::channel(1);
        let (interval, scrapers) = (span(self.plan.interval()), &mut self.scrapers);
        let looking = async move { catch_up(late, scrapers, &events, interval).await };
        let taking = async {
            while let Some(message) = inbox.recv().await {
                fleet.take(message);
            }
        };
        tokio::join!(looking, taking);
    }

    /// The collector: with the ledger's file, or in memory where there is none or it cannot be kept.
    fn collector(&mut self, path: Option<PathBuf>) -> Collector {
        let mut config = self.plan.site(span(self.looks.span).max(Span::from_millis(1)));
        config.pace = Some(config.window);
        let fleet = Collector::new(Fleet::new(config, self.plan.settings.book.clone(), self.clock.now()));
        let Some(path) = path else { return fleet };
        let keeping = ledger::settings(&self.plan, Some(path), &self.clock);
        let kept = ledger::keep(fleet, keeping, ledger::absence(&self.plan));
        self.news = Some(kept.news);
        kept.collector
    }

    /// Looks every interval until the span is over, and at its end.
    async fn look_for(&mut self, fleet: &mut Collector, began: tokio::time::Instant) -> tokio::time::Instant {
        let end = began + self.looks.span;
        let mut next = began + self.plan.interval();
        while next + self.plan.interval() / 2 < end {
            tokio::time::sleep_until(next).await;
            self.look(fleet, false).await;
            // A look that took longer than an interval has used up the next ones.
            next = (next + self.plan.interval()).max(tokio::time::Instant::now());
        }
        tokio::time::sleep_until(end).await;
        self.look(fleet, true).await;
        // After a sleep the looks that were missed are not made up for.
        let missed =
            tokio::time::Instant::now().saturating_duration_since(end).as_nanos() / self.looks.span.as_nanos().max(1);
        end + self.looks.span * u32::try_from(missed).unwrap_or(u32::MAX)
    }

    /// Looks at everything once; at files, if this is the last look before something is printed.
    async fn look(&mut self, fleet: &mut Collector, last: bool) {
        for news in self.news.iter().flat_map(Receiver::try_iter) {
            fleet.on_ledger_event(news);
        }
        if let Some((driver, inbox)) = &mut self.driver {
            // What came too late for the look before.
            while let Ok(event) = inbox.try_recv() {
                self.heard = true;
                fleet.take(Message::Events(vec![event]));
            }
            driver.look();
        }
        let mut pages = round(&mut self.scrapers).await;
        if last {
            pages.extend(round(&mut self.files).await);
        }
        let gpus = self.answer().await;
        // GPUs first: an engine's node and cost are known before its first token is posted.
        pages.sort_by_key(|event| !shows_gpus(event));
        let events = gpus.into_iter().chain(pages).chain([Event::Tick(self.clock.now())]).collect();
        fleet.take(Message::Events(events));
    }

    /// Takes the GPUs of files, which are paid from the first look on. An engine on a file has one look, the last one.
    async fn show_gpus_of_files(&mut self, fleet: &mut Collector) {
        let pages = round(&mut self.files).await;
        fleet.take(Message::Events(pages.into_iter().filter(shows_gpus_alone).collect()));
    }

    /// What the driver answers; of one that has never answered, that it does not.
    async fn answer(&mut self) -> Option<Event> {
        let (_, inbox) = self.driver.as_mut()?;
        let event = tokio::time::timeout(PATIENCE, inbox.recv()).await.ok().flatten();
        self.heard |= event.is_some();
        if self.heard {
            return event;
        }
        let trouble = SourceError {
            what: Label::new("NVML"),
            why: Label::new(&format!("the driver has not answered in {:.1} s", PATIENCE.as_secs_f64())),
            mend: Label::new("nvidia-smi -pm 1 (persistence mode) keeps it awake; see whether nvidia-smi is as slow"),
        };
        Some(Event::Gpus { node: self.plan.node.clone(), at: self.clock.now(), outcome: Err(trouble) })
    }

    /// Searches this box for engines.
    async fn search(&mut self, fleet: &mut Collector) {
        let mut processes = Vec::new();
        if let Some((driver, inbox)) = &mut self.driver {
            driver.look();
            if let Ok(Some(event)) = tokio::time::timeout(PATIENCE, inbox.recv()).await {
                self.heard = true;
                processes = pids(&event);
                fleet.take(Message::Events(vec![event]));
            }
        }
        let found = Discovery::new(self.settings.clone(), self.clock.clone()).discover(&processes, &[]).await;
        if found.is_empty() {
            fleet.take(Message::Troubles(vec![nothing_answers()]));
        }
        for engine in found {
            fleet.take(Message::Enlist(vec![member(engine.scraper.target())]));
            self.scrapers.push(engine.scraper);
        }
    }
}

/// Prints a snapshot; times of a card are in `zone`.
pub(super) fn print(picture: &Snapshot, form: Form, zone: &TimeZone) -> Result<(), Failure> {
    let mut out = Stdout::default();
    let printed = match form {
        Form::Json => serde_json::to_string(picture).map_err(|error| Failure::Run(error.to_string()))?,
        Form::Text => text::render(picture),
        Form::Card => card::render(picture, zone),
    };
    writeln!(out, "{}", printed.trim_end())?;
    out.flush()?;
    if out.is_closed() {
        std::process::exit(0);
    }
    Ok(())
}

fn shows_gpus(event: &Event) -> bool {
    matches!(event, Event::Page { outcome: Ok(page), .. } if !page.gpus.is_empty())
}

fn shows_gpus_alone(event: &Event) -> bool {
    shows_gpus(event) && matches!(event, Event::Page { outcome: Ok(page), .. } if page.engines.is_empty())
}

//! What becomes an alert, and for how long: snapshots in, alerts out, by a scripted clock.
//!
//! Two classes. A loss that began while the fleet served lasts when the engine that served is gone. An engine that has
//! requests running and makes no token is reported after a minute, whichever way its kind shows that it makes some.

use crate::samples;

use std::sync::Arc;

use margintop::alert::AlertWatch;
use margintop::reading::{EngineKind, Health, Label, Rank};
use margintop::snapshot::{AMBIGUOUS, Alert, EngineRow, Notice, QUARANTINED, Rule, Severity, Snapshot};
use margintop::units::{Money, Ratio, Span, Tokens};

/// The alerts of a rule after each of these snapshots, a second apart.
struct Scene {
    watch: AlertWatch,
    snapshot: Snapshot,
}

impl Scene {
    fn new() -> Self {
        let snapshot = Snapshot { window_seconds: Some(10.0), ..samples::one_box(8, 0) };
        Self { watch: AlertWatch::default(), snapshot }
    }

    fn step(&mut self, rule: Rule) -> Vec<Alert> {
        self.snapshot.at = self.snapshot.at + Span::from_secs(1);
        let mut snapshot = self.snapshot.clone();
        self.watch.judge(&mut snapshot);
        snapshot.alerts.retain(|alert| alert.rule == rule);
        snapshot.alerts
    }

    fn engine(&mut self, change: impl FnOnce(&mut EngineRow)) {
        self.row(0, change);
    }

    fn row(&mut self, place: usize, change: impl FnOnce(&mut EngineRow)) {
        let mut row = (*self.snapshot.engines[place]).clone();
        change(&mut row);
        self.snapshot.engines[place] = Arc::new(row);
    }

    fn money(&mut self, revenue: i64, cost: i64) {
        let amount = |units: i64| Some(Money::from_micros(units * 1_000_000));
        let money = &mut self.snapshot.money;
        (money.revenue_per_hour, money.cost_per_hour) = (amount(revenue), amount(cost));
        money.profit_per_hour = amount(revenue - cost);
    }

    fn output(&mut self, rate: Option<f64>) {
        self.snapshot.tokens.output_per_second = rate;
        self.engine(|row| row.output_per_second = rate);
    }

    /// The first second of the next so many at which a row stalls.
    fn stalls_after(&mut self, seconds: i64, mut change: impl FnMut(&mut Self, i64)) -> Option<i64> {
        (1..=seconds).find(|second| {
            change(self, *second);
            !self.step(Rule::EngineStalled).is_empty()
        })
    }
}

fn die(row: &mut EngineRow) {
    row.state = Health::Lost;
    (row.running, row.output_per_second, row.prompt_per_second) = (None, None, None);
}

#[test]
fn a_loss_outlives_the_engine_that_served_at_it() {
    let mut scene = Scene::new();
    scene.output(Some(5.0));
    scene.money(2, 30);
    let first = scene.step(Rule::Loss);
    assert!(first[0].text.as_str().contains("breaks even at 15.0 times"), "{first:?}");
    scene.engine(die);
    for revenue in [2, 1, 0] {
        scene.snapshot.tokens.output_per_second = None;
        scene.money(revenue, 30);
        let alerts = scene.step(Rule::Loss);
        assert_eq!(alerts[0].since, first[0].since);
    }
    for _ in 0..600 {
        scene.snapshot.money.profit_per_hour = None;
        assert_eq!(scene.step(Rule::Loss).len(), 1);
    }
    let alerts = scene.step(Rule::Loss);
    assert!(alerts[0].text.as_str().contains("1 engine that served is silent"), "{alerts:?}");
    scene.money(31, 30);
    assert!(scene.step(Rule::Loss).is_empty());
}

#[test]
fn the_end_of_an_engine_that_earned_is_a_loss_too() {
    let mut scene = Scene::new();
    scene.output(Some(500.0));
    scene.money(40, 30);
    assert!(scene.step(Rule::Loss).is_empty());
    scene.engine(die);
    scene.snapshot.tokens.output_per_second = None;
    scene.money(0, 30);
    assert_eq!(scene.step(Rule::Loss).len(), 1);
    // It is released: no rent runs any more.
    scene.money(0, 0);
    assert!(scene.step(Rule::Loss).is_empty());
    scene.snapshot.money.cost_per_hour = None;
    assert!(scene.step(Rule::Loss).is_empty());
}

#[test]
fn an_idle_fleet_and_a_young_pace_are_no_loss() {
    let mut scene = Scene::new();
    scene.output(Some(0.0));
    scene.money(0, 30);
    assert!(scene.step(Rule::Loss).is_empty());
    scene.output(Some(5.0));
    scene.money(1, 30);
    scene.snapshot.money.per_hour_preliminary = true;
    assert!(scene.step(Rule::Loss).is_empty());
}

/// Class: an engine that answers and makes nothing while it has requests.
#[test]
fn an_engine_at_work_without_a_token_for_a_minute_stalls() {
    let mut scene = Scene::new();
    scene.engine(|row| row.running = Some(3));
    assert_eq!(scene.stalls_after(90, |_, _| ()), Some(61));
    let alerts = scene.step(Rule::EngineStalled);
    assert!(alerts[0].text.as_str().starts_with("3 requests running and no token for 61 s"), "{alerts:?}");
    assert_eq!(alerts[0].severity, Severity::Critical);
    scene.engine(|row| row.output_total = Some(Tokens::new(row.output_total.unwrap().count() + 1)));
    assert!(scene.step(Rule::EngineStalled).is_empty(), "it goes on");
}

#[test]
fn only_a_whole_minute_at_work_counts() {
    let idle = |scene: &mut Scene, second: i64| {
        scene.engine(|row| row.running = Some(u64::from(second % 50 != 0)));
    };
    assert_eq!(Scene::new().stalls_after(300, idle), None);
    let silent = |scene: &mut Scene, second: i64| {
        scene.engine(|row| {
            row.running = Some(2);
            row.state = if second % 40 == 0 { Health::Stale } else { Health::Live };
        });
    };
    assert_eq!(Scene::new().stalls_after(300, silent), None);
    let prefill = |scene: &mut Scene, second: i64| {
        scene.engine(|row| (row.running, row.prompt_total) = (Some(1), Some(Tokens::new(second as u64 / 30))));
    };
    assert_eq!(Scene::new().stalls_after(300, prefill), None);
}

/// Class: an engine that was not polled for a minute, or has just gone, is reported as one that answers and makes nothing.
#[test]
fn time_without_an_answer_is_no_time_without_a_token() {
    let missed = |scene: &mut Scene, second: i64| {
        scene.engine(|row| {
            (row.running, row.age_seconds) = (Some(42), Some((second % 200) as f64));
            row.output_total = Some(Tokens::new(1_000 + second as u64 / 200));
        });
    };
    assert_eq!(Scene::new().stalls_after(900, missed), None);
}

#[test]
fn after_a_sleep_the_minute_begins_anew() {
    let mut scene = Scene::new();
    scene.engine(|row| row.running = Some(2));
    let sleeps = |scene: &mut Scene, second: i64| {
        if second == 30 {
            scene.snapshot.at = scene.snapshot.at + Span::from_secs(8 * 3600);
        }
        scene.snapshot.resuming = (30..33).contains(&second);
    };
    assert_eq!(scene.stalls_after(200, sleeps), Some(92));
}

#[test]
fn live_counters_show_that_a_long_request_goes_on() {
    for kind in [EngineKind::named("sglang"), EngineKind::named("trtllm")] {
        let mut scene = Scene::new();
        scene.engine(|row| (row.kind, row.running) = (kind, Some(1)));
        scene.engine(|row| (row.prompt_per_second, row.output_per_second) = (Some(0.0), Some(40.0)));
        assert_eq!(scene.stalls_after(1000, |_, _| ()), None, "{kind}");
        scene.engine(|row| row.output_per_second = Some(0.0));
        assert_eq!(scene.stalls_after(100, |_, _| ()), Some(60), "{kind}");
    }
}

#[test]
fn an_engine_that_counts_at_the_end_alone_is_given_ten_minutes() {
    let mut scene = Scene::new();
    let quiet = |row: &mut EngineRow| {
        (row.kind, row.running) = (EngineKind::named("llamacpp"), Some(1));
        (row.prompt_per_second, row.output_per_second) = (Some(0.0), Some(0.0));
    };
    scene.engine(quiet);
    assert_eq!(scene.stalls_after(700, |_, _| ()), Some(601));
    let mut scene = Scene::new();
    scene.engine(quiet);
    let caches = |scene: &mut Scene, second: i64| {
        scene.engine(|row| row.kv_usage = Ratio::new(second as f64 / 5000.0));
    };
    assert_eq!(scene.stalls_after(2000, caches), None, "its cache fills");
}

/// Class: an engine whose live counters stand still from the first page on.
#[test]
fn an_engine_with_live_counters_is_given_a_minute() {
    let mut scene = Scene::new();
    scene.engine(|row| {
        (row.kind, row.running, row.has_live_counters) = (EngineKind::named("sglang"), Some(4), true);
        (row.prompt_per_second, row.output_per_second) = (Some(0.0), Some(0.0));
    });
    assert_eq!(scene.stalls_after(200, |_, _| ()), Some(61));
}

#[test]
fn a_rank_stalls_alone() {
    let mut scene = Scene::new();
    scene.engine(|row| (row.rank, row.running) = (Some(Rank::new("0")), Some(4)));
    let mut other = (*scene.snapshot.engines[0]).clone();
    other.rank = Some(Rank::new("1"));
    scene.snapshot.engines.push(Arc::new(other));
    let works = |scene: &mut Scene, second: i64| {
        scene.row(1, |row| row.output_total = Some(Tokens::new(10_000_000 + second as u64)));
    };
    assert_eq!(scene.stalls_after(100, works), Some(61));
    scene.row(1, |row| row.output_total = Some(Tokens::new(20_000_000)));
    let alerts = scene.step(Rule::EngineStalled);
    assert_eq!(alerts.len(), 1);
    assert!(alerts[0].subject.as_str().ends_with("rank 0"), "{alerts:?}");
}

/// Class: tokens that are made unseen, since a counter cannot be read, or moved and is not explained.
#[test]
fn an_engine_with_a_counter_that_cannot_be_read_is_not_called_stalled() {
    let refuse: [fn(&mut EngineRow); 4] = [
        |row| row.scrape.refusals.values = 1,
        |row| row.output_total = None,
        |row| row.note = Some(Label::new(QUARANTINED)),
        |row| row.note = Some(Label::new(AMBIGUOUS)),
    ];
    for refuse in refuse {
        let mut scene = Scene::new();
        scene.engine(|row| row.running = Some(4));
        scene.engine(refuse);
        assert_eq!(scene.stalls_after(200, |_, _| ()), None);
    }
}

#[test]
fn ranks_without_counters_of_their_own_go_by_their_rates() {
    let mut scene = Scene::new();
    scene.engine(|row| {
        (row.kind, row.output_per_second, row.prompt_per_second) = (EngineKind::named("sglang"), None, None);
    });
    for rank in ["0", "1"] {
        let mut row = (*scene.snapshot.engines[0]).clone();
        (row.rank, row.running) = (Some(Rank::new(rank)), Some(2));
        (row.prompt_total, row.cached_total, row.output_total) = (None, None, None);
        row.output_per_second = Some(if rank == "0" { 0.0 } else { 30.0 });
        scene.snapshot.engines.push(Arc::new(row));
    }
    assert_eq!(scene.stalls_after(200, |_, _| ()), Some(61));
    let alerts = scene.step(Rule::EngineStalled);
    assert_eq!(alerts.len(), 1, "{alerts:?}");
    assert!(alerts[0].subject.as_str().ends_with("rank 0"), "{alerts:?}");
}

#[test]
fn notices_and_disputes_become_alerts() {
    let mut scene = Scene::new();
    let (subject, text) = (Label::new("proxy"), Label::new("probably the same as m: write an [[alias]]"));
    let notice = Notice { rule: Rule::ProbablySame, severity: Severity::Info, subject, text };
    scene.snapshot.notices = vec![notice.clone()];
    let alerts = scene.step(Rule::ProbablySame);
    assert_eq!(
        (&alerts[0].subject, &alerts[0].text, alerts[0].severity),
        (&notice.subject, &notice.text, Severity::Info)
    );
    assert!(scene.step(Rule::Disputed).is_empty());
    (scene.snapshot.money.disputed_tokens, scene.snapshot.money.disputed) = (5_000_000, Money::from_micros(12_300_000));
    let alerts = scene.step(Rule::Disputed);
    assert_eq!(alerts[0].severity, Severity::Warning);
    assert!(
        alerts[0].text.as_str().contains("12.30 USD") && alerts[0].text.as_str().contains("margintop ledger disputes")
    );
    scene.snapshot.money.disputed = Money::ZERO;
    let alerts = scene.step(Rule::Disputed);
    assert!(alerts[0].text.as_str().starts_with("5000000 tokens, without a price, are"), "{}", alerts[0].text);
}

#[test]
fn a_gpu_without_figures_says_why() {
    let mut scene = Scene::new();
    let mut node = (*scene.snapshot.nodes[0]).clone();
    for (gpu, state) in node.gpus.iter_mut().zip([Health::Never, Health::Stale, Health::Lost]) {
        (gpu.state, gpu.reason) = (state, Some(Label::new("permission denied: add this user to the video group")));
    }
    scene.snapshot.nodes = vec![Arc::new(node)];
    let alerts = scene.step(Rule::GpuLost);
    assert_eq!(alerts.len(), 3);
    assert!(alerts.iter().all(|alert| alert.text.as_str().contains("permission denied")), "{alerts:?}");
}

/// Class: a target is judged by a row that left its page.
#[test]
fn a_row_that_left_its_page_is_not_a_silent_target() {
    let mut scene = Scene::new();
    scene.engine(|row| (row.state, row.note) = (Health::Stale, Some(Label::new("hit n/a: priced as misses"))));
    assert!(scene.step(Rule::EngineSilent).is_empty(), "its target answers");
    scene.engine(|row| {
        row.processes = 3;
        (row.scrape.refusals.values, row.scrape.refusals.too_large) = (2, 2);
    });
    let text = |scene: &mut Scene, rule| scene.step(rule).first().map(|alert| alert.text.to_string());
    assert_eq!(
        text(&mut scene, Rule::SharedAddress).as_deref(),
        Some("3 processes answer at this address, sampled in turn")
    );
    assert_eq!(
        text(&mut scene, Rule::PageRefused).as_deref(),
        Some("2 counters are too large to be exact (2^53 or more): unknown")
    );
}

/// Class: the text of an alert is a remark on something else.
#[test]
fn a_silent_target_says_why_it_is_silent() {
    let mut scene = Scene::new();
    let note = Some(Label::new("hit n/a: priced as misses"));
    for (state, severity) in [(Health::Stale, Severity::Warning), (Health::Lost, Severity::Critical)] {
        for (failure, text) in [(None, "it does not answer"), (Some(Label::new("HTTP 500")), "HTTP 500")] {
            scene.engine(|row| {
                (row.state, row.note) = (state, note.clone());
                (row.scrape.state, row.scrape.error) = (state, failure.clone());
            });
            let alerts = scene.step(Rule::EngineSilent);
            assert_eq!((alerts[0].text.as_str(), alerts[0].severity), (text, severity));
        }
    }
}

#[test]
fn the_profit_over_time_has_its_currency_once_at_each_end_of_its_scale() {
    let mut app = samples::watched();
    samples::hands::type_(&mut app, "7");
    let frame = samples::hands::text(&app, 120, 36);
    let chart: Vec<&str> =
        frame.lines().skip_while(|line| !line.contains("Profit and alerts")).skip(1).take(5).collect();
    let ends: Vec<&str> =
        chart.iter().filter_map(|line| line.split_whitespace().last()).filter(|end| end.starts_with('$')).collect();
    assert_eq!(ends.len(), 2, "{chart:#?}");
    assert!(ends.iter().all(|end| end.matches('$').count() == 1), "{ends:?}");
}

/// Class: a process that the driver stopped is told by no alert, since its card still answers.
#[test]
fn an_xid_that_stops_a_process_is_told_for_an_hour() {
    let mut scene = Scene::new();
    let xid = |scene: &mut Scene, code: Option<u32>| {
        let mut node = (*scene.snapshot.nodes[0]).clone();
        node.gpus[2].xid = code;
        scene.snapshot.nodes[0] = Arc::new(node);
    };
    assert!(scene.step(Rule::GpuError).is_empty());
    xid(&mut scene, Some(43));
    let first = scene.step(Rule::GpuError);
    assert!(first[0].text.as_str().starts_with("XID 43 stopped a process: "), "{first:?}");
    assert_eq!((first.len(), first[0].severity), (1, Severity::Warning));
    // A page shows the last code for ever.
    scene.snapshot.at = scene.snapshot.at + Span::from_secs(3_590);
    assert_eq!(scene.step(Rule::GpuError)[0].since, first[0].since);
    scene.snapshot.at = scene.snapshot.at + Span::from_secs(20);
    assert!(scene.step(Rule::GpuError).is_empty(), "an hour is over");
    xid(&mut scene, Some(79));
    assert_eq!(scene.step(Rule::GpuError)[0].severity, Severity::Critical, "another one");
    xid(&mut scene, Some(63));
    assert!(scene.step(Rule::GpuError).is_empty(), "a row that was remapped stops nothing");
    xid(&mut scene, Some(31));
    let mut node = (*scene.snapshot.nodes[0]).clone();
    node.gpus[2].state = Health::Lost;
    scene.snapshot.nodes[0] = Arc::new(node);
    assert!(scene.step(Rule::GpuError).is_empty() && scene.step(Rule::GpuLost).len() == 1, "one alert of a lost card");
}

/// Class: an objective that is set and missed is in no alert.
#[test]
fn missed_objectives_are_told_after_a_minute() {
    let mut scene = Scene::new();
    samples::set_objectives(&mut scene.snapshot);
    let within = |scene: &mut Scene, share: Option<f64>, seconds: i64| {
        let slo = scene.snapshot.slo.as_mut().unwrap();
        slo.within = share.and_then(Ratio::new);
        (0..seconds).map(|_| scene.step(Rule::SloMissed).len()).collect::<Vec<_>>()
    };
    assert_eq!(within(&mut scene, Some(0.995), 90), [0; 90]);
    let missed = within(&mut scene, Some(0.97), 62);
    assert_eq!((missed[59], missed[60], missed[61]), (0, 1, 1), "{missed:?}");
    assert_eq!(within(&mut scene, None, 90), [1; 90], "no sample is no proof");
    assert_eq!(within(&mut scene, Some(0.992), 30), [1; 30]);
    assert_eq!(within(&mut scene, Some(0.98), 5), [1; 5]);
    let met = within(&mut scene, Some(0.992), 62);
    assert_eq!((met[59], met[60]), (1, 0), "{met:?}");
    let mut alerts = Vec::new();
    scene.snapshot.slo.as_mut().unwrap().within = Ratio::new(0.97);
    for _ in 0..62 {
        alerts = scene.step(Rule::SloMissed);
    }
    assert!(alerts[0].text.as_str().starts_with("97.0 % in SLO"), "{alerts:?}");
    scene.snapshot.slo = None;
    assert!(scene.step(Rule::SloMissed).is_empty());
}

/// Class: the remedy of an alert is what is cut.
#[test]
fn the_remedy_of_a_driver_that_fails_is_shown_on_every_screen() {
    use margintop::tui::app::{Action, App};
    let text = "the library is here, but the kernel's nvidia driver is not loaded (run `modprobe nvidia`; after a kernel \
                upgrade the module may have to be built again (dkms status))";
    let mut snapshot = samples::one_box(8, 0);
    snapshot.alerts = vec![samples::alert(Rule::SourceMissing, Severity::Warning, "NVML", snapshot.at, text)];
    let mut app = App::new(Arc::new(samples::empty()), jiff::tz::TimeZone::UTC, Span::from_secs(1), 1);
    app.update(Action::Fresh(Arc::new(snapshot)));
    for (width, height) in [(80, 24), (120, 36), (200, 50)] {
        let frame = samples::hands::text(&app, width, height);
        assert!(frame.contains("→ run `modprobe nvidia`"), "{frame}");
    }
}

/// Class: tokens that are unknown taken for none.
#[test]
fn an_engine_that_counts_no_tokens_is_not_said_to_make_none() {
    let mut scene = Scene::new();
    let only = scene.snapshot.engines[0].clone();
    scene.snapshot.engines = vec![only];
    scene.engine(|row| {
        (row.running, row.kv_usage) = (Some(3), None);
        (row.prompt_total, row.output_total) = (None, None);
        (row.prompt_per_second, row.output_per_second) = (None, None);
    });
    assert_eq!(scene.stalls_after(900, |_, _| ()), None);
    scene.engine(|row| row.output_per_second = Some(0.0));
    assert_eq!(scene.stalls_after(90, |_, _| ()), Some(1), "a rate of zero is known");
}

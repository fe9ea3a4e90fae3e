//! Which sentences of the headline are left out where not all have room: at every width, in every situation.

use super::headline::{QUARTER, alert, bridge, dollars, fleet, movers, node, sentences};

use margintop::reading::{Label, ModelName};
use margintop::snapshot::{Alert, Rule, Severity, Snapshot, ValueAtList};
use margintop::statement::{Bridge, Cause};
use margintop::tui::headline::{Importance, Sentence, SentencePart, drawn};
use margintop::tui::theme::Theme;
use margintop::units::Span;

/// The row of the headline at a width.
fn row(sentences: &[Sentence], width: u16) -> String {
    let draw = |canvas: &mut margintop::tui::widgets::Canvas<'_>, area| {
        drawn(sentences.to_vec()).draw(canvas, area);
    };
    crate::widgets::text::drawn(width, 1, &Theme::of_roles(), draw).remove(0)
}

/// A situation by its name.
type Situation = (String, Vec<Sentence>);

/// A fleet of two nodes in two units that earned more a quarter hour ago.
fn fallen(revenue: i64, cost: i64) -> (Snapshot, Bridge) {
    let mut snapshot = fleet(revenue, cost);
    let like = snapshot.nodes[0].clone();
    snapshot.nodes = vec![node("gpu-1", Some("decode-7"), &like), node("gpu-2", Some("decode-8"), &like)];
    let mut less = bridge(snapshot.at, revenue - cost + 2_000, &[(Cause::Traffic, -1_900), (Cause::Idle, -100)]);
    less.units = movers(&[("decode-7", -1_800), ("decode-8", -100)]);
    (snapshot, less)
}

fn warned(alert: Alert) -> Alert {
    Alert { severity: Severity::Warning, ..alert }
}

fn unpriced(snapshot: &mut Snapshot) {
    snapshot.money.unpriced_tokens = 797_000;
    let row = &mut snapshot.models[0];
    row.model = ModelName::new("qwen3-32b");
    row.money.list = None;
}

/// Situations with and without each of: a change, an alert that is its cause, another alert, money that is not known.
fn situations() -> Vec<Situation> {
    let mut found = Vec::new();
    for (revenue, cost) in [(30_000, 5_476), (2_000, 5_000)] {
        let (base, less) = fallen(revenue, cost);
        let cause = alert(&base, Rule::EngineStalled, "decode-7", 600);
        let other = alert(&base, Rule::GpuLost, "gpu-2 GPU 3", 60);
        let alerts: [(&str, Vec<Alert>); 5] = [
            ("nothing", Vec::new()),
            ("a cause", vec![cause.clone()]),
            ("an alert", vec![other.clone()]),
            ("both", vec![other.clone(), cause.clone()]),
            ("a graver one", vec![other, warned(cause)]),
        ];
        for (name, alerts) in alerts {
            for is_unpriced in [false, true] {
                let mut snapshot = Snapshot { alerts: alerts.clone(), ..base.clone() };
                if is_unpriced {
                    unpriced(&mut snapshot);
                }
                for (change, bridge) in [("changed", Some(&less)), ("alone", None)] {
                    let name = format!("{revenue}/{cost} {name} {change} unpriced {is_unpriced}");
                    found.push((name, sentences(&snapshot, bridge)));
                }
            }
        }
    }
    let mut unwritten = fallen(30_000, 5_476).0;
    unwritten.money.ledger.write_error = Some(Label::new("the disk is full; free some space"));
    found.push(("unwritten".to_owned(), sentences(&unwritten, None)));
    let mut unrated = fallen(30_000, 5_476).0;
    (unrated.money.profit_per_hour, unrated.money.cost_per_hour, unrated.money.unrated_gpus) = (None, None, 8);
    unrated.alerts = vec![alert(&unrated, Rule::GpuLost, "gpu-2 GPU 3", 60)];
    found.push(("no rate".to_owned(), sentences(&unrated, None)));
    found
}

/// Whether a sentence is in a row, in one of its forms.
fn is_in(row: &str, sentence: &Sentence) -> bool {
    let forms = std::iter::once(&sentence.parts).chain(&sentence.shorter);
    forms.map(|form| form.iter().map(|part| part.text.as_str()).collect::<String>()).any(|text| row.contains(&text))
}

/// The cells of a sentence in its least form, with a space.
fn least(sentence: &Sentence) -> usize {
    let forms: Vec<_> = std::iter::once(&sentence.parts).chain(&sentence.shorter).collect();
    let width = |form: &&Vec<_>| form.iter().map(|part: &SentencePart| part.text.chars().count()).sum::<usize>() + 1;
    let kept = sentence.kept.and_then(|kept| forms.get(kept)).map(width);
    kept.or_else(|| forms.iter().take(sentence.naming.max(1)).map(width).min()).unwrap_or(0)
}

/// Class: a less important sentence has the room of a more important one.
#[test]
fn at_every_width_the_least_important_sentences_are_left_out() {
    let situations = situations();
    assert!(situations.len() >= 20, "{}", situations.len());
    for (name, sentences) in &situations {
        let mut before = 0;
        for width in 40..=200 {
            let row = row(sentences, width);
            let shown: Vec<&Sentence> = sentences.iter().filter(|sentence| is_in(&row, sentence)).collect();
            let count = shown.len();
            assert!(count >= before, "{name} at {width}: fewer than at {}: {row}", width - 1);
            before = count;
            let of = |importance| sentences.iter().filter(move |sentence| sentence.importance == importance);
            let has = |importance| of(importance).any(|sentence| is_in(&row, sentence));
            // The change is the last that is left out.
            let has_change = sentences[0].kept.is_some();
            assert!(!has_change || count < 2 || row.contains(" less"), "{name} at {width}: no change: {row}");
            // What to do is not left out for the sake of more causes and costs, where it has room.
            let has_more = [Importance::WrongToo, Importance::Part, Importance::Cost, Importance::Missing].map(has);
            let needed = [&sentences[0]].into_iter().chain(of(Importance::Wrong)).chain(of(Importance::Action));
            let fits = needed.map(least).sum::<usize>() <= usize::from(width) + 1;
            let is_left_out = of(Importance::Action).next().is_some() && !has(Importance::Action);
            assert!(
                !(has_more.contains(&true) && is_left_out && fits),
                "{name} at {width}: what to do is missing: {row}"
            );
            // What to do follows what it is about.
            let wrong = [(Importance::Action, Importance::Wrong), (Importance::ActionToo, Importance::WrongToo)];
            for (action, wrong) in wrong {
                assert!(!has(action) || of(wrong).next().is_none() || has(wrong), "{name} at {width}: of what? {row}");
            }
        }
    }
}

/// Class: at the width of a usual terminal the headline has a second cause and not what to do.
#[test]
fn at_120_and_80_columns_what_to_do_is_kept() {
    let (mut snapshot, less) = fallen(30_000, 5_476);
    snapshot.alerts = vec![alert(&snapshot, Rule::EngineStalled, "decode-7", 600)];
    let then = |ago: Span| margintop::tui::format::clock_minute(snapshot.at - ago, &jiff::tz::TimeZone::UTC);
    let (began, against) = (then(Span::from_secs(600)), then(QUARTER));
    let stalled = format!("decode-7 has made no token since {began}, with requests running.");
    let said = sentences(&snapshot, Some(&less));
    let whole = format!(
        "Earning +$24,524/h, $2,000/h less than at {against}. Less traffic −$1,900/h: {stalled} Restart the engine."
    );
    assert_eq!(row(&said, 198), whole);
    assert_eq!(row(&said, 118), format!("Earning +$24,524/h, $2,000/h less. {stalled} Restart the engine."));
    assert_eq!(row(&said, 78), "Earning +$24,524/h, $2,000/h less than at ".to_owned() + &against + ".");
    // A model without a price, and what it would be worth, have precedence over a part of the change.
    let (mut snapshot, mut less) = fallen(30_000, 5_476);
    unpriced(&mut snapshot);
    less.units.clear();
    snapshot.money.profit_per_hour = Some(dollars(182));
    (less.before, less.after) = (dollars(2_182), dollars(182));
    snapshot.models[0].output_per_second = Some(10.0);
    let said = sentences(&snapshot, Some(&less));
    let at_120 = row(&said, 118);
    assert!(at_120.contains("write a [[price]]") && at_120.contains(" less than at "), "{at_120}");
    let at_80 = row(&said, 78);
    assert!(at_80.contains("$2,000/h less") && at_80.contains("write a [[price]]"), "{at_80}");
    // What its tokens would be worth has precedence over what to write.
    snapshot.money.compare =
        Some(ValueAtList { list: Label::new("list"), amount: dollars(900), per_hour: Some(dollars(151)) });
    let said = sentences(&snapshot, Some(&less));
    assert!(row(&said, 140).ends_with("qwen3-32b has no price (worth ≈ $151.00/h)."), "{}", row(&said, 140));
    assert!(row(&said, 78).ends_with("qwen3-32b: no price (≈ $151.00/h)."), "{}", row(&said, 78));
}

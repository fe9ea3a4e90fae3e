//! A made-up engine for tests only. Adding an engine takes a file like this and its line in `mod.rs`.

use crate::dialect::definition::{Dialect, METRICS_FIRST, PLAIN, ProcessLabel};
use crate::dialect::field::{Count, CountedPart, Policy, RowGauge, SeriesField, SeriesPlace};
use crate::reading::EngineKind;

pub(super) const DIALECT: Dialect = Dialect {
    kind: EngineKind::named("made-up"),
    names: &["made_up_"],
    owners: &["made up inc."],
    paths: METRICS_FIRST,
    ports: &[4999],
    processes: &[ProcessLabel::of(b"shard")],
    lists_models: true,
    policy: Policy { infers_role: true, ..Policy::AT_END },
    counts: |_| CountedPart { prompt: true, output: false },
    field: |name| {
        Some(match name.strip_prefix("made_up_")? {
            "read_total" => SeriesField::Count(Count::Prompt),
            "reused_total" => SeriesField::Count(Count::Cached),
            "written_total" => SeriesField::Count(Count::Output),
            "busy" => SeriesField::Gauge(RowGauge::Running),
            _ => return None,
        })
    },
    entry: |field, labels| Some(SeriesPlace::keyed(field, labels, "model", "")),
    // It counts output tokens in pairs.
    settle: |sums, _, reading| {
        reading.series.output.clear();
        reading.tokens.output =
            sums.tokens(Count::Output).and_then(|pairs| sums.times(pairs.count(), 2).map(crate::units::Tokens::new));
    },
    ..PLAIN
};

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
mod tests {
    use super::DIALECT;
    use crate::dialect::{self, CountedPart, Hint};
    use crate::fleet::{Fleet, FleetConfig, TargetInfo};
    use crate::pricing::Book;
    use crate::reading::{EngineKind, EngineRole, Event, PageReading, ScrapeCost, TargetId};
    use crate::units::{Moment, Span, Timestamp};

    const PAGE: &[u8] = b"\
# TYPE made_up_written_total counter
made_up_written_total{model=\"m\",shard=\"a\"} 5
made_up_written_total{model=\"m\",shard=\"b\"} 7
made_up_read_total{model=\"m\",shard=\"a\"} 100
made_up_read_total{model=\"m\",shard=\"b\"} 200
made_up_reused_total{model=\"m\",shard=\"a\"} 40
made_up_busy{model=\"m\",shard=\"a\"} 3
made_up_colour{model=\"m\"} 1
";

    fn read() -> PageReading {
        dialect::read(PAGE, &Hint::default()).unwrap()
    }

    #[test]
    fn its_page_is_recognised_and_read() {
        let page = read();
        assert_eq!(page.kind, DIALECT.kind);
        let figures = |row: &crate::reading::EngineReading| {
            let shard = row.instance.as_ref().map(ToString::to_string);
            (shard.unwrap_or_default(), row.tokens.output.map(crate::units::Tokens::count), row.running)
        };
        let rows: Vec<_> = page.engines.iter().map(figures).collect();
        assert_eq!(rows, [("a".to_owned(), Some(10), Some(3)), ("b".to_owned(), Some(14), None)]);
    }

    #[test]
    fn what_is_asked_without_a_page_is_known() {
        let kind = DIALECT.kind;
        assert_eq!(dialect::owned_by("Made Up Inc."), Some(kind));
        assert_eq!(dialect::paths(Some(kind))[0], "/metrics");
        assert!(dialect::ports().contains(&4999));
        assert!(dialect::lists_models(kind) && dialect::names_model(kind));
        assert!(dialect::policy(kind).infers_role && dialect::policy(kind).counts_at_end);
        assert_eq!(dialect::attribution(kind, EngineRole::Unified), CountedPart { prompt: true, output: false });
    }

    #[test]
    fn it_is_recorded_read_again_and_shown() {
        let text = serde_json::to_string(&read()).unwrap();
        assert!(text.contains("\"made-up\""), "{text}");
        let again: PageReading = serde_json::from_str(&text).unwrap();
        assert_eq!(again, read());

        let began = Moment { wall: Timestamp::from_millis(1_795_000_000_000), boot: Span::ZERO };
        let target = TargetId::new("http://gpu-01:4999");
        let (host, node, unit, role, tenant) = (None, None, None, None, None);
        let targets = vec![TargetInfo { target: target.clone(), host, node, unit, role, tenant }];
        let config = FleetConfig { targets, ..FleetConfig::local("box") };
        let mut fleet = Fleet::new(config, Book::built_in().unwrap(), began);
        let (cost, outcome) = (ScrapeCost::default(), Ok(Box::new(again)));
        fleet.apply(Event::Page { target, at: began, cost, outcome });
        let snapshot = fleet.snapshot();
        let kinds: Vec<EngineKind> = snapshot.engines.iter().map(|row| row.kind).collect();
        assert!(!kinds.is_empty() && kinds.iter().all(|kind| *kind == DIALECT.kind), "{kinds:?}");
    }
}

//! The agent's page against the engines' own: what is read of it is what was read of them.

use crate::fixture;

use fixture::fixture;
use margintop::dialect::{self, Hint};
use margintop::http::{Agent, agent};
use margintop::reading::{CounterSeries, EngineReading, Event, PageReading, Repeats, ScrapeCost, TargetId};
use margintop::units::{Moment, Span, Timestamp, Tokens};
use margintop::wire::Request;

const ADDRESS: &str = "127.0.0.1:8000";

/// The names of the engines' pages.
fn pages() -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/engines");
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.strip_suffix(".prom").is_some()).collect()
}

fn at() -> Moment {
    Moment { wall: Timestamp::from_millis(1_763_900_000_500), boot: Span::ZERO }
}

fn scraped(target: &str, page: PageReading) -> Event {
    let cost = ScrapeCost { seconds: 0.004, bytes: 51_234 };
    Event::Page { target: TargetId::new(target), at: at(), cost, outcome: Ok(Box::new(page)) }
}

fn page(agent: &Agent) -> Vec<u8> {
    agent.answer(&Request::get("/metrics")).body.to_vec()
}

/// The page of an agent that has read these pages.
fn passed_on(pages: &[(&str, &PageReading)]) -> (String, PageReading) {
    let (feed, agent) = agent();
    for (target, page) in pages {
        feed.publish(scraped(target, (*page).clone()), None);
    }
    let text = page(&agent);
    let reading = dialect::read(&text, &Hint::default()).unwrap();
    (String::from_utf8(text).unwrap(), reading)
}

/// A row without what the agent's page cannot have or names otherwise: the address, the times of samples, and the hashes of
/// series.
fn comparable(row: &EngineReading) -> EngineReading {
    let mut row = row.clone();
    (row.instance, row.host, row.page, row.listed, row.sampled, row.repeats) =
        (None, None, None, None, None, Repeats::No);
    row.series = CounterSeries::default();
    row
}

fn sorted(page: &PageReading) -> Vec<(Option<String>, String, EngineReading)> {
    let instance = |row: &EngineReading| {
        let name = row.instance.as_ref().map(|id| id.as_str().replace(ADDRESS, "").replace('/', " ").trim().to_owned());
        name.filter(|name| !name.is_empty())
    };
    let mut rows: Vec<_> = page
        .engines
        .iter()
        .map(|row| (instance(row), format!("{:?}{:?}", row.model, row.rank), comparable(row)))
        .collect();
    rows.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
    rows
}

#[test]
fn every_engines_page_is_passed_on_without_a_loss() {
    let mut engines = 0;
    for name in pages() {
        let own = dialect::read(&fixture(&format!("engines/{name}")), &Hint::default()).unwrap();
        if own.engines.is_empty() {
            continue;
        }
        let (text, passed) = passed_on(&[("http://127.0.0.1:8000", &own)]);
        assert!(passed.complete && passed.refusals == <_>::default(), "{name}: {:?}", passed.refusals);
        assert_eq!(sorted(&passed), sorted(&own), "{name}\n{text}");
        let start = |page: &PageReading, row: &EngineReading| page.start_of(row.instance.as_ref());
        for (ours, theirs) in passed.engines.iter().zip(&own.engines) {
            assert_eq!(start(&passed, ours), start(&own, theirs), "{name}: {:?}", ours.instance);
        }
        engines += 1;
    }
    assert!(engines > 20, "{engines}");
}

#[test]
fn engines_of_one_node_are_told_apart_and_keep_their_starts() {
    let vllm = dialect::read(&fixture("engines/vllm-qwen.prom"), &Hint::default()).unwrap();
    let sglang = dialect::read(&fixture("engines/sglang-dp4.prom"), &Hint::default()).unwrap();
    let (_, passed) = passed_on(&[("http://127.0.0.1:8000", &vllm), ("http://127.0.0.1:30000", &sglang)]);
    assert_eq!(passed.engines.len(), vllm.engines.len() + sglang.engines.len());
    for (address, own) in [("127.0.0.1:8000", &vllm), ("127.0.0.1:30000", &sglang)] {
        let rows: Vec<_> = passed
            .engines
            .iter()
            .filter(|row| row.instance.as_ref().is_some_and(|id| id.as_str().starts_with(address)))
            .collect();
        assert_eq!(rows.len(), own.engines.len(), "{address}");
        assert!(rows.iter().all(|row| row.kind == own.kind && row.sampled == Some(at().wall)), "{address}");
    }
}

/// Class: a series that leaves an engine's page is no fall of its counter, through the agent as directly.
#[test]
fn the_series_of_a_counter_stay_apart() {
    let with = |lines: &str| dialect::read(lines.as_bytes(), &Hint::default()).unwrap();
    let one = "sglang:prompt_tokens_total{model_name=\"m\",pid=\"1\"} 100\n";
    let two = "sglang:prompt_tokens_total{model_name=\"m\",pid=\"2\"} 40\n";
    let (_, both) = passed_on(&[("http://127.0.0.1:8000", &with(&format!("{one}{two}")))]);
    let (_, alone) = passed_on(&[("http://127.0.0.1:8000", &with(one))]);
    let series = |page: &PageReading| page.engines[0].series.prompt.clone();
    assert_eq!(series(&both).len(), 2);
    assert_eq!(series(&alone).len(), 1);
    assert!(series(&both).contains(&series(&alone)[0]), "the one that stays keeps its name");
    assert_eq!(both.engines[0].tokens.whole_prompt(), Some(Tokens::new(140)));
}

/// A value that was refused on the engine's page is refused again, not absent.
#[test]
fn a_refused_counter_stays_refused() {
    let own = dialect::read(
        b"vllm:prompt_tokens_total{model_name=\"m\"} -4\nvllm:generation_tokens_total{model_name=\"m\"} 7\n",
        &Hint::default(),
    );
    let own = own.unwrap();
    assert_eq!(own.engines[0].refused, [true, false]);
    let (_, passed) = passed_on(&[("http://127.0.0.1:8000", &own)]);
    assert_eq!(passed.engines[0].refused, [true, false]);
}

/// The text of a page is a hostile one's.
#[test]
fn names_of_engines_stay_labels() {
    let name = r#"a\"} 1\\\nx"#;
    let own =
        dialect::read(format!("vllm:prompt_tokens_total{{model_name=\"{name}\"}} 4\n").as_bytes(), &Hint::default());
    let (text, passed) = passed_on(&[("http://127.0.0.1:8000", &own.unwrap())]);
    assert_eq!(passed.engines.len(), 1, "{text}");
}

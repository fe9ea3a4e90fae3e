//! What several tests build: a fleet, pages of counters, moments, a ledger's store.
#![allow(dead_code, unreachable_pub, reason = "each test uses a part")]

use std::path::Path;
use std::sync::mpsc::{Receiver, channel};

use jiff::tz::TimeZone;
use margintop::clock::Clock;
use margintop::fleet::{Fleet, FleetConfig, TargetInfo};
use margintop::pricing::Book;
use margintop::reading::{
    EngineKind, EngineReading, EngineRole, Event, GpuId, GpuReading, Label, ModelName, NodeName, PageReading,
    PromptCount, Rank, Refusals, ScrapeCost, TargetId, TokenCounters,
};
use margintop::store::{LedgerEvent, Settings, Store};
use margintop::units::{Moment, Span, Timestamp, Tokens};

/// The processor time that this thread has used: what else runs on the machine does not count.
pub fn worked() -> std::time::Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    std::time::Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap())
}

/// An instant written in RFC 3339.
pub fn instant(text: &str) -> Timestamp {
    Timestamp::from_millis(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
}

/// A moment whose boot clock runs with the calendar.
pub fn moment(text: &str) -> Moment {
    at(instant(text))
}

/// A moment at an instant.
pub fn at(wall: Timestamp) -> Moment {
    Moment { wall, boot: Span::from_millis(wall.millis() - 1_700_000_000_000) }
}

/// A target that the user named.
pub fn member(target: &str, node: &str, role: Option<EngineRole>) -> TargetInfo {
    TargetInfo {
        target: TargetId::new(target),
        host: None,
        node: Some(NodeName::new(node)),
        unit: None,
        role,
        tenant: None,
    }
}

/// A target at an address, on a node that the user named or not.
pub fn target(url: &str, node: Option<&str>) -> TargetInfo {
    let host = url.split("://").nth(1).unwrap().split([':', '/']).next().unwrap();
    TargetInfo { host: Some(NodeName::new(host)), node: node.map(NodeName::new), ..member(url, "", None) }
}

/// Prompt, cached and output tokens that are posted today.
pub fn posted(fleet: &Fleet) -> [u64; 3] {
    fleet.ledger().today().tokens().fold([0; 3], |[prompt, cached, output], (.., all)| {
        let hits = all.hit.count();
        [prompt + all.miss.count() + hits, cached + hits, output + all.output.count()]
    })
}

/// A fleet of these members that prices by the built-in book.
pub fn fleet(targets: Vec<TargetInfo>, began: Moment) -> Fleet {
    Fleet::new(FleetConfig { targets, ..FleetConfig::local("box") }, Book::built_in().unwrap(), began)
}

/// Counters of whole prompts, hits and output.
pub fn counters(prompt: u64, cached: u64, output: u64) -> TokenCounters {
    TokenCounters {
        prompt: PromptCount::Whole(Tokens::new(prompt)),
        cached: Some(Tokens::new(cached)),
        output: Some(Tokens::new(output)),
    }
}

/// A complete page of one rank.
pub fn page(model: &str, tokens: TokenCounters, start: Option<Timestamp>) -> PageReading {
    PageReading {
        kind: EngineKind::named("vllm"),
        engines: vec![page_of_rank(model, "0", tokens)],
        instance_starts: Vec::new(),
        aliases: None,
        list_refused: None,
        gpus: Vec::new(),
        gpu_hosts: Vec::new(),
        start,
        other_starts: Vec::new(),
        date: None,
        complete: true,
        refusals: Refusals::default(),
    }
}

/// One rank of a page.
pub fn page_of_rank(model: &str, rank: &str, tokens: TokenCounters) -> EngineReading {
    let mut engine = EngineReading::new(EngineKind::named("vllm"), Some(ModelName::new(model)), Some(Rank::new(rank)));
    engine.tokens = tokens;
    engine
}

/// A target answered.
pub fn answered(target: &str, at: Moment, page: PageReading) -> Event {
    Event::Page {
        target: TargetId::new(target),
        at,
        cost: ScrapeCost { seconds: 0.004, bytes: 51_234 },
        outcome: Ok(Box::new(page)),
    }
}

/// A target answered with a clock that agrees with ours.
pub fn answered_dated(target: &str, at: Moment, mut page: PageReading) -> Event {
    page.date = Some(at.wall);
    answered(target, at, page)
}

/// GPUs of one name on a node.
pub fn gpus(node: &str, name: &str, count: u32, at: Moment) -> Event {
    let reading = |index| GpuReading {
        index,
        id: Some(GpuId::from_uuid(&format!("GPU-{node}-{index}"))),
        name: Some(Label::new(name)),
        ..GpuReading::default()
    };
    Event::nvml(NodeName::new(node), at, Ok((0..count).map(reading).collect()))
}

/// Settings of a ledger in dollars and UTC, in a file or in memory.
pub fn ledger_settings(path: Option<&Path>, clock: Clock) -> Settings {
    Settings {
        path: path.map(Path::to_owned),
        currency: "USD".to_owned(),
        zone: TimeZone::UTC,
        one_day: false,
        book: (1, "{}".to_owned()),
        clock,
    }
}

/// A store with these settings, and what it says.
pub fn open_store(settings: Settings) -> (Store, Receiver<LedgerEvent>) {
    let (tell, news) = channel();
    (Store::open(settings, move |word| drop(tell.send(word))), news)
}

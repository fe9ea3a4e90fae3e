//! A proxy and its engine whose first pages are some time apart.

use crate::reports::proxies::{ENGINE, PROXY, both, litellm, vllm};
use crate::reports::scene::{Scene, after};
use margintop::reading::{ModelAlias, ModelName, PageReading};
use margintop::units::{Moment, Span};

/// How a proxy names the engine's model.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Naming {
    /// So that they are the same in canonical form.
    Same,
    /// By a name that the engine's list has, which is read so long after the engine's first page.
    Listed(i64),
}

/// A page's tokens: one in a millisecond, since long before the watch.
fn made(millis: i64) -> u64 {
    u64::try_from(100_000 + millis).unwrap()
}

fn moment(millis: i64) -> Moment {
    let whole = after(0);
    whole + Span::from_millis(millis)
}

fn engine(millis: i64, list: bool) -> PageReading {
    let mut page = vllm("ds-v3", made(millis), "");
    let alias = ModelAlias { name: ModelName::new("chat"), model: ModelName::new("ds-v3") };
    page.aliases = list.then(|| vec![alias]);
    page
}

/// Class: a bound that nothing lost asks for, or a loss without a bound. The engine's first page is `offset` ms after the
/// proxy's; each is polled once a second.
#[test]
fn a_bound_is_set_if_the_proxy_counted_before_its_engine_and_only_then() {
    for naming in [Naming::Same, Naming::Listed(0), Naming::Listed(1000), Naming::Listed(3000)] {
        for offset in (-1500..=1500).step_by(20) {
            check(naming, offset);
        }
    }
}

fn check(naming: Naming, offset: i64) {
    let (proxy, engine_from) = (2000, 2000 + offset);
    let mut polls: Vec<(i64, &str)> = (0..8).map(|nth| (proxy + nth * 1000, PROXY)).collect();
    polls.extend((0..8).map(|nth| (engine_from + nth * 1000, ENGINE)));
    // At the same instant either may be first.
    for engine_first in [false, true] {
        polls.sort_by_key(|(at, name)| (*at, (*name == ENGINE) != engine_first));
        let mut scene = Scene::of(both(PROXY));
        for (millis, name) in &polls {
            let reading = match (*name == ENGINE, naming) {
                (true, Naming::Same) => engine(*millis, false),
                (true, Naming::Listed(late)) => engine(*millis, *millis >= engine_from + late),
                (false, Naming::Same) => litellm(&[["hosted_vllm/ds-v3", "ds-v3"]], made(*millis)),
                (false, Naming::Listed(_)) => litellm(&[["chat", "chat"]], made(*millis)),
            };
            scene.fleet.apply(crate::support::answered(name, moment(*millis), reading));
        }
        let (last, end) = (engine_from + 7000, scene.snapshot(12));
        // Whole seconds that the proxy counted before the engine's first page.
        let counted = (offset - i64::from(engine_first)).max(0) / 1000;
        let posted = u64::try_from(counted * 1000 + last - engine_from).unwrap();
        let missing = offset > 0 && counted > 0 && offset % 1000 != 0;
        let case = format!("{naming:?}, {offset} ms, engine first: {engine_first}");
        assert_eq!(scene.posted()[2], posted, "{case}");
        assert_eq!(end.money.lower_bound, missing, "{case}");
    }
}

//! Engines that do not count hits.

use crate::reports::scene::{HERE, Scene, after};
use crate::support::{counters, page};

/// Class: a jump that only a cache can explain, of an engine that has shown none. An engine that counted hits before may
/// have had them all from its cache.
#[test]
fn prompts_of_an_engine_that_never_showed_hits_are_bounded_as_computed_ones() {
    for (shown, disputed) in [(false, 16_000_000), (true, 0)] {
        let mut scene = Scene::one();
        for second in 0..3 {
            let prompt = if second == 2 { 16_100_000 } else { 100_000 };
            let mut reading = page("m", counters(prompt, 0, 10), Some(after(-3600).wall));
            reading.engines[0].tokens.cached = reading.engines[0].tokens.cached.filter(|_| shown && second < 2);
            scene.take(HERE, second, reading);
        }
        assert_eq!(scene.disputed(), disputed, "hits shown: {shown}");
        assert!(shown || scene.posted()[0] == 0, "hits shown: {shown}");
    }
}

//! Pages that say the known in an unknown way.

use crate::reports::scene::{HERE, Scene, read, revenue, target};
use margintop::dialect::{self, Hint};
use margintop::reading::{EngineKind, ModelName};
use margintop::units::{Ratio, Tokens};

fn count(tokens: Option<Tokens>) -> Option<u64> {
    tokens.map(Tokens::count)
}

/// Class: an engine's counters under another server's labels, on its page or alone.
#[test]
fn an_engine_inside_another_server_is_an_engine() {
    let pages = [
        include_str!("../../fixtures/reports/04-triton-vllm/page.prom"),
        include_str!("../../fixtures/reports/04-triton-vllm/vllm-only.prom"),
    ];
    for page in pages {
        let mut scene = Scene::one();
        scene.poll(0..=1, |_, second| {
            page.replace("840000", &(840_000 - 1000 + 1000 * second).to_string())
                .replace("126000", &(126_000 - 500 + 500 * second).to_string())
        });
        let snapshot = scene.snapshot(1);
        assert_eq!(snapshot.engines.len(), 1);
        let row = &snapshot.engines[0];
        assert_eq!(
            (row.kind, row.model.as_ref().map(ModelName::as_str)),
            (EngineKind::named("vllm"), Some("llama-8b"))
        );
        assert_eq!((count(row.prompt_total), count(row.output_total)), (Some(840_000), Some(126_000)));
        assert_eq!((row.running, row.waiting, row.kv_usage), (Some(5), Some(2), Ratio::from_percent(41.0)));
        assert_eq!((scene.posted(), scene.disputed()), ([1000, 0, 500], 0));
        assert!((revenue(&snapshot) - 0.002).abs() < 1e-9);
    }
}

/// Class: several models behind one address, of which one is dropped or takes the other's name.
#[test]
fn two_models_of_a_router_are_both_counted() {
    let models = [("qwen3-4b", 1), ("gemma-27b", 10)];
    for other in ["10.0.0.5", "10.0.0.6"] {
        let urls = [format!("{HERE}/metrics?model=qwen3-4b"), format!("http://{other}:8000/metrics?model=gemma-27b")];
        let targets = urls.iter().map(|url| target(url, None)).collect();
        let mut scene = Scene::priced("router-prices.toml", targets);
        for second in 0..=3 {
            for (url, (model, times)) in urls.iter().zip(models) {
                let grown = 100 * times * u64::try_from(second).unwrap();
                let series =
                    |name: &str, value: u64| format!("# TYPE llamacpp:{name} counter\nllamacpp:{name} {value}\n");
                let text = series("prompt_tokens_total", 1000 * times + grown)
                    + &series("prompt_tokens_cached_total", 500 * times)
                    + &series("tokens_predicted_total", 300 * times + grown)
                    + &format!("# TYPE llamacpp:requests_processing gauge\nllamacpp:requests_processing {times}\n");
                let hint = Hint { model: Some(ModelName::new(model)), ..Hint::default() };
                scene.take(url, second, dialect::read(text.as_bytes(), &hint).unwrap());
            }
        }
        let snapshot = scene.snapshot(3);
        let mut served: Vec<_> = snapshot.models.iter().map(|row| row.model.as_str()).collect();
        served.sort_unstable();
        assert_eq!((served, snapshot.requests.running), (vec!["gemma-27b", "qwen3-4b"], Some(11)));
        assert_eq!((scene.posted(), scene.disputed()), ([3_300, 0, 3_300], 0));
        assert!((revenue(&snapshot) - 0.004_545).abs() < 1e-9, "{}", revenue(&snapshot));
    }
}

/// Class: names and labels in quotes, a byte-order mark, exemplars, times.
#[test]
fn names_in_quotes_are_names() {
    let pages = [
        include_str!("../../fixtures/reports/06-utf8-names/quoted.prom"),
        include_str!("../../fixtures/reports/06-utf8-names/quoted-labels.prom"),
        include_str!("../../fixtures/reports/06-utf8-names/dots.prom"),
        include_str!("../../fixtures/reports/06-utf8-names/bom-crlf-exemplar.prom"),
    ];
    for page in pages {
        let mut scene = Scene::one();
        scene.take(HERE, 0, read(&page.replace(" 12000", " 11000").replace(" 3400", " 3000")));
        scene.take(HERE, 1, read(page));
        let snapshot = scene.snapshot(1);
        let row = &snapshot.engines[0];
        assert_eq!((snapshot.engines.len(), row.kind), (1, EngineKind::named("vllm")), "{page}");
        assert_eq!((count(row.prompt_total), count(row.output_total)), (Some(12_000), Some(3_400)), "{page}");
        assert_eq!((scene.posted(), scene.disputed()), ([1000, 0, 400], 0), "{page}");
    }
}

//! Sums of a row's series: which series are added, and when a sum is unknown.
#![allow(clippy::format_collect)]

use crate::fixture;

use fixture::{figures, model, page, read};
use margintop::reading::{EngineReading, PageReading, PromptCount};
use margintop::units::Tokens;
use proptest::prelude::*;

#[test]
fn each_series_of_a_counter_is_reported() {
    let labels = ["end_user=\"a\",model=\"m\",team=\"x\"", "team=\"y\",model=\"m\",end_user=\"a\""];
    let text = |first: u64, second: u64| {
        let [a, b] = labels;
        format!("litellm_input_tokens_metric_total{{{a}}} {first}\nlitellm_input_tokens_metric_total{{{b}}} {second}\n")
    };
    let (row, later) = (page(&text(10, 20)).engines.remove(0), page(&text(11, 25)).engines.remove(0));
    assert_eq!(row.tokens.whole_prompt(), Some(Tokens::new(30)));
    let values =
        |row: &EngineReading| row.series.prompt.iter().map(|s| (s.series, s.value.count())).collect::<Vec<_>>();
    assert_eq!(values(&row).iter().map(|(_, value)| value).sum::<u64>(), 30);
    let names = |row: &EngineReading| row.series.prompt.iter().map(|series| series.series).collect::<Vec<_>>();
    assert_eq!(names(&row), names(&later));
    assert!(names(&row).is_sorted() && names(&row).len() == 2);
    assert!(row.series.cached.is_empty() && row.series.output.is_empty());
    let reordered = "litellm_input_tokens_metric_total{ team=\"x\", end_user=\"a\" ,model=\"m\",} 10\n";
    assert!(names(&row).contains(&names(&page(reordered).engines[0])[0]), "in whatever order labels stand");
}

#[test]
fn a_series_is_called_alike_in_every_release() {
    let row = &page("tgi_request_input_length_sum 5\ntgi_request_generated_tokens_sum{a=\"b\"} 6\n").engines[0];
    assert_eq!((row.series.prompt[0].series, row.series.output[0].series), (0, 0xb912_458b_53ec_5105));
}

#[test]
fn computed_counters_have_no_series() {
    for (name, prompt, cached, output) in [
        ("vllm-dp4", 1, 1, 1),
        ("vllm-0.11.0-apiservers2", 1, 0, 1),
        ("vllm-v1-0.8.5-blocks", 1, 0, 1),
        ("llamacpp", 0, 1, 1),
        ("llamacpp-2025", 0, 0, 1),
        ("tgi", 1, 0, 1),
        ("trtllm", 1, 1, 1),
    ] {
        let row = &read(&format!("engines/{name}.prom")).engines[0];
        let lengths = (row.series.prompt.len(), row.series.cached.len(), row.series.output.len());
        assert_eq!(lengths, (prompt, cached, output), "{name}");
    }
    let sglang = &read("engines/sglang-dp4.prom").engines[0];
    assert!(sglang.series.prompt.len() > 1 && sglang.series.cached.len() > 1, "is_streaming and cache_source");
    let dynamo = &read("engines/dynamo-frontend.prom").engines[0];
    assert_eq!((dynamo.series.prompt.len(), dynamo.series.output.len()), (1, 0));
}

#[test]
fn a_sum_that_is_no_count_is_refused() {
    const LAST: u64 = (1 << 53) - 1;
    for name in ["vllm:prompt_tokens_total", "vllm:request_prompt_tokens_sum"] {
        let text = format!("vllm:generation_tokens_total 7\n{name}{{a=\"1\"}} {LAST}\n{name}{{a=\"2\"}} {LAST}\n");
        let reading = page(&text);
        let row = &reading.engines[0];
        assert_eq!((figures(row).0, row.finished.prompt, figures(row).1), (None, None, Some(7)), "{name}");
        assert_eq!(reading.refusals.values, 1, "{name}");
        assert!(row.series.prompt.is_empty());
    }
    let computed = [
        format!("llamacpp:prompt_tokens_total {LAST}\nllamacpp:prompt_tokens_cached_total {LAST}\n"),
        format!("vllm:prefix_cache_hits_total {LAST}\nvllm:external_prefix_cache_hits_total {LAST}\n"),
        format!("sglang:realtime_tokens_total{{mode=\"decode\"}} {LAST}\nsglang:num_requests_total {LAST}\n"),
    ];
    for text in computed {
        let reading = page(&text);
        assert_eq!(reading.refusals.values, 1, "{text}");
        let row = &reading.engines[0];
        assert!(row.tokens.prompt == PromptCount::Unknown && row.live.is_none_or(|live| live.output.is_none()));
    }
}

#[test]
fn a_series_that_stands_twice_counts_once_and_a_contradiction_is_unknown() {
    let twice = |first: u32, second: u32| {
        page(&format!(
            "vllm:generation_tokens_total{{a=\"1\",b=\"2\"}} {first}\nvllm:generation_tokens_total{{b=\"2\",a=\"1\"}} {second}\n"
        ))
    };
    assert_eq!((figures(&twice(7, 7).engines[0]).1, twice(7, 7).refusals.values), (Some(7), 0));
    assert_eq!((figures(&twice(7, 8).engines[0]).1, twice(7, 8).refusals.values), (None, 1));
}

#[test]
fn gauges_of_several_things_are_added_and_of_several_processes_are_not() {
    let series = |labels: &str, value: f64| {
        format!(
            "vllm:num_requests_running{{model_name=\"m\",{labels}}} {value}\nvllm:kv_cache_usage_perc{{model_name=\"m\",{labels}}} {}\n",
            value / 100.0
        )
    };
    let copies = page(&(series("pid=\"1\"", 20.0) + &series("pid=\"2\"", 60.0)));
    assert_eq!((copies.engines[0].running, figures(&copies.engines[0]).4), (Some(60), Some(60)));
    let things = page(&(series("zone=\"a\"", 20.0) + &series("zone=\"b\"", 60.0)));
    assert_eq!((things.engines[0].running, figures(&things.engines[0]).4), (Some(80), Some(40)));
}

#[test]
fn shares_outside_of_a_whole_say_nothing() {
    for value in ["-1", "NaN", "+Inf", "1.5", "41"] {
        let row = &page(&format!("vllm:kv_cache_usage_perc {value}\nvllm:num_requests_running 2\n")).engines[0];
        assert_eq!((row.kv_usage, row.running), (None, Some(2)), "{value}");
    }
    assert_eq!(page("vllm:num_requests_running -1\n").engines[0].running, None);
}

#[test]
fn a_placeholder_is_no_models_name() {
    for name in ["undefined", "Undefined", "null", "NULL", "None", "", " none "] {
        let row = &page(&format!("trtllm_prompt_tokens_total{{model_name=\"{name}\"}} 5\n")).engines[0];
        assert_eq!((model(row), row.placeholder, figures(row).0), (None, true, Some(5)), "{name}");
    }
    assert_eq!(model(&page("trtllm_prompt_tokens_total{model_name=\"nonesuch\"} 5\n").engines[0]), Some("nonesuch"));
}

#[test]
fn ten_thousand_series_of_one_row_add_up() {
    let text: String = (0..10_000)
        .map(|place| format!("litellm_input_tokens_metric_total{{model=\"m\",end_user=\"user-{place}\"}} 3\n"))
        .collect();
    let reading = page(&text);
    assert_eq!((figures(&reading.engines[0]).0, reading.engines[0].series.prompt.len()), (Some(30_000), 10_000));
    let gauges: String =
        (0..10_000).map(|place| format!("vllm:num_requests_running{{user=\"{place}\"}} 1\n")).collect();
    let reading = page(&gauges);
    assert_eq!((reading.engines[0].running, reading.refusals.values), (Some(1025), 10_000 - 1025));
}

/// Names of engines, each with what tells a row of it.
const NAMES: [&str; 15] = [
    "vllm:prompt_tokens_total",
    "vllm:prompt_tokens_cached_total",
    "vllm:generation_tokens_total",
    "vllm:num_requests_running",
    "vllm:input_tokens_total",
    "vllm:current_qps",
    "sglang_prompt_tokens_total",
    "sglang:num_running_reqs",
    "nv_llm_input_token_len_sum",
    "litellm_output_tokens_metric_total",
    "llamacpp:prompt_tokens_total",
    "llamacpp:prompt_tokens_cached_total",
    "prompt_tokens_total",
    "generation_tokens_total",
    "num_requests_running",
];

/// Labels, some of which name a process.
const LABELS: [&str; 9] =
    ["model_name", "model", "engine", "worker_addr", "server", "instance", "pod", "version", "is_streaming"];

fn series() -> impl Strategy<Value = String> {
    let labels = prop::collection::btree_map(0..LABELS.len(), 0..3_u8, 0..4);
    (0..NAMES.len(), labels, prop_oneof![8 => (0..100_u32).prop_map(|v| v.to_string()), 1 => Just("NaN".to_owned())])
        .prop_map(|(name, labels, value)| {
            let labels: Vec<String> =
                labels.into_iter().map(|(at, value)| format!("{}=\"v{value}\"", LABELS[at])).collect();
            format!("{}{{{}}} {value}\n", NAMES[name], labels.join(","))
        })
}

proptest! {
    #[test]
    fn a_page_says_the_same_in_whatever_order(mut lines in prop::collection::vec(series(), 1..40), seed in any::<u64>()) {
        let ordered = page(&lines.concat());
        // A shuffle that the seed decides.
        for place in (1..lines.len()).rev() {
            lines.swap(place, (seed.rotate_left(place as u32) % (place as u64 + 1)) as usize);
        }
        let shuffled = page(&lines.concat());
        let by_row = |reading: &PageReading| {
            let mut rows: Vec<String> = reading.engines.iter().map(|row| format!("{row:?}")).collect();
            rows.sort_unstable();
            rows
        };
        prop_assert_eq!(by_row(&ordered), by_row(&shuffled));
        prop_assert_eq!(ordered.refusals, shuffled.refusals);
        for (place, row) in ordered.engines.iter().enumerate() {
            let sum = |of: &[margintop::reading::SeriesValue]| of.iter().map(|s| s.value).sum::<Tokens>();
            prop_assert!(row.series.prompt.is_empty() || row.tokens.whole_prompt() == Some(sum(&row.series.prompt)));
            prop_assert!(row.series.output.is_empty() || row.tokens.output == Some(sum(&row.series.output)));
            let same = |other: &&EngineReading| {
                (other.kind, &other.instance, &other.model, &other.rank) == (row.kind, &row.instance, &row.model, &row.rank)
            };
            prop_assert!(ordered.engines[..place].iter().find(same).is_none());
        }
    }
}

/// Class: a router that passes on its servers' counters beside its own. A random page found it.
#[test]
fn a_router_s_own_counters_never_replace_those_of_its_servers() {
    let reading = page(
        "vllm:prompt_tokens_total{server=\"v1\"} 7\nvllm:generation_tokens_total{server=\"v1\"} 3\n\
         vllm:input_tokens_total{server=\"v1\"} 9\nvllm:output_tokens_total{server=\"v1\"} 4\nvllm:current_qps{} 0\n",
    );
    let server = reading.engines.iter().find(|row| !row.series.prompt.is_empty()).expect("the server has a row");
    assert_eq!(server.role, Some(margintop::reading::EngineRole::Proxy));
    assert_eq!((server.tokens.whole_prompt(), server.tokens.output), (Some(Tokens::new(7)), Some(Tokens::new(3))));
}

/// Class: a federated page of several Prometheus servers, each of which has targets that no other one has.
#[test]
fn series_that_one_of_several_servers_has_are_read() {
    let series = |instance: &str, replica: &str, output: u64| {
        let labels =
            format!("{{model_name=\"m\",engine=\"0\",instance=\"{instance}\",prometheus_replica=\"{replica}\"}}");
        format!("vllm:prompt_tokens_total{labels} {output}\nvllm:generation_tokens_total{labels} {output}\n")
    };
    let gpu = |host: &str, replica: &str| {
        format!(
            "DCGM_FI_DEV_GPU_UTIL{{gpu=\"0\",UUID=\"GPU-{host}\",Hostname=\"{host}\",prometheus_replica=\"{replica}\"}} 50\n"
        )
    };
    let outputs = |text: &str| {
        let mut outputs: Vec<_> = page(text).engines.iter().map(|row| row.tokens.output.unwrap().count()).collect();
        outputs.sort_unstable();
        outputs
    };
    let shards = series("a:8000", "k8s-0", 10) + &series("b:8000", "k8s-shard-1-0", 20);
    assert_eq!(outputs(&shards), [10, 20]);
    // The first server lost one target, and the second has both.
    let late = series("a:8000", "k8s-0", 10) + &series("a:8000", "k8s-1", 11) + &series("b:8000", "k8s-1", 20);
    assert_eq!(outputs(&late), [10, 20]);
    // What stands first on the page does not matter.
    let turned = series("a:8000", "k8s-1", 11) + &series("a:8000", "k8s-0", 10);
    assert_eq!(outputs(&turned), [10]);
    assert_eq!(page(&(gpu("n1", "k8s-0") + &gpu("n2", "k8s-shard-1-0") + &gpu("n1", "k8s-1"))).gpus.len(), 2);
    assert_eq!(page(&(gpu("n1", "k8s-0") + &series("b:8000", "k8s-shard-1-0", 20))).engines.len(), 1);
}

/// Class: a federated page of a pair of Prometheus servers, which has each series once a server.
#[test]
fn copies_of_series_by_a_pair_of_servers_are_no_more_tokens() {
    let series = |replica: &str, prompt: u64, output: u64| {
        let labels = format!("model_name=\"m\",engine=\"0\",instance=\"a:8000\",job=\"vllm\"{replica}");
        format!("vllm:prompt_tokens_total{{{labels}}} {prompt}\nvllm:generation_tokens_total{{{labels}}} {output}\n")
    };
    let by = |number: u32| format!(",prometheus_replica=\"prometheus-{number}\"");
    let alone = page(&series("", 1_000, 300)).engines.remove(0);
    // The servers scrape at different times, so that the copies differ by a few tokens.
    let both = page(&(series(&by(0), 1_000, 300) + &series(&by(1), 1_040, 310))).engines.remove(0);
    assert_eq!((both.tokens.whole_prompt(), both.tokens.output), (Some(Tokens::new(1_000)), Some(Tokens::new(300))));
    assert_eq!((&both.instance, &both.rank, &both.model), (&alone.instance, &alone.rank, &alone.model));
    // Where one server is gone the other's copy is the same series.
    let other = page(&series(&by(1), 1_040, 310)).engines.remove(0);
    assert_eq!(other.series.prompt[0].series, both.series.prompt[0].series);
    assert_eq!(other.series.prompt[0].series, alone.series.prompt[0].series);
}

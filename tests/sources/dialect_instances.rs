//! Pages of several processes, engines and versions: the process, model and role that each series belongs to.
#![allow(clippy::format_collect)]

use crate::fixture;

use fixture::{figures, instance, model, page, read};
use margintop::reading::{EngineKind, EngineRole, InstanceId, PageReading, Rank};
use margintop::units::{Timestamp, Tokens};

/// One worker's series on an SGLang router's page.
fn worker(address: &str, prompt: u64, running: u64, kv: f64) -> String {
    let labels = format!("model_name=\"m\",engine_type=\"unified\",worker_addr=\"{address}\"");
    format!(
        "sglang_prompt_tokens_total{{{labels}}} {prompt}\nsglang_generation_tokens_total{{{labels}}} {prompt}\n\
         sglang_num_running_reqs{{{labels},tp_rank=\"0\"}} {running}\n\
         sglang_num_queue_reqs{{{labels},tp_rank=\"0\"}} 1\nsglang_token_usage{{{labels},tp_rank=\"0\"}} {kv}\n"
    )
}

// Class: one page carries several processes, told apart by labels that name a process.

#[test]
fn workers_of_a_router_are_instances_with_their_own_gauges() {
    let both = worker("http://10.0.0.11:30000", 500, 7, 0.30) + &worker("http://10.0.0.12:30000", 400, 5, 0.60);
    let reading = page(&both);
    let rows: Vec<_> = reading.engines.iter().map(|row| (instance(row).unwrap(), figures(row))).collect();
    let first = ("http://10.0.0.11:30000", (Some(500), Some(500), Some(7), Some(1), Some(30)));
    let second = ("http://10.0.0.12:30000", (Some(400), Some(400), Some(5), Some(1), Some(60)));
    assert_eq!(rows, [first, second]);
    let alone = page(&worker("http://10.0.0.11:30000", 501, 7, 0.3));
    assert_eq!(alone.engines[0].instance, reading.engines[0].instance, "who is left keeps its name");
}

#[test]
fn workers_in_any_order_of_lines_and_labels_are_the_same() {
    let text = worker("a:1", 500, 7, 0.30) + &worker("b:1", 400, 5, 0.60);
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable_by_key(|line| line.bytes().rev().collect::<Vec<_>>());
    let shuffled = lines.join("\n").replace("worker_addr", "z") + "\n";
    let shuffled = shuffled.replace("{model_name=\"m\",engine_type=\"unified\",z", "{worker_addr");
    let labels = ["a:1", "b:1"].map(|address| (format!("{{worker_addr=\"{address}\""), address));
    let shuffled = labels.iter().fold(shuffled, |text, (found, address)| {
        text.replace(found, &format!("{{worker_addr=\"{address}\",engine_type=\"unified\",model_name=\"m\""))
    });
    let (ordered, shuffled) = (page(&text), page(&shuffled));
    assert_eq!(ordered.engines, shuffled.engines);
}

#[test]
fn roles_and_live_counters_are_of_one_worker() {
    let labels = |role: &str, worker: &str| format!("model_name=\"m\",engine_type=\"{role}\",worker_addr=\"{worker}\"");
    let text = format!(
        "sglang_prompt_tokens_total{{{}}} 5\nsglang_prompt_tokens_total{{{}}} 6\n",
        labels("prefill", "p"),
        labels("decode", "d")
    );
    let roles: Vec<_> = page(&text).engines.iter().map(|row| (instance(row).unwrap().to_owned(), row.role)).collect();
    assert_eq!(roles, [("d".to_owned(), Some(EngineRole::Decode)), ("p".to_owned(), Some(EngineRole::Prefill))]);
}

#[test]
fn a_federated_page_holds_engines_of_several_kinds_and_their_gpus() {
    let job = |job: &str, port: u16| format!("instance=\"10.0.0.1:{port}\",job=\"{job}\"");
    let (a, b, c) = (job("a", 8000), job("b", 30000), job("b", 30001));
    let reading = page(&format!(
        "# TYPE vllm:prompt_tokens_total untyped\n\
         vllm:prompt_tokens_total{{engine=\"0\",model_name=\"m\",{a}}} 10 1764190000123\n\
         vllm:prompt_tokens_total{{engine=\"1\",model_name=\"m\",{a}}} 20 1764190000123\n\
         # TYPE sglang:prompt_tokens_total untyped\n\
         sglang:prompt_tokens_total{{model_name=\"m\",{b}}} 30 1764190000123\n\
         sglang:prompt_tokens_total{{model_name=\"m\",{c}}} 40 1764190000123\n\
         # TYPE DCGM_FI_DEV_GPU_UTIL untyped\n\
         DCGM_FI_DEV_GPU_UTIL{{gpu=\"0\",UUID=\"GPU-1\",Hostname=\"n\",{}}} 50 1764190000123\n\
         process_start_time_seconds{{{a}}} 1790000000 1764190000123\n\
         process_start_time_seconds{{{b}}} 1790000100 1764190000123\n",
        job("dcgm", 9400)
    ));
    let rows: Vec<_> = reading
        .engines
        .iter()
        .map(|row| (row.kind, instance(row).unwrap(), row.rank.as_ref().map(Rank::as_str), figures(row).0.unwrap()))
        .collect();
    assert_eq!(
        rows,
        [
            (EngineKind::named("sglang"), "10.0.0.1:30000 b", None, 30),
            (EngineKind::named("sglang"), "10.0.0.1:30001 b", None, 40),
            (EngineKind::named("vllm"), "10.0.0.1:8000 a", Some("0"), 10),
            (EngineKind::named("vllm"), "10.0.0.1:8000 a", Some("1"), 20),
        ]
    );
    assert_eq!((reading.gpus.len(), reading.start), (1, None));
    let start = |row: usize| reading.start_of(reading.engines[row].instance.as_ref()).map(Timestamp::millis);
    assert_eq!(start(2), Some(1_790_000_000_000));
    assert_eq!((start(0), start(1)), (Some(1_790_000_100_000), None), "a start is of the instance that carries it");
}

#[test]
fn a_restart_of_one_federated_instance_moves_its_start_alone() {
    let of = |a: u64, b: u64| {
        page(&format!(
            "vllm:prompt_tokens_total{{model_name=\"m\",instance=\"a\"}} 1\nprocess_start_time_seconds{{instance=\"a\"}} {a}\n\
             vllm:prompt_tokens_total{{model_name=\"m\",instance=\"b\"}} 2\nprocess_start_time_seconds{{instance=\"b\"}} {b}\n"
        ))
    };
    let (before, after) = (of(1_790_000_000, 1_790_000_000), of(1_790_000_000, 1_790_000_500));
    let start = |page: &PageReading, name: &str| page.start_of(Some(&InstanceId::new(name)));
    assert_eq!(start(&before, "a"), start(&after, "a"));
    assert_ne!(start(&before, "b"), start(&after, "b"));
}

#[test]
fn a_label_that_stands_on_all_series_of_one_process_is_its_constant_name() {
    let reading = page(
        "process_start_time_seconds 1790000000\nvllm:prompt_tokens_total{engine=\"0\",model_name=\"m\",pod=\"p-1\"} 5\n\
         vllm:prompt_tokens_created{engine=\"0\",model_name=\"m\",pod=\"p-1\"} 1790000005\n",
    );
    assert_eq!(instance(&reading.engines[0]), Some("p-1"));
    let start = reading.start_of(reading.engines[0].instance.as_ref());
    assert_eq!(start.map(Timestamp::millis), Some(1_790_000_000_000));
}

#[test]
fn pods_of_an_aggregate_are_instances() {
    let series = |pod: &str, running: u32| {
        format!(
            "vllm:num_requests_running{{model_name=\"m\",pod=\"{pod}\"}} {running}\n\
             vllm:prompt_tokens_created{{model_name=\"m\",pod=\"{pod}\"}} 17900000{running:02}\n"
        )
    };
    let reading = page(&(series("a", 3) + &series("b", 4) + "process_start_time_seconds 1780000000\n"));
    let rows: Vec<_> = reading.engines.iter().map(|row| (instance(row).unwrap(), row.running.unwrap())).collect();
    assert_eq!(rows, [("a", 3), ("b", 4)]);
    let start = |name: &str| reading.start_of(Some(&InstanceId::new(name))).unwrap().millis();
    assert_eq!((start("a"), start("b")), (1_790_000_003_000, 1_790_000_004_000), "not the aggregator's own");
}

#[test]
fn a_page_of_one_process_has_no_instance() {
    for name in ["vllm-dp4", "sglang-dp4", "trtllm", "tgi", "lmdeploy", "litellm", "llamacpp", "dynamo-worker", "nim"] {
        let reading = read(&format!("engines/{name}.prom"));
        assert!(reading.engines.iter().all(|row| row.instance.is_none()), "{name}");
        assert!(reading.instance_starts.is_empty(), "{name}");
    }
}

#[test]
fn a_worker_of_ray_has_no_start_of_the_nodes_agent() {
    let reading = page(
        "process_start_time_seconds 1790000000\n\
         ray_vllm_prompt_tokens_total{engine=\"0\",model_name=\"m\",WorkerId=\"0a11\"} 4\n\
         ray_vllm_prompt_tokens_total{engine=\"0\",model_name=\"m\",WorkerId=\"0b22\"} 5\n",
    );
    let rows: Vec<_> = reading.engines.iter().map(|row| (row.kind, instance(row).unwrap())).collect();
    assert_eq!(rows, [(EngineKind::named("ray"), "0a11"), (EngineKind::named("ray"), "0b22")]);
    assert!(reading.start.is_none() && reading.instance_starts.is_empty());
}

// Class: engines that run inside a server which has a page of its own.

#[test]
fn a_vllm_inside_triton_is_an_engine() {
    for name in ["page", "vllm-only"] {
        let reading = read(&format!("reports/04-triton-vllm/{name}.prom"));
        assert_eq!((reading.engines.len(), reading.complete), (1, true), "{name}");
        let row = &reading.engines[0];
        assert_eq!((row.kind, model(row)), (EngineKind::named("vllm"), Some("llama-8b")), "{name}");
        assert_eq!(figures(row), (Some(840_000), Some(126_000), Some(5), Some(2), Some(41)), "{name}");
    }
    let gpus = read("reports/04-triton-vllm/page.prom").gpus;
    assert_eq!((gpus.len(), gpus[0].1.memory_used.unwrap().get()), (1, 70_000_000_000));
}

#[test]
fn a_triton_with_both_backends_has_rows_of_both() {
    let reading = page(
        "nv_llm_input_token_len_sum{model=\"a\",version=\"1\"} 10\n\
         nv_llm_output_token_len_sum{model=\"a\",version=\"1\"} 11\n\
         nv_inference_first_response_histogram_ms_bucket{model=\"b\",version=\"1\",le=\"+Inf\"} 3\n\
         vllm:prompt_tokens_total{model=\"b\",version=\"1\"} 20\n",
    );
    let rows: Vec<_> = reading.engines.iter().map(|row| (row.kind, model(row).unwrap(), figures(row).0)).collect();
    assert_eq!(rows, [(EngineKind::named("triton"), "a", Some(10)), (EngineKind::named("vllm"), "b", Some(20))]);
}

#[test]
fn versions_of_a_model_are_rows_of_their_own() {
    for (prompt, kind) in [
        ("nv_llm_input_token_len_sum", EngineKind::named("triton")),
        ("vllm:prompt_tokens_total", EngineKind::named("vllm")),
    ] {
        let series = |version: u32, value: u32| format!("{prompt}{{model=\"m\",version=\"{version}\"}} {value}\n");
        let both = page(&(series(1, 70) + &series(2, 5)));
        let rows: Vec<_> = both.engines.iter().map(|row| (row.kind, instance(row).unwrap(), figures(row).0)).collect();
        assert_eq!(rows, [(kind, "version 1", Some(70)), (kind, "version 2", Some(5))]);
        let left = page(&series(2, 6));
        assert_eq!(left.engines[0].instance, both.engines[1].instance);
    }
}

#[test]
fn what_nim_passes_on_of_its_engine_is_not_added() {
    let nim = "num_requests_running 3\nprompt_tokens_total 100\n";
    let alone = page(nim);
    assert_eq!(
        (alone.engines.len(), alone.kind, figures(&alone.engines[0]).0),
        (1, EngineKind::named("nim"), Some(100))
    );
    let both = page(&format!("{nim}vllm:prompt_tokens_total{{model_name=\"m\"}} 100\n"));
    assert_eq!((both.engines.len(), both.engines[0].kind), (1, EngineKind::named("vllm")));
    let nobody = page("prompt_tokens_total 100\ne2e_request_latency_seconds_bucket{le=\"+Inf\"} 3\n");
    assert_eq!((nobody.engines.len(), nobody.kind), (0, EngineKind::UNKNOWN), "names that anybody may have");
}

// Class: a program in front of engines that speaks under an engine's names.

const ROUTER: &str = "process_start_time_seconds 1790000000\n\
    vllm:num_requests_running{server=\"http://10.0.0.1:8000\"} 8\n\
    vllm:num_requests_waiting{server=\"http://10.0.0.1:8000\"} 3\n\
    vllm:current_qps{server=\"http://10.0.0.1:8000\"} 2.5\nvllm:healthy_pods_total{server=\"http://10.0.0.1:8000\"} 1\n";

#[test]
fn the_production_stacks_router_is_a_proxy() {
    let counted = "vllm:input_tokens_total{server=\"http://10.0.0.1:8000\",model=\"m\"} 70\n\
                   vllm:output_tokens_total{server=\"http://10.0.0.1:8000\",model=\"m\"} 80\n";
    let reading = page(&format!("{ROUTER}{counted}"));
    let [row] = &reading.engines[..] else { panic!("{:?}", reading.engines) };
    assert_eq!((row.kind, row.role, model(row)), (EngineKind::named("vllm"), Some(EngineRole::Proxy), Some("m")));
    assert_eq!(instance(row), Some("http://10.0.0.1:8000"));
    assert_eq!(figures(row), (Some(70), Some(80), Some(8), Some(3), None));
    assert!(reading.start_of(row.instance.as_ref()).is_some(), "its counters are as old as the router");
}

#[test]
fn a_router_is_a_proxy_before_its_first_request_and_without_servers() {
    let idle = page(ROUTER);
    assert_eq!((idle.engines.len(), idle.engines[0].role), (1, Some(EngineRole::Proxy)));
    let empty = page("vllm:num_incoming_requests_total{model=\"m\"} 0\n");
    assert_eq!((empty.engines.len(), empty.engines[0].role), (1, Some(EngineRole::Proxy)));
    assert!(empty.engines[0].tokens.is_empty());
    let underscored = page("vllm_num_requests_running{server=\"a\"} 1\nvllm_num_requests_running{server=\"b\"} 1\n");
    assert!(
        underscored.engines.len() == 2 && underscored.engines.iter().all(|row| row.role == Some(EngineRole::Proxy))
    );
}

#[test]
fn several_models_behind_one_server_are_rows() {
    let series = |model: &str| format!("vllm:input_tokens_total{{server=\"s\",model=\"{model}\"}} 7\n");
    let reading = page(&format!("vllm:num_requests_running{{server=\"s\"}} 8\n{}{}", series("a"), series("b")));
    let rows: Vec<_> = reading.engines.iter().map(|row| (model(row), row.running, row.role.unwrap())).collect();
    let proxy = EngineRole::Proxy;
    assert_eq!(rows, [(None, Some(8), proxy), (Some("a"), None, proxy), (Some("b"), None, proxy)]);
}

#[test]
fn a_router_that_passes_on_its_servers_counters_is_a_proxy() {
    let counters = "vllm:prompt_tokens_total{server=\"http://10.0.0.1:8000\",model_name=\"m\"} 70\n\
                    vllm:generation_tokens_total{server=\"http://10.0.0.1:8000\",model_name=\"m\"} 80\n";
    let reading = page(&format!("{ROUTER}{counters}"));
    let [row] = &reading.engines[..] else { panic!("{:?}", reading.engines) };
    assert_eq!((row.role, model(row)), (Some(EngineRole::Proxy), Some("m")));
    assert_eq!(figures(row), (Some(70), Some(80), Some(8), Some(3), None));
}

#[test]
fn an_engine_under_a_server_label_stays_one() {
    let reading = page("vllm:prompt_tokens_total{server=\"s\",model_name=\"m\"} 7\n");
    assert_eq!((reading.engines[0].role, instance(&reading.engines[0])), (None, Some("s")));
    let beside = page(&format!("{ROUTER}vllm:prompt_tokens_total{{instance=\"e:8000\",model_name=\"m\"}} 7\n"));
    let roles: Vec<_> = beside.engines.iter().map(|row| row.role).collect();
    assert_eq!(roles, [Some(EngineRole::Proxy), None]);
}

// Class: names that read alike once control characters are gone.

#[test]
fn instances_that_read_alike_stay_apart_and_command_no_terminal() {
    let series = |name: &str, value: u32| {
        format!("vllm:generation_tokens_total{{model_name=\"m\",instance=\"{name}\"}} {value}\n")
    };
    let long = "y".repeat(190);
    let names = ["a\x1b]0;x\x07", "a]0;x", "a\u{202e}]0;x", &(long.clone() + "1"), &(long + "2"), "b c"];
    let text: String = names.iter().zip(1..).map(|(name, value)| series(name, value)).collect();
    let reading = page(&text);
    let mut seen: Vec<&str> = reading.engines.iter().map(|row| instance(row).unwrap()).collect();
    assert!(seen.iter().all(|name| name.chars().all(|c| !c.is_control() && c != '\u{202e}')), "{seen:?}");
    seen.sort_unstable();
    seen.dedup();
    assert_eq!((seen.len(), reading.refusals.values), (names.len(), 0));
    let joined = page(
        "vllm:generation_tokens_total{instance=\"a\",job=\"b c\"} 1\nvllm:generation_tokens_total{instance=\"a b\",job=\"c\"} 2\n",
    );
    assert_eq!(joined.engines.len(), 2);
}

#[test]
fn rows_that_read_alike_are_counted_and_not_mixed() {
    let reading = page(
        "vllm:generation_tokens_total{model_name=\"a\x07\"} 1\nvllm:generation_tokens_total{model_name=\"a\"} 2\n",
    );
    assert_eq!((reading.engines.len(), reading.refusals.values), (1, 1));
}

/// Class: a server that runs an engine prints its own name of the model's label.
#[test]
fn triton_s_label_names_the_model_of_the_engine_that_runs_in_it() {
    for (prompt, output) in [
        ("sglang:prompt_tokens_total", "sglang:generation_tokens_total"),
        ("vllm:prompt_tokens_total", "vllm:generation_tokens_total"),
        ("trtllm_prompt_tokens_total", "trtllm_generation_tokens_total"),
        ("lmdeploy:prompt_tokens_total", "lmdeploy:generation_tokens_total"),
    ] {
        let labels = "{model=\"llama-8b\",version=\"1\"}";
        let reading = page(&format!("{prompt}{labels} 700\n{output}{labels} 30\n"));
        assert_eq!(reading.engines.len(), 1, "{prompt}");
        assert_eq!(model(&reading.engines[0]), Some("llama-8b"), "{prompt}");
    }
}

/// Class: an engine that passes another's names on, and one of its kind that only runs beside another under equal labels.
#[test]
fn a_nim_beside_another_engine_under_equal_labels_is_its_own() {
    let labels = "{model_name=\"m\",instance=\"h1\",job=\"llm\"}";
    let nim = |tokens: u64| {
        format!(
            "num_request_max{labels} 64\nnum_requests_running{labels} 1\nprompt_tokens_total{labels} {tokens}\n\
             generation_tokens_total{labels} {}\n",
            tokens / 10
        )
    };
    for other in ["vllm:", "sglang:", "lmdeploy:"] {
        let other =
            format!("{other}prompt_tokens_total{labels} 3000000\n{other}generation_tokens_total{labels} 300000\n");
        let prompts = |text: &str| {
            page(text).engines.iter().filter_map(|row| row.tokens.whole_prompt()).map(Tokens::count).sum::<u64>()
        };
        assert_eq!(prompts(&format!("{other}{}", nim(6_000_000))), 9_000_000, "{other}");
        assert_eq!(prompts(&format!("{other}{}", nim(3_000_000))), 3_000_000, "{other}");
        assert_eq!(prompts(&format!("{other}{}", nim(3_000_100))), 3_000_000, "{other}");
    }
}

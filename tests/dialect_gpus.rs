//! Pages of GPU exporters, and what a page may hold at most.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::float_cmp,
    clippy::panic,
    clippy::format_collect,
    missing_docs
)]

#[path = "support/fixture.rs"]
mod fixture;

use fixture::read;
use margintop::dialect::{self, Hint};
use margintop::reading::{EngineKind, GpuState, Mig};
use margintop::units::{Ratio, Timestamp, Tokens};

#[test]
fn dcgm_exporter_says_its_gpus() {
    let reading = read("engines/dcgm-exporter.prom");
    assert!(reading.engines.is_empty() && reading.gpus.len() == 2);
    let (node, gpu) = &reading.gpus[1];
    assert_eq!(node.as_ref().unwrap().as_str(), "node-a");
    assert_eq!(gpu.index, 1);
    assert_eq!(gpu.id.as_ref().unwrap().as_str(), "GPU-22222222-aaaa-bbbb-cccc-000000000001");
    assert_eq!(gpu.name.as_ref().unwrap().as_str(), "NVIDIA H200");
    assert_eq!(gpu.utilization, Ratio::from_percent(97.0));
    assert_eq!(gpu.memory_used.unwrap().get(), 130_569 << 20);
    assert_eq!(gpu.memory_total.unwrap().get(), 143_771 << 20);
    assert_eq!(gpu.power.unwrap().get(), 598_040);
    assert_eq!(gpu.energy.unwrap().get(), 90_012_339_000);
    assert_eq!((gpu.temperature.unwrap().get(), gpu.sm_clock.unwrap().get()), (55, 1755));
    assert_eq!(gpu.activity.engine, Ratio::new(0.960_011));
    assert_eq!(gpu.activity.sm, None);
    assert_eq!(gpu.pcie.unwrap().tx.get(), 1_401_229_911);
    assert_eq!((reading.gpus[0].1.xid, gpu.xid, gpu.mig), (None, Some(43), None));
}

#[test]
fn an_older_exporter_and_a_page_with_an_engine_on_it_are_read_too() {
    let page = b"DCGM_FI_DEV_GPU_UTIL{gpu=\"3\",uuid=\"GPU-1\",Hostname=\"n\"} 50\n\
                 vllm:generation_tokens_total{engine=\"0\"} 7\n";
    let reading = dialect::read(page, &Hint::default()).unwrap();
    assert_eq!((reading.kind, reading.engines.len(), reading.gpus.len()), (EngineKind::Vllm, 1, 1));
    assert_eq!((reading.gpus[0].1.index, reading.gpus[0].0.as_ref().unwrap().as_str()), (3, "n"));
}

#[test]
fn mig_instances_add_up_to_their_board() {
    let instance = |id: u32, used: u32| {
        let labels = format!("gpu=\"0\",UUID=\"GPU-1\",GPU_I_PROFILE=\"3g.40gb\",GPU_I_ID=\"{id}\"");
        format!(
            "DCGM_FI_DEV_FB_USED{{{labels}}} {used}\nDCGM_FI_DEV_FB_FREE{{{labels}}} 10\n\
             DCGM_FI_DEV_POWER_USAGE{{{labels}}} 300\nDCGM_FI_PROF_GR_ENGINE_ACTIVE{{{labels}}} 0.5\n"
        )
    };
    let page = instance(1, 100) + &instance(2, 200);
    let reading = dialect::read(page.as_bytes(), &Hint::default()).unwrap();
    let gpu = &reading.gpus[0].1;
    assert_eq!((reading.gpus.len(), gpu.mig), (1, Some(Mig::On)));
    assert_eq!((gpu.memory_used.unwrap().get(), gpu.memory_total.unwrap().get()), (300 << 20, 320 << 20));
    assert_eq!((gpu.power.unwrap().get(), gpu.activity.engine), (300_000, None));
}

#[test]
fn nvidia_gpu_exporter_says_its_gpus() {
    let reading = read("engines/nvidia_gpu_exporter.prom");
    assert_eq!(reading.gpus.len(), 2);
    let gpu = &reading.gpus[0].1;
    assert_eq!(gpu.id.as_ref().unwrap().as_str(), "GPU-11111111-aaaa-bbbb-cccc-000000000000");
    assert_eq!((gpu.utilization, gpu.sm_clock.unwrap().get()), (Ratio::new(0.98), 1980));
    assert_eq!((gpu.memory_used.unwrap().get(), gpu.power.unwrap().get()), (136_919_908_352, 611_230));
}

#[test]
fn a_page_beyond_a_limit_is_incomplete() {
    let page = format!("vllm:generation_tokens_total 7\nvllm:prompt_tokens_total{{a=\"{}\"}} 5\n", "x".repeat(70_000));
    let reading = dialect::read(page.as_bytes(), &Hint::default()).unwrap();
    assert_eq!((reading.complete, reading.refusals.over_limit), (false, 1));
    assert_eq!(
        (reading.engines[0].tokens.whole_prompt(), reading.engines[0].tokens.output),
        (None, Some(Tokens::new(7)))
    );
}

#[test]
fn a_page_of_a_hundred_thousand_engines_ends_soon() {
    let ranks: String = (0..60_000).map(|i| format!("vllm:generation_tokens_total{{engine=\"{i}\"}} 1\n")).collect();
    let bounds: String = (0..30_000)
        .map(|i| format!("vllm:e2e_request_latency_seconds_bucket{{engine=\"0\",le=\"{}\"}} 1\n", 30_000 - i))
        .collect();
    let gpus: String = (0..10_000).map(|i| format!("DCGM_FI_DEV_GPU_UTIL{{gpu=\"0\",UUID=\"{i}\"}} 1\n")).collect();
    let begun = std::time::Instant::now();
    let reading = dialect::read([ranks, bounds, gpus].concat().as_bytes(), &Hint::default()).unwrap();
    assert!(begun.elapsed() < std::time::Duration::from_secs(5));
    assert!(!reading.complete && reading.refusals.over_limit > 60_000);
    assert_eq!((reading.engines.len(), reading.gpus.len()), (1024, 256));
    assert_eq!(reading.engines[0].latency.e2e, None);
}

#[test]
fn an_agent_tells_states_processes_and_its_trouble() {
    let gpu = "gpu=\"3\",UUID=\"GPU-1\",hostname=\"n\"";
    let page = format!(
        "DCGM_FI_DEV_GPU_UTIL{{{gpu}}} 50\nDCGM_FI_DEV_MIG_MODE{{{gpu}}} 0\n\
         margintop_gpu_state{{{gpu},state=\"hung\"}} 1\n\
         margintop_gpu_process_memory_bytes{{{gpu},pid=\"41\",process=\"VLLM::Worker\"}} 1024\n\
         margintop_gpu_process_memory_bytes{{{gpu},pid=\"42\",process=\"\"}} 2048\n"
    );
    let reading = dialect::read(page.as_bytes(), &Hint::default()).unwrap();
    let gpu = &reading.gpus[0].1;
    assert_eq!((gpu.state, gpu.mig), (GpuState::Hung, Some(Mig::Off)));
    let processes = gpu.processes.as_ref().unwrap();
    assert_eq!((processes[0].pid, processes[0].name.as_ref().unwrap().as_str()), (41, "VLLM::Worker"));
    assert_eq!((processes[1].name.as_ref(), processes[1].memory.unwrap().get()), (None, 2048));
    let trouble = b"margintop_trouble{what=\"NVML\",why=\"not found\",mend=\"install it\"} 1\n";
    let told = dialect::read(trouble, &Hint::default()).unwrap_err();
    assert_eq!(told.to_string(), "NVML: not found (install it)");
}

#[test]
fn an_agent_whose_driver_hangs_shows_hung_gpus() {
    let page = b"DCGM_FI_DEV_GPU_UTIL{gpu=\"0\",UUID=\"GPU-1\"} 50\nmargintop_look_timestamp_seconds 1000.5\n";
    for (now, state) in [(1_004_000, GpuState::Answering), (1_007_000, GpuState::Hung)] {
        let hint = Hint { date: Some(Timestamp::from_millis(now)), ..Hint::default() };
        assert_eq!(dialect::read(page, &hint).unwrap().gpus[0].1.state, state);
    }
}

//! Pages of GPU exporters, and what a page may hold at most.
#![allow(clippy::float_cmp, clippy::format_collect)]

use crate::fixture;

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

/// Class: GPUs of several nodes on one page are those of one node, as the hostname that they share says nothing.
#[test]
fn gpus_of_several_places_whose_hostname_says_nothing_are_named_by_their_places() {
    let page = |hostname: &str, uuid: bool| {
        let line = |place: u32, index: u32| {
            let uuid = if uuid {
                format!(",UUID=\"GPU-0000000{place}-1111-2222-3333-44444444444{index}\"")
            } else {
                String::new()
            };
            format!(
                "DCGM_FI_DEV_GPU_UTIL{{gpu=\"{index}\"{uuid}{hostname},instance=\"10.0.0.{place}:9400\",job=\"dcgm\"}} 50\n"
            )
        };
        [line(1, 0), line(1, 1), line(2, 0), line(2, 1)].concat()
    };
    for hostname in
        ["", ",Hostname=\"\"", ",Hostname=\"localhost\"", ",Hostname=\"localhost.localdomain\"", ",Hostname=\"gpu\""]
    {
        for uuid in [true, false] {
            let reading = dialect::read(page(hostname, uuid).as_bytes(), &Hint::default()).unwrap();
            let nodes: Vec<_> =
                reading.gpus.iter().map(|(node, _)| node.as_ref().map(margintop::reading::NodeName::as_str)).collect();
            let expected = ["10.0.0.1", "10.0.0.1", "10.0.0.2", "10.0.0.2"].map(Some);
            assert_eq!(nodes, expected, "{hostname:?} {uuid}");
        }
    }
}

/// A page that a Prometheus has of two exporters on one host.
#[test]
fn one_gpu_in_two_places_keeps_its_hostname() {
    let page = b"DCGM_FI_DEV_GPU_UTIL{gpu=\"0\",UUID=\"GPU-1\",Hostname=\"n\",instance=\"10.1.0.5:9400\"} 50\n\
                 DCGM_FI_DEV_GPU_UTIL{gpu=\"0\",UUID=\"GPU-1\",Hostname=\"n\",instance=\"192.168.0.5:9400\"} 50\n";
    let reading = dialect::read(page, &Hint::default()).unwrap();
    assert_eq!((reading.gpus.len(), reading.gpus[0].0.as_ref().unwrap().as_str()), (1, "n"));
}

#[test]
fn an_older_exporter_and_a_page_with_an_engine_on_it_are_read_too() {
    let page = b"DCGM_FI_DEV_GPU_UTIL{gpu=\"3\",uuid=\"GPU-1\",Hostname=\"n\"} 50\n\
                 vllm:generation_tokens_total{engine=\"0\"} 7\n";
    let reading = dialect::read(page, &Hint::default()).unwrap();
    assert_eq!((reading.kind, reading.engines.len(), reading.gpus.len()), (EngineKind::named("vllm"), 1, 1));
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
    let began = crate::support::worked();
    let reading = dialect::read([ranks, bounds, gpus].concat().as_bytes(), &Hint::default()).unwrap();
    assert!(crate::support::worked().saturating_sub(began) < std::time::Duration::from_secs(5));
    assert!(!reading.complete && reading.refusals.over_limit > 60_000);
    assert_eq!((reading.engines.len(), reading.gpus.len()), (1024, 256));
    assert_eq!(reading.engines[0].latency.e2e, None);
}

#[test]
fn an_agent_reports_states_processes_and_its_error() {
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
    // An agent of today, and one of an earlier release.
    for (name, [source, cause, remedy]) in [
        ("source_error", ["source", "cause", "remedy"]),
        ("trouble", ["source", "cause", "remedy"]),
        ("trouble", ["what", "why", "mend"]),
    ] {
        let page = format!("margintop_{name}{{{source}=\"NVML\",{cause}=\"not found\",{remedy}=\"install it\"}} 1\n");
        let error = dialect::read(page.as_bytes(), &Hint::default()).unwrap_err();
        assert_eq!(error.to_string(), "NVML: not found (install it)");
    }
}

#[test]
fn an_agent_whose_driver_hangs_shows_hung_gpus() {
    // An agent of today, and one of an earlier release.
    for name in ["poll", "look"] {
        let page =
            format!("DCGM_FI_DEV_GPU_UTIL{{gpu=\"0\",UUID=\"GPU-1\"}} 50\nmargintop_{name}_timestamp_seconds 1000.5\n");
        for (now, state) in [(1_004_000, GpuState::Answering), (1_007_000, GpuState::Hung)] {
            let hint = Hint { date: Some(Timestamp::from_millis(now)), ..Hint::default() };
            assert_eq!(dialect::read(page.as_bytes(), &hint).unwrap().gpus[0].1.state, state);
        }
    }
}

// Class: numbers that exporters and drivers print for what they do not know.

const GPU: &str = "gpu=\"0\",UUID=\"GPU-1\",Hostname=\"n\"";
const DCGM: [&str; 20] = [
    "DEV_GPU_UTIL",
    "DEV_MEM_COPY_UTIL",
    "DEV_FB_USED",
    "DEV_FB_FREE",
    "DEV_FB_TOTAL",
    "DEV_POWER_USAGE",
    "DEV_ENFORCED_POWER_LIMIT",
    "DEV_TOTAL_ENERGY_CONSUMPTION",
    "DEV_GPU_TEMP",
    "DEV_SM_CLOCK",
    "DEV_MEM_CLOCK",
    "DEV_FAN_SPEED",
    "DEV_ECC_SBE_VOL_TOTAL",
    "DEV_ECC_DBE_VOL_TOTAL",
    "DEV_CLOCK_THROTTLE_REASONS",
    "DEV_MIG_MODE",
    "DEV_XID_ERRORS",
    "PROF_PCIE_TX_BYTES",
    "PROF_PCIE_RX_BYTES",
    "PROF_GR_ENGINE_ACTIVE",
];

/// Whether a GPU is known by its place and name and nothing else.
#[track_caller]
fn says_nothing(page: &str) {
    let reading = dialect::read(page.as_bytes(), &Hint::default()).unwrap();
    let (_, gpu) = &reading.gpus[0];
    let blank = margintop::reading::GpuReading {
        index: gpu.index,
        id: gpu.id.clone(),
        name: gpu.name.clone(),
        ..margintop::reading::GpuReading::default()
    };
    assert_eq!((reading.gpus.len(), gpu), (1, &blank), "{page}");
}

#[test]
fn blanks_of_dcgm_are_unknown_in_every_field() {
    says_nothing(&String::from_utf8(fixture::fixture("reports/07-dcgm-blank/page.prom")).unwrap());
    let widths = [2_147_483_632_u64, 9_223_372_036_854_775_792, 140_737_488_355_328];
    let blanks = widths.iter().flat_map(|first| (0..4).map(move |more| (first + more).to_string()));
    let others = ["1.40737488355328e+14", "9.223372036854775807e18", "NaN", "-1", "+Inf", "-Inf", "4294967295"];
    for blank in blanks.chain(others.map(str::to_owned)) {
        says_nothing(&DCGM.map(|field| format!("DCGM_FI_{field}{{{GPU}}} {blank}\n")).concat());
    }
}

#[test]
fn sentinels_of_other_exporters_are_unknown() {
    let uuid = "uuid=\"11111111-aaaa\"";
    for (field, scale) in [
        ("utilization_gpu_ratio", 0.01),
        ("memory_used_bytes", 1_048_576.0),
        ("memory_total_bytes", 1_048_576.0),
        ("power_draw_watts", 0.001),
        ("power_limit_watts", 0.001),
        ("energy_joules_total", 0.001),
        ("temperature_gpu", 1.0),
        ("clocks_current_sm_clock_hz", 1e6),
        ("fan_speed_ratio", 0.01),
        ("ecc_errors_corrected_volatile_total", 1.0),
        ("pcie_throughput_tx_bytes_per_second", 1024.0),
    ] {
        let maxima = [u64::MAX as f64, (u64::MAX >> 1) as f64];
        let narrow = Some(f64::from(u32::MAX)).filter(|_| field != "energy_joules_total");
        for value in maxima.into_iter().chain(narrow).map(|max| max * scale).chain([f64::NAN, -1.0, f64::INFINITY]) {
            says_nothing(&format!("nvidia_smi_{field}{{{uuid}}} {value}\n"));
        }
    }
    for field in ["utilization", "memory_used_bytes", "memory_total_bytes", "power_usage", "power_limit"] {
        for value in ["-1", "NaN", "18446744073709551615", "4294967295", "9223372036854775807"] {
            says_nothing(&format!("nv_gpu_{field}{{gpu_uuid=\"GPU-1\"}} {value}\n"));
        }
    }
    let page = format!("margintop_gpu_process_memory_bytes{{{GPU},pid=\"41\",process=\"x\"}} 18446744073709551615\n");
    let reading = dialect::read(page.as_bytes(), &Hint::default()).unwrap();
    assert_eq!(reading.gpus[0].1.processes.as_ref().unwrap()[0].memory, None);
}

#[test]
fn what_cannot_be_is_no_value() {
    for (field, wrong) in [
        ("DEV_GPU_UTIL", "101"),
        ("PROF_GR_ENGINE_ACTIVE", "1.1"),
        ("DEV_GPU_TEMP", "201"),
        ("DEV_GPU_TEMP", "-101"),
        ("DEV_POWER_USAGE", "100001"),
        ("DEV_SM_CLOCK", "1e9"),
        ("DEV_FB_USED", "1e12"),
        ("DEV_POWER_USAGE", "-5"),
    ] {
        says_nothing(&format!("DCGM_FI_{field}{{{GPU}}} {wrong}\n"));
    }
    let cold = format!("DCGM_FI_DEV_GPU_TEMP{{{GPU}}} -12\nDCGM_FI_DEV_GPU_UTIL{{{GPU}}} 100\n");
    let reading = dialect::read(cold.as_bytes(), &Hint::default()).unwrap();
    assert_eq!((reading.gpus[0].1.temperature.unwrap().get(), reading.gpus[0].1.utilization), (-12, Ratio::new(1.0)));
}

/// Class: an exporter's own unit and name of a figure that others have too.
#[test]
fn triton_says_energy_in_joules_since_its_start() {
    let triton = "nv_energy_consumption{gpu_uuid=\"GPU-1\"} 1234.5\n";
    let energy = |page: &str| {
        let reading = dialect::read(page.as_bytes(), &Hint::default()).unwrap();
        assert_eq!(reading.gpus.len(), 1);
        reading.gpus[0].1.energy.unwrap().get()
    };
    assert_eq!(energy(triton), 1_234_500);
    // A driver's counter of the same card is since the card was powered.
    let dcgm = format!("DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION{{{GPU}}} 9000000\n");
    assert_eq!((energy(&format!("{triton}{dcgm}")), energy(&format!("{dcgm}{triton}"))), (9_000_000, 9_000_000));
    for blank in ["NaN", "-1", "18446744073709551615"] {
        says_nothing(&format!("nv_energy_consumption{{gpu_uuid=\"GPU-1\"}} {blank}\n"));
    }
}

#[test]
fn a_blank_name_is_none_and_fractions_of_bytes_are_no_error() {
    let page = "DCGM_FI_DEV_GPU_UTIL{gpu=\"0\",UUID=\"GPU-1\",modelName=\"<<<NOT_SUPPORTED>>>\",Hostname=\"<<<NULL>>>\"} 50\n\
                nv_gpu_memory_used_bytes{gpu_uuid=\"GPU-1\"} 70000000000.5\n\
                nv_gpu_memory_total_bytes{gpu_uuid=\"GPU-1\"} 1.6e11\n\
                DCGM_FI_DEV_POWER_USAGE{gpu=\"0\",UUID=\"GPU-1\"} <<<NULL>>>\n";
    let reading = dialect::read(page.as_bytes(), &Hint::default()).unwrap();
    let (node, gpu) = &reading.gpus[0];
    assert_eq!((node, &gpu.name, reading.gpus.len(), reading.refusals.values), (&None, &None, 1, 0));
    assert_eq!((gpu.memory_used.unwrap().get(), gpu.memory_total.unwrap().get()), (70_000_000_000, 160_000_000_000));
}

// Class: one card or MIG instance, reported several times under more labels.

#[test]
fn a_card_that_is_repeated_for_each_pod_is_one() {
    let series = |more: &str| {
        format!(
            "DCGM_FI_DEV_FB_USED{{{GPU},{more}}} 100\nDCGM_FI_DEV_FB_FREE{{{GPU},{more}}} 60\nDCGM_FI_DEV_POWER_USAGE{{{GPU},{more}}} 300\n"
        )
    };
    let page =
        ["vgpu=\"1\"", "vgpu=\"2\"", "pod=\"a\",container=\"x\"", "pod=\"b\",container=\"y\""].map(series).concat();
    let reading = dialect::read(page.as_bytes(), &Hint::default()).unwrap();
    let gpu = &reading.gpus[0].1;
    assert_eq!((reading.gpus.len(), gpu.memory_used.unwrap().get() >> 20, gpu.power.unwrap().get()), (1, 100, 300_000));
}

#[test]
fn a_mig_instance_that_is_repeated_is_added_once() {
    let series = |id: u32, more: &str, used: &str| {
        let labels = format!("{GPU},GPU_I_PROFILE=\"1g.10gb\",GPU_I_ID=\"{id}\",{more}");
        format!("DCGM_FI_DEV_FB_USED{{{labels}}} {used}\nDCGM_FI_DEV_FB_FREE{{{labels}}} 10\n")
    };
    let repeated = series(1, "pod=\"a\"", "100") + &series(1, "pod=\"b\"", "100") + &series(2, "vgpu=\"0\"", "200");
    let reading =
        dialect::read((repeated.clone() + &series(2, "vgpu=\"1\"", "200")).as_bytes(), &Hint::default()).unwrap();
    let gpu = &reading.gpus[0].1;
    assert_eq!((gpu.memory_used.unwrap().get() >> 20, gpu.memory_total.unwrap().get() >> 20), (300, 320));
    let blank = dialect::read((repeated + &series(3, "pod=\"a\"", "2147483632")).as_bytes(), &Hint::default()).unwrap();
    assert_eq!(blank.gpus[0].1.memory_used, None, "a part of the sum is not known");
}

#[test]
fn a_mig_instance_with_a_uuid_is_a_gpu_of_its_own() {
    let series = |uuid: &str, pod: &str, used: u32| {
        format!("DCGM_FI_DEV_FB_USED{{gpu=\"0\",UUID=\"{uuid}\",GPU_I_ID=\"1\",pod=\"{pod}\"}} {used}\n")
    };
    let page = series("MIG-a", "x", 10) + &series("MIG-a", "y", 10) + &series("MIG-b", "x", 20);
    let reading = dialect::read(page.as_bytes(), &Hint::default()).unwrap();
    let gpus: Vec<_> = reading
        .gpus
        .iter()
        .map(|(_, gpu)| (gpu.id.as_ref().unwrap().as_str(), gpu.memory_used.unwrap().get() >> 20, gpu.mig))
        .collect();
    assert_eq!(gpus, [("MIG-a", 10, Some(Mig::On)), ("MIG-b", 20, Some(Mig::On))]);
}

#[test]
fn one_card_under_two_spellings_of_its_uuid_is_one() {
    let page = "DCGM_FI_DEV_GPU_UTIL{gpu=\"0\",UUID=\"GPU-11111111-AAAA\"} 50\n\
                nvidia_smi_power_draw_watts{uuid=\"11111111-aaaa\"} 300\nnv_gpu_power_limit{gpu_uuid=\"gpu-11111111-aaaa\"} 700\n\
                nvidia_smi_power_draw_watts{uuid=\"21111111-aaaa\"} 1\n";
    let reading = dialect::read(page.as_bytes(), &Hint::default()).unwrap();
    let gpu = &reading.gpus[0].1;
    assert_eq!((reading.gpus.len(), gpu.utilization), (2, Ratio::new(0.5)));
    assert_eq!((gpu.power.unwrap().get(), gpu.power_limit.unwrap().get()), (300_000, 700_000));
}

/// The GPUs of a page with two cards on each of two nodes, whose UUIDs are these.
fn with_uuids(uuids: [&str; 4]) -> Vec<Option<String>> {
    let series = |(place, uuid): (usize, &str)| {
        let (node, gpu) = (place / 2, place % 2);
        format!("DCGM_FI_DEV_GPU_UTIL{{gpu=\"{gpu}\",UUID=\"{uuid}\",Hostname=\"n{node}\"}} 50\n")
    };
    let page: String = uuids.into_iter().enumerate().map(series).collect();
    let reading = dialect::read(page.as_bytes(), &Hint::default()).unwrap();
    reading.gpus.into_iter().map(|(_, gpu)| gpu.id.map(|id| id.to_string())).collect()
}

// Class: a value that exporters write where they know no UUID, taken for one, makes one card of many.

#[test]
fn a_placeholder_is_no_uuid() {
    for placeholder in [
        "",
        " ",
        "-",
        "--",
        "?",
        "0",
        "unknown",
        "Unknown",
        "none",
        "null",
        "N/A",
        "n/a",
        "NaN",
        "[N/A]",
        "Not Supported",
        "<nil>",
        "undefined",
        "gpu",
        "nvidia0",
        "GPU-",
        "gpu-",
        "GPU-0",
        "GPU-unknown",
        "GPU-N/A",
        "MIG-",
        "00000000-0000-0000-0000-000000000000",
        "GPU-00000000-0000-0000-0000-000000000000",
        "MIG-00000000-0000-0000-0000-000000000000",
        "GPU-ffffffff-ffff-ffff-ffff-ffffffffffff",
        "GPU-xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx",
    ] {
        assert_eq!(with_uuids([placeholder; 4]), vec![None; 4], "{placeholder}");
    }
    assert_eq!(
        [with_uuids(["0", "1", "0", "1"]), with_uuids(["GPU-0", "GPU-1", "GPU-0", "GPU-1"])],
        [vec![None; 4], vec![None; 4]]
    );
}

/// Class: the same with a value that looks like a UUID, but names several cards of one page.
#[test]
fn a_uuid_of_several_indices_names_none_of_them() {
    let [a, b] = ["GPU-8a56b1c2-aaaa-4000-8000-000000000001", "GPU-8a56b1c2-aaaa-4000-8000-000000000002"];
    let known = Some("GPU-8a56b1c2-aaaa-4000-8000-000000000002".to_owned());
    assert_eq!(with_uuids([a, a, b, "-"]), [None, None, known, None]);
    let spelled = "8A56B1C2-aaaa-4000-8000-000000000001";
    assert_eq!(with_uuids([a, spelled, "-", "-"]), vec![None; 4]);
}

#[test]
fn a_uuid_is_one_with_and_without_its_prefix() {
    let spelled = ["GPU-8a56b1c2-aaaa-4000-8000-00000000000", "8a56b1c2-aaaa-4000-8000-00000000000"];
    let uuids = [1, 2, 3, 4].map(|n: usize| format!("{}{n}", spelled[n % 2]));
    let ids = with_uuids([&uuids[0], &uuids[1], &uuids[2], &uuids[3]]);
    let canonical = [1, 2, 3, 4].map(|n| Some(format!("GPU-8a56b1c2-aaaa-4000-8000-00000000000{n}")));
    assert_eq!(ids, canonical);
    let mig = dialect::read(b"DCGM_FI_DEV_FB_USED{gpu=\"0\",UUID=\"MIG-1c2d\"} 1\n", &Hint::default()).unwrap();
    assert_eq!(mig.gpus[0].1.id.as_ref().unwrap().as_str(), "MIG-1c2d");
}

/// Class: a card whose page names neither an index nor a UUID that is one, dropped.
#[test]
fn a_card_without_an_index_and_a_uuid_is_still_one() {
    let page = b"nvidia_smi_power_draw_watts{uuid=\"unknown\"} 300\nnvidia_smi_memory_used_bytes{uuid=\"unknown\"} 1\n";
    let reading = dialect::read(page, &Hint::default()).unwrap();
    assert_eq!((reading.gpus.len(), reading.gpus[0].1.id.as_ref()), (1, None));
}

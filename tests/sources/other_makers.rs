//! Pages of GPUs of other makers: all-smi's, and that of AMD's exporter.
//!
//! The classes of fault: a unit taken for another, a part of a card counted as a card, and an unknown value shown as 0.
#![allow(clippy::float_cmp)]

use crate::fixture;

use fixture::read;
use margintop::dialect::{self, Hint};
use margintop::reading::{GpuReading, NodeName};
use margintop::units::{Bytes, Celsius, Energy, Megahertz, Power, Ratio};

/// The GPUs of a page, and the name of their node.
fn gpus(page: &str) -> Vec<(Option<String>, GpuReading)> {
    let reading = dialect::read(page.as_bytes(), &Hint::default()).unwrap();
    assert!(reading.engines.is_empty() && reading.complete, "{page}");
    reading.gpus.into_iter().map(|(node, gpu)| (node.map(|node| node.to_string()), gpu)).collect()
}

#[test]
fn all_smi_says_the_gpus_and_nothing_else_of_its_page_is_one() {
    let reading = read("gpus/all-smi-amd.prom");
    assert_eq!((reading.engines.len(), reading.gpus.len(), reading.gpu_hosts.len()), (0, 2, 0));
    let (node, gpu) = &reading.gpus[0];
    assert_eq!((node, gpu.index), (&Some(NodeName::new("mi-07")), 0));
    assert_eq!(gpu.id, None, "a PCI address is the same on all machines of a kind");
    assert_eq!(gpu.name.as_ref().unwrap().as_str(), "AMD Instinct MI300X");
    assert_eq!(gpu.utilization, Ratio::from_percent(93.5));
    assert_eq!(gpu.memory_used, Some(Bytes::new(160 << 30)));
    assert_eq!(gpu.memory_total, Some(Bytes::new(206_141_652_992)));
    assert_eq!((gpu.power, gpu.temperature), (Power::from_watts(688.25), Some(Celsius::new(61))));
    assert_eq!((gpu.sm_clock, gpu.memory_clock), (Some(Megahertz::new(2101)), None));
    assert_eq!((gpu.energy, gpu.fan), (None, None), "its energy is a sum of samples, its fan turns are no share");
    let idle = &reading.gpus[1].1;
    assert_eq!((idle.index, idle.utilization, idle.power), (1, Ratio::new(0.0), Power::from_watts(132.0)));
}

/// The lines of an all-smi page for one GPU.
fn all_smi(labels: &str, values: [&str; 6]) -> String {
    let names = [
        "utilization",
        "memory_used_bytes",
        "memory_total_bytes",
        "temperature_celsius",
        "power_consumption_watts",
        "frequency_mhz",
    ];
    let line = |(name, value)| format!("all_smi_gpu_{name}{{{labels}}} {value}");
    names.iter().zip(values).map(line).collect::<Vec<_>>().join("\n") + "\n"
}

#[test]
fn what_all_smi_prints_as_0_for_want_of_a_sensor_is_unknown() {
    // As releases until 0.24 print a card of whose sensors none answers, with their labels.
    let labels = r#"gpu="Intel Gaudi 3", instance="hl-1", uuid="01P4-HL3090A0-18-U4V193-22-07-00", index="5""#;
    let found = gpus(&all_smi(labels, ["0", "0", "0", "0", "0", "0"]));
    let (node, gpu) = &found[0];
    assert_eq!((found.len(), node.as_deref(), gpu.index), (1, Some("hl-1"), 5));
    assert_eq!((gpu.memory_used, gpu.memory_total, gpu.temperature), (None, None, None));
    assert_eq!((gpu.power, gpu.sm_clock, gpu.utilization), (None, None, Ratio::new(0.0)));
    // A card of which 0 bytes are used.
    let found = gpus(&all_smi(labels, ["0", "0", "137438953472", "30", "90", "0"]));
    assert_eq!((found[0].1.memory_used, found[0].1.power), (Some(Bytes::new(0)), Power::from_watts(90.0)));
}

#[test]
fn names_of_all_smi_that_are_no_uuids_do_not_join_the_gpus_of_several_machines() {
    for uuid in ["GPU-0000:05:00.0", "JetsonGPU", "TPU-0", "GPU-0", "Intel-GPU-0000:03:00.0", ""] {
        let page = |host: &str| {
            let labels = format!(r#"gpu="X", instance="{host}", gpu_uuid="{uuid}", gpu_index="0""#);
            all_smi(&labels, ["50", "1", "2", "3", "4", "5"])
        };
        let found = gpus(&(page("n1") + &page("n2")));
        let nodes: Vec<_> = found.iter().map(|(node, _)| node.as_deref()).collect();
        assert_eq!(nodes, [Some("n1"), Some("n2")], "{uuid:?}");
        assert!(found.iter().all(|(_, gpu)| gpu.id.is_none()), "{uuid:?}");
    }
}

#[test]
fn a_federated_all_smi_page_says_the_host_and_the_place_of_each_gpu() {
    let labels = |place: u32, index: u32| {
        format!(
            r#"exported_instance="gpu-{place}",instance="10.0.0.{place}:9090",job="smi",gpu="H100",gpu_uuid="GPU-0000000{place}-1111-2222-3333-44444444444{index}",gpu_index="{index}""#
        )
    };
    let page: String = [(1, 0), (1, 1), (2, 0)]
        .map(|(place, index)| all_smi(&labels(place, index), ["50", "1", "2", "3", "4", "5"]))
        .concat();
    let reading = dialect::read(page.as_bytes(), &Hint::default()).unwrap();
    let nodes: Vec<_> = reading.gpus.iter().map(|(node, _)| node.clone().unwrap().to_string()).collect();
    assert_eq!(nodes, ["gpu-1", "gpu-1", "gpu-2"]);
    let hosts: Vec<_> = reading.gpu_hosts.iter().map(|host| host.host.to_string()).collect();
    assert_eq!(hosts, ["10.0.0.1", "10.0.0.2"]);
}

#[test]
fn all_smi_says_which_process_holds_the_memory_of_a_gpu_that_has_a_uuid() {
    let uuid = "GPU-11111111-aaaa-bbbb-cccc-000000000000";
    let gpu = all_smi(
        &format!(r#"gpu="NVIDIA H200", instance="n", gpu_uuid="{uuid}", gpu_index="0""#),
        ["50", "1000", "2000", "3", "4", "5"],
    );
    let process = |uuid: &str, pid: u32| {
        format!(
            "all_smi_process_memory_used_bytes{{pid=\"{pid}\", name=\"VLLM::Worker\", user=\"u\", device_id=\"0\", \
             gpu_index=\"0\", device_uuid=\"{uuid}\", command=\"vllm\"}} 900\n"
        )
    };
    let instance = format!(
        "all_smi_gpu_mig_mode{{gpu_index=\"0\", gpu_uuid=\"{uuid}\", gpu=\"NVIDIA H200\", instance=\"n\", host=\"n\"}} 1\n\
         all_smi_mig_instance_memory_used_bytes{{gpu_index=\"0\", gpu_uuid=\"{uuid}\", instance=\"n\", mig_uuid=\"MIG-5\"}} 7\n"
    );
    let found = gpus(&(gpu + &process(uuid, 41) + &process("GPU-0000:05:00.0", 42) + &process("", 43) + &instance));
    assert_eq!(found.len(), 1, "a process whose GPU is not on the page is no GPU");
    let gpu = &found[0].1;
    let processes = gpu.processes.as_ref().unwrap();
    assert_eq!((processes.len(), processes[0].pid, processes[0].memory), (1, 41, Some(Bytes::new(900))));
    assert_eq!(processes[0].name.as_ref().unwrap().as_str(), "VLLM::Worker");
    assert_eq!(gpu.name.as_ref().unwrap().as_str(), "NVIDIA H200", "the name of a process is not that of the card");
    assert_eq!((gpu.memory_used, gpu.mig), (Some(Bytes::new(1000)), Some(margintop::reading::Mig::On)));
}

#[test]
fn amds_exporter_says_its_cards() {
    let reading = read("gpus/amd-exporter.prom");
    assert_eq!((reading.engines.len(), reading.gpus.len()), (0, 2));
    let (node, gpu) = &reading.gpus[0];
    assert_eq!((node, gpu.index), (&Some(NodeName::new("mi-08")), 0));
    assert_eq!(gpu.id.as_ref().unwrap().as_str(), "GPU-692303000000", "the serial number");
    assert_eq!(gpu.name.as_ref().unwrap().as_str(), "MI300X");
    assert_eq!((gpu.utilization, gpu.memory_utilization), (Ratio::from_percent(97.0), Ratio::from_percent(50.0)));
    assert_eq!(gpu.memory_used, Some(Bytes::new(177_000 << 20)));
    assert_eq!(gpu.memory_total, Some(Bytes::new(196_592 << 20)));
    assert_eq!((gpu.power, gpu.temperature), (Power::from_watts(702.0), Some(Celsius::new(64))));
    assert_eq!(gpu.energy, Some(Energy::new(18_446_728_000)), "18.4 MJ");
    assert_eq!((gpu.sm_clock, gpu.memory_clock), (Some(Megahertz::new(2090)), Some(Megahertz::new(1300))));
    let idle = &reading.gpus[1].1;
    assert_eq!((idle.index, idle.ecc.corrected, idle.utilization), (1, Some(3), Ratio::new(0.0)));
}

#[test]
fn the_partitions_of_a_card_are_one_gpu() {
    let reading = read("gpus/amd-exporter-cpx.prom");
    assert_eq!(reading.gpus.len(), 2, "two cards of eight partitions");
    let of = |at: usize| &reading.gpus[at].1;
    let indices: Vec<_> = reading.gpus.iter().map(|(_, gpu)| gpu.index).collect();
    assert_eq!(indices, [0, 8], "that of the first partition");
    assert_eq!((of(0).power, of(1).power), (Power::from_watts(702.0), Power::from_watts(701.0)));
    assert_eq!((of(1).energy, of(1).temperature), (Some(Energy::new(9_000_001_000)), Some(Celsius::new(63))));
    assert_eq!(of(0).sm_clock, Some(Megahertz::new(2090)));
    assert_eq!((of(0).utilization, of(0).memory_used, of(0).memory_total), (None, None, None), "said of parts only");
}

/// One line of AMD's exporter.
fn amd(name: &str, labels: &str, value: &str) -> String {
    format!("{name}{{{labels}}} {value}\n")
}

#[test]
fn partitions_are_joined_in_any_order_and_never_by_a_text_that_is_no_serial_number() {
    let labels = |id: u32, partition: u32, serial: &str| {
        format!(
            r#"card_model="MI300X",gpu_compute_partition_type="cpx",gpu_id="{id}",gpu_partition_id="{partition}",hostname="n",serial_number="{serial}""#
        )
    };
    let power = |id, partition, serial: &str, watts| amd("gpu_power_usage", &labels(id, partition, serial), watts);
    let mut lines = [
        power(0, 0, "A-17", "700"),
        power(1, 1, "A-17", "0"),
        power(2, 2, "A-17", "0"),
        power(3, 0, "B-17", "300"),
        power(4, 1, "B-17", "0"),
    ];
    for _ in 0..2 {
        let mut found: Vec<_> = gpus(&lines.concat()).into_iter().map(|(_, gpu)| (gpu.index, gpu.power)).collect();
        found.sort_unstable_by_key(|(index, _)| *index);
        assert_eq!(found, [(0, Power::from_watts(700.0)), (3, Power::from_watts(300.0))]);
        lines.reverse();
    }
    for none in ["", "N/A", "NA", "unknown", "0", "000000000000"] {
        let page = power(0, 0, none, "700") + &power(1, 1, none, "0") + &power(2, 0, none, "300");
        let found: Vec<_> = gpus(&page).into_iter().map(|(_, gpu)| (gpu.index, gpu.id, gpu.power)).collect();
        let expected = [(0, None, Power::from_watts(700.0)), (2, None, Power::from_watts(300.0))];
        assert_eq!(found, expected, "{none:?}: by the first of each card");
    }
}

#[test]
fn values_that_a_release_of_amds_exporter_prints_as_0_are_unknown() {
    let labels = r#"card_model="0x74a1",card_series="AMD Instinct MI300X",gpu_id="0",gpu_partition_id="NA",gpu_compute_partition_type="none",hostname="n",serial_number="A-1""#;
    let names = ["package_power", "power_usage", "energy_consumed", "junction_temperature", "total_vram", "used_vram"];
    let page: String = names.iter().map(|name| amd(&format!("gpu_{name}"), labels, "0")).collect();
    let gpu = gpus(&page).remove(0).1;
    assert_eq!((gpu.power, gpu.energy, gpu.temperature), (None, None, None));
    assert_eq!((gpu.memory_total, gpu.memory_used), (None, None));
    assert_eq!(gpu.name.unwrap().as_str(), "AMD Instinct MI300X", "a device's number is no name");
}

#[test]
fn another_programs_series_of_such_a_name_is_no_gpu() {
    let page = "gpu_power_usage{gpu_id=\"0\"} 300\ngpu_clock{card=\"0\"} 1\ngpu_gfx_activity 4\nup 1\n";
    assert_eq!(gpus(page).len(), 0);
}

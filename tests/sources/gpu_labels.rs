//! GPUs of pages whose labels differ: pods, places, and the states that an agent names.

use margintop::dialect::{self, Hint};
use margintop::reading::GpuState;
use margintop::units::{Energy, Power, Ratio};

/// The lines of one GPU under one pod, as dcgm-exporter's attribution and a federation of it print them.
fn attributed(pod: &str, energy: Option<u64>, utilization: u64, stamp: Option<i64>) -> [String; 3] {
    let labels = format!(
        "gpu=\"0\",UUID=\"GPU-22222222-aaaa-bbbb-cccc-000000000001\",Hostname=\"n\",container=\"vllm\",namespace=\"llm\",pod=\"{pod}\""
    );
    let stamp = stamp.map(|stamp| format!(" {stamp}")).unwrap_or_default();
    let line = |name: &str, value: u64| format!("DCGM_FI_DEV_{name}{{{labels}}} {value}{stamp}\n");
    [
        line("GPU_UTIL", utilization),
        energy.map(|energy| line("TOTAL_ENERGY_CONSUMPTION", energy)).unwrap_or_default(),
        line("POWER_USAGE", utilization * 7),
    ]
}

/// Class: of two series of one GPU that differ in the pod, the later line wins, also where it stands still.
#[test]
fn of_a_gpu_that_two_pods_are_shown_with_the_one_that_goes_on_counts() {
    let labels_of = |lines: &[String]| {
        let reading = dialect::read(lines.concat().as_bytes(), &Hint::default()).unwrap();
        assert_eq!(reading.gpus.len(), 1);
        let gpu = reading.gpus[0].1.clone();
        (gpu.energy.map(Energy::get), gpu.utilization, gpu.power.map(Power::get))
    };
    let alike = |a: [String; 3], b: [String; 3], energy, percent: f64| {
        let mut by_series: Vec<String> = a.iter().zip(&b).flat_map(|(a, b)| [a.clone(), b.clone()]).collect();
        let mut by_pod: Vec<String> = a.into_iter().chain(b).collect();
        for _ in 0..2 {
            let expected = (energy, Ratio::from_percent(percent), Some(7000 * percent as u32));
            assert_eq!([labels_of(&by_series), labels_of(&by_pod)], [expected; 2], "{by_series:?}");
            by_series.reverse();
            by_pod.reverse();
        }
    };
    // The energy of the former pod's series stands still below the other's.
    alike(attributed("old", Some(5000), 90, None), attributed("new", Some(5400), 30, None), Some(5400), 30.0);
    alike(attributed("old", Some(5000), 30, None), attributed("new", Some(5400), 90, None), Some(5400), 90.0);
    // The times of the samples decide where there are any, also after the driver began at zero.
    alike(attributed("old", Some(9000), 90, Some(1000)), attributed("new", Some(7), 30, Some(2000)), Some(7), 30.0);
    alike(attributed("old", None, 90, Some(1000)), attributed("new", None, 30, Some(2000)), None, 30.0);
}

#[test]
fn a_second_page_of_a_gpu_with_two_pods_is_read_like_the_first() {
    let page = |old: u64, new: u64| {
        [attributed("new", Some(new), 30, None).concat(), attributed("old", Some(old), 90, None).concat()].concat()
    };
    let (mut reader, layouts) = (dialect::PageReader::default(), dialect::PageLayouts::default());
    for new in [5400, 5500, 5600] {
        let reading = reader.read(page(5000, new).as_bytes(), &Hint::default(), &layouts).unwrap();
        let gpu = &reading.gpus[0].1;
        assert_eq!((gpu.energy.unwrap().get(), gpu.utilization), (new, Ratio::from_percent(30.0)));
    }
}

/// Class: a state that an agent's page names and that its reader takes for an answering GPU.
#[test]
fn every_state_of_a_gpu_that_an_agent_names_is_read() {
    use GpuState::{Answering, Failing, Hung, Lost, Refused, Slow};
    for state in [Answering, Hung, Lost, Refused, Failing, Slow] {
        let name = state.name();
        let page = format!("margintop_gpu_state{{gpu=\"0\",hostname=\"n\",state=\"{name}\"}} 1\n");
        let reading = dialect::read(page.as_bytes(), &Hint::default()).unwrap();
        assert_eq!(reading.gpus[0].1.state, state, "{name}");
    }
}

/// Class: GPUs of a second machine on a federated page are numbered after those of the first.
#[test]
fn gpus_of_several_places_are_numbered_on_each() {
    for (info_index, index_line) in [(true, false), (false, true), (false, false)] {
        let card = |place: usize, index: usize| {
            let labels = format!(
                "uuid=\"0000{place:02}{index:02}-1111-2222-3333-444444444444\",instance=\"10.0.0.{place}:9835\",job=\"nv\""
            );
            let index_label = if info_index { format!(",index=\"{index}\"") } else { String::new() };
            let line = if index_line { format!("nvidia_smi_index{{{labels}}} {index}\n") } else { String::new() };
            format!(
                "nvidia_smi_utilization_gpu_ratio{{{labels}}} 0.5\n{line}nvidia_smi_gpu_info{{{labels},name=\"NVIDIA H100\"{index_label}}} 1\n"
            )
        };
        let page: String = (1..4)
            .flat_map(|place| (0..2).map(move |index| (place, index)))
            .map(|(place, index)| card(place, index))
            .collect();
        let reading = dialect::read(page.as_bytes(), &Hint::default()).unwrap();
        let indices: Vec<u32> = reading.gpus.iter().map(|(_, gpu)| gpu.index).collect();
        assert_eq!(indices, [0, 1, 0, 1, 0, 1], "{info_index} {index_line}");
    }
}

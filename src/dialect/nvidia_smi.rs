//! What `nvidia-smi --query-gpu` prints, as a page of GPUs.

use crate::exposition::{Emitter, FamilyKind};

/// What is asked of `nvidia-smi`: which card it is, then figures in the units of [`FIGURES`].
pub const QUERY: &str = "index,uuid,name,utilization.gpu,utilization.memory,memory.used,memory.total,power.draw,\
                         enforced.power.limit,temperature.gpu,clocks.sm,clocks.mem,fan.speed";
/// The figures behind the three columns of the card, as dcgm-exporter names them; units are the same.
const FIGURES: [&str; 10] = [
    "DCGM_FI_DEV_GPU_UTIL",
    "DCGM_FI_DEV_MEM_COPY_UTIL",
    "DCGM_FI_DEV_FB_USED",
    "DCGM_FI_DEV_FB_TOTAL",
    "DCGM_FI_DEV_POWER_USAGE",
    "DCGM_FI_DEV_ENFORCED_POWER_LIMIT",
    "DCGM_FI_DEV_GPU_TEMP",
    "DCGM_FI_DEV_SM_CLOCK",
    "DCGM_FI_DEV_MEM_CLOCK",
    "DCGM_FI_DEV_FAN_SPEED",
];
/// The most cards of a node.
const MOST: usize = 256;

/// The page of what `nvidia-smi --query-gpu=QUERY --format=csv,noheader,nounits` printed on a host. What is no number there
/// (`[N/A]`, `[Not Supported]`, `[Unknown Error]`, `ERR!`) is not on the page; lines of another form are not read.
pub fn page_of_nvidia_smi(printed: &str, host: &str) -> String {
    let cards: Vec<Vec<&str>> = printed.lines().filter_map(columns).take(MOST).collect();
    let mut page = Emitter::new();
    for (nth, figure) in FIGURES.iter().enumerate() {
        let mut begun = false;
        for card in &cards {
            let Some(value) = card.get(3 + nth).and_then(|text| text.parse::<f64>().ok()) else { continue };
            if !std::mem::replace(&mut begun, true) {
                page.family(figure, FamilyKind::Gauge, "As nvidia-smi prints it.");
            }
            let labels = [("gpu", card[0]), ("UUID", card[1]), ("modelName", card[2]), ("Hostname", host)];
            page.sample(figure, &labels, value);
        }
    }
    page.finish()
}

/// The columns of a card's line. Its name may have commas: it is what stands between the first two columns and the figures.
fn columns(line: &str) -> Option<Vec<&str>> {
    let mut ends: Vec<&str> = line.rsplitn(FIGURES.len() + 1, ',').map(str::trim).collect();
    let card = ends.pop().filter(|_| ends.len() == FIGURES.len())?;
    let mut columns: Vec<&str> = card.splitn(3, ',').map(str::trim).collect();
    let is_card = columns.len() == 3 && columns.first()?.parse::<u32>().is_ok();
    columns.extend(ends.into_iter().rev());
    is_card.then_some(columns)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::dialect::{self, Hint};
    use crate::reading::NodeName;
    use crate::units::{Bytes, Celsius, Power, Ratio};

    const PRINTED: &str = "0, GPU-6f6c0a4e-1111-2222-3333-000000000000, NVIDIA H800, 71, 40, 61440, 81559, 512.25, 700.00, 63, 1755, 2619, [N/A]\n\
                           1, GPU-6f6c0a4e-1111-2222-3333-000000000001, NVIDIA H800, [Unknown Error], 0, 0, 81559, ERR!, 700.00, 41, 345, 2619, [Not Supported]\n";

    #[test]
    fn figures_have_their_units_and_what_is_no_number_is_unknown() {
        let page = page_of_nvidia_smi(PRINTED, "gpu-7");
        let reading = dialect::read(page.as_bytes(), &Hint::default()).unwrap();
        assert_eq!(reading.gpus.len(), 2, "{page}");
        let [first, second] = [0, 1].map(|nth| &reading.gpus[nth].1);
        assert_eq!((first.utilization, second.utilization), (Ratio::new(0.71), None));
        assert_eq!(first.memory_used, Some(Bytes::new(61_440 << 20)));
        assert_eq!(first.power.map(Power::watts), Some(512.25));
        assert_eq!((second.power, second.fan), (None, None));
        assert_eq!((first.temperature, second.index), (Some(Celsius::new(63)), 1));
        assert_eq!(reading.gpus[0].0.as_ref().map(NodeName::as_str), Some("gpu-7"));
    }

    #[test]
    fn a_name_may_have_commas() {
        let page = page_of_nvidia_smi(&PRINTED.replace("NVIDIA H800", "NVIDIA H800, 80GB"), "h");
        let reading = dialect::read(page.as_bytes(), &Hint::default()).unwrap();
        assert_eq!(reading.gpus[0].1.utilization, Ratio::new(0.71));
        assert!(page.contains("modelName=\"NVIDIA H800, 80GB\""), "{page}");
    }

    #[test]
    fn lines_of_another_form_are_not_read() {
        for printed in [
            "",
            "No devices were found\n",
            "NVIDIA-SMI has failed because it couldn't communicate\n",
            "0, a, b\n",
            "x, a, b, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10\n",
        ] {
            assert_eq!(page_of_nvidia_smi(printed, "h"), Emitter::new().finish(), "{printed}");
        }
        assert!(page_of_nvidia_smi(&PRINTED.repeat(1000), "h").len() < 1 << 20);
    }
}

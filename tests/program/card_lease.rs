//! The rates in a snapshot and its card after a lease has ended.
#![cfg(target_os = "linux")]

use crate::fake_nvml;
use crate::program;

use std::time::SystemTime;

use program::Program;

#[test]
fn a_card_names_the_rate_that_is_paid_and_not_that_of_a_lease_that_ended() {
    let home = tempfile::tempdir().unwrap();
    let ledger = home.path().join("ledger.db");
    let until = jiff::Timestamp::try_from(SystemTime::now()).unwrap() + jiff::SignedDuration::from_millis(2_500);
    let config = format!(
        "[[lease]]\ngpu = \"H100\"\nrate = \"36.00\"\nuntil = \"{until}\"\n[[price]]\nmodel = \"*\"\nhit = \"1\"\nmiss = \"1\"\noutput = \"1\"\n"
    );
    let once = |form: &str, span: &str| {
        let arguments = ["once", form, "--for", span, "--interval", "100ms", "nvml:", "--ledger"];
        let program = Program::new(arguments).arg(ledger.to_str().unwrap());
        program.driver(fake_nvml::library()).config(&config).run()
    };
    let first = once("--json", "500ms").good();
    assert_eq!(first["money"]["rates"][0]["rate"], "36.00");
    std::thread::sleep(std::time::Duration::from_millis(2_500));
    for span in ["500ms", "0"] {
        let card = once("--card", span).out;
        let basis = card.lines().find(|line| line.starts_with("basis")).unwrap_or_else(|| panic!("{card}"));
        assert!(basis.contains("H100 $3.70/h, assumed") && !basis.contains("36.00"), "--for {span}: {card}");
    }
}

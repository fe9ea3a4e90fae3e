//! Energy in dispute.

use margintop::ledger::{CostAccount, CostKind, DisputeId, DisputedEnergy, Evidence};
use margintop::reading::{GpuId, Label, NodeName, PromptCount, TargetId, TokenCounters};
use margintop::store::Reader;
use margintop::units::{Money, PowerPrice, Span};
use rusqlite::Connection;
use serde_json::Value;

use super::{LedgerOwner, began, file, run, whole};

/// Energy of a GPU that is in dispute, at 0.10 a kWh.
fn dispute_energy(owner: &mut LedgerOwner, millijoules: u64) -> DisputeId {
    let power = PowerPrice { kwh: "0.10".parse().unwrap(), pue: "1.0".parse().unwrap() };
    let paid = owner.ledger.cost_account(&CostAccount {
        node: Some(NodeName::new("gpu-01")),
        unit: None,
        gpu: Label::new("H100"),
        rate: "1.00".parse().ok(),
        power: Some(power),
        kind: CostKind::Gpus,
        lease: Some(Label::new("H100 at 1.00")),
    });
    let (from, to) = (began() + Span::from_secs(30), began() + Span::from_secs(90));
    let energy = DisputedEnergy {
        node: NodeName::new("gpu-01"),
        gpu: GpuId::from_uuid("GPU-1a2b3c4d"),
        index: 3,
        before: 5_000_400,
        after: 5_000_400 + millijoules,
        entries: owner.ledger.draft_energy(paid, millijoules, from, to),
    };
    let evidence = Evidence {
        before: TokenCounters { prompt: PromptCount::Unknown, cached: None, output: None },
        after: TokenCounters { prompt: PromptCount::Unknown, cached: None, output: None },
        start_before: None,
        start_after: None,
        from,
        to,
        bound: "3600000 J in 60.0 s is above 1.5 times 700 W".to_owned(),
    };
    owner.ledger.dispute_energy(TargetId::new("http://gpu-01:9400"), energy, evidence)
}

/// Class: energy that no card can have drawn is dropped, or cannot be decided like tokens are.
#[test]
fn energy_is_disputed_and_decided_like_tokens() {
    const KWH: u64 = 3_600_000_000;
    let (_home, path) = file();
    let mut owner = LedgerOwner::at(&path, began());
    let ids = [dispute_energy(&mut owner, KWH), owner.dispute(began(), 1_000), dispute_energy(&mut owner, 2 * KWH)];
    assert_eq!(ids, [1, 2, 3].map(DisputeId));
    let worth = owner.ledger.disputed().0;
    owner.commit(began() + Span::from_secs(100));
    let open = Connection::open(&path).unwrap();
    let energy = || {
        ["minute", "quarter", "day"].map(|grain| {
            let sum = format!("SELECT coalesce(sum(energy_mj), 0) FROM {grain}_gpu_time");
            open.query_row(&sum, [], |row| row.get::<_, i64>(0)).unwrap()
        })
    };
    assert_eq!(energy(), [0; 3], "it is not billed");
    let rows = Reader::open(&path).unwrap().disputes().unwrap();
    assert_eq!(rows.iter().map(|row| row.dispute.clone()).collect::<Vec<_>>(), owner.ledger.disputes());
    assert_eq!(rows.iter().map(|row| row.value.unwrap()).sum::<Money>(), worth);
    assert_eq!(rows[0].value.unwrap().to_string(), "0.10");

    let listed = run(&path, &["ledger", "disputes"]).out;
    for words in [
        "http://gpu-01:9400, gpu-01 GPU 3 (GPU-1a2b3c4d)",
        "energy: 1.000000 kWh; value 0.10",
        "counter: 5000.400 J -> 3605000.400 J; 60.0 s from 2026-03-10T10:00:30Z",
        "3600000 J in 60.0 s is above 1.5 times 700 W",
    ] {
        assert!(listed.contains(words), "{words} in {listed}");
    }
    let json: Value = serde_json::from_str(&run(&path, &["ledger", "disputes", "--json"]).out).unwrap();
    assert_eq!(json[0]["energy"]["millijoules"].as_u64(), Some(KWH));
    assert_eq!((json[0]["output_tokens"].as_u64(), json[0]["value"].as_str()), (Some(0), Some("0.10")));
    assert!(json[1].get("energy").is_none(), "{json}");

    let accepted = run(&path, &["ledger", "disputes", "accept", "1"]);
    assert!(accepted.out.contains("dispute 1 is accepted: 1.000000 kWh posted, worth 0.10"), "{accepted:?}");
    owner.on_ledger_event();
    let posted = i64::try_from(KWH).unwrap();
    assert_eq!(energy(), [posted; 3]);
    let today: i64 = owner.ledger.today().gpu_times().map(|(_, rent)| rent.energy).sum();
    assert_eq!(today, posted, "the writer's sums agree");
    run(&path, &["ledger", "disputes", "reject", "3"]);
    owner.on_ledger_event();
    owner.commit(began() + Span::from_secs(101));
    assert_eq!((energy(), owner.ledger.disputes().len()), ([posted; 3], 1));
    whole(&path);
    owner.close();
    // What is open is known again, and so is what was decided.
    let owner = LedgerOwner::at(&path, began() + Span::from_secs(200));
    assert_eq!(owner.ledger.disputes().len(), 1);
    assert_eq!(owner.ledger.today().gpu_times().map(|(_, rent)| rent.energy).sum::<i64>(), posted);
    owner.close();
}

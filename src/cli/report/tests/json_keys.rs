//! The keys of a report against docs/JSON.md.

use super::*;
use crate::cli::json_keys::{assert_documented, keys_of};
use crate::cli::report::present::LeakageText;
use crate::ledger::Marker;
use crate::reading::UnitName;
use crate::statement::Unconverted;

#[test]
fn every_key_of_a_report_is_documented() {
    let mut past = past();
    past.accounts.iter_mut().for_each(|account| account.unit = Some(UnitName::new("decode-1")));
    let mut keys = std::collections::BTreeSet::new();
    for more in ["--compare", "--what-if load=0.5", "--bridge yesterday"] {
        let line = format!("--json {more}");
        let ask = |since, until, _, _| {
            let mut asked = Past { since, until, ..past.clone() };
            asked.tokens.retain(|cell| since <= cell.bucket && cell.bucket < until);
            asked.gpu_times.retain(|cell| since <= cell.bucket && cell.bucket < until);
            Ok(asked)
        };
        let mut data = data_of(&line, &ask, &[]).unwrap();
        data.present.leakage = Some(LeakageText::default());
        data.unwatched.push((BEGAN, BEGAN));
        data.markers.push(Marker { at: BEGAN, text: Label::new("restart") });
        let (model, tokens) = (ModelName::new("mystery"), Tokens::new(1));
        let unconverted = Unconverted { model, currency: "EUR".to_owned(), since: BEGAN, tokens };
        data.unconverted.push((unconverted, String::new()));
        if let Some(difference) = data.price_differences.first_mut() {
            difference.today = difference.posted.clone();
        }
        keys.extend(keys_of(&serde_json::from_str(&json::render(&data).unwrap()).unwrap()));
    }
    assert_documented("report --json", &keys);
}

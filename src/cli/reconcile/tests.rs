//! Invoices and spend beside a past made by hand.
#![allow(clippy::unwrap_used, clippy::panic, clippy::cast_possible_truncation)]

use super::*;
use crate::ledger::Past;
use crate::ledger::{
    Classes, CostAccount, CostAccountId, CostKind, GpuTimeCell, RevenueAccount, RevenueAccountId, Tariff, TariffId,
    TokenCell,
};
use crate::pricing::{Book, ClassPrices, Exchange, Fx};
use crate::reading::{EngineRole, Label, ModelName, NodeName};
use crate::reconcile::Reconciled;
use crate::units::{GpuTime, Money, PowerPrice, Pue, Span, Tokens};

fn parse(text: &str, currency: &str, exchange: &Exchange) -> Result<UsageFile, String> {
    UsageFile::read(&UsageTable::read(text)?, currency, exchange)
}

/// 2026-03-01T00:00Z.
const BEGAN: Timestamp = Timestamp::from_millis(1_772_323_200_000);

/// A day: eight GPUs of two nodes at 2.00, a third without a rate; a model that reads a cache, and one without a price.
fn past() -> Past {
    let cost_account = |node: &str, rate: &str| CostAccount {
        node: Some(NodeName::new(node)),
        unit: None,
        gpu: Label::new("H800"),
        rate: rate.parse().ok(),
        power: None,
        kind: CostKind::Gpus,
        lease: Some(Label::new(&format!("contract {node}"))),
    };
    let account = |model: &str, tenant: Option<&str>| RevenueAccount {
        node: NodeName::new("gpu-01"),
        unit: None,
        model: Some(ModelName::new(model)),
        role: EngineRole::Unified,
        tenant: tenant.map(Label::new),
        costed: true,
    };
    let prices = ClassPrices { miss: "1".parse().unwrap(), hit: "0.1".parse().unwrap(), output: "4".parse().unwrap() };
    let tariff =
        Tariff { list: Label::new("own"), tier: Label::new("standard"), prices, paid: None, overhead: None, book: 0 };
    let mut past = Past {
        since: BEGAN,
        until: BEGAN + Span::from_secs(86_400),
        began: BEGAN,
        accounts: vec![account("org/House", Some("gold")), account("mystery", None), account("house", None)],
        cost_accounts: vec![cost_account("gpu-01", "2.00"), cost_account("gpu-02", "2.00"), cost_account("gpu-03", "")],
        tariffs: vec![tariff],
        ..Past::default()
    };
    let tokens = |miss: u64, hit: u64, output: u64| Classes {
        miss: Tokens::new(miss * 1_000_000),
        hit: Tokens::new(hit * 1_000_000),
        output: Tokens::new(output * 1_000_000),
    };
    for (account, tariff, tokens) in
        [(0, Some(0), tokens(40, 60, 10)), (1, None, tokens(1, 0, 1)), (2, Some(0), tokens(4, 6, 1))]
    {
        let (account, tariff) = (RevenueAccountId::at(account), tariff.map(TariffId::at));
        past.tokens.push(TokenCell { bucket: BEGAN, account, tariff, tokens });
    }
    past.grains = vec![(BEGAN, Grain::Quarter)];
    for (number, minutes) in [(0, 1_439), (1, 600), (2, 60)] {
        for from in (0..minutes).step_by(15) {
            let allocated = GpuTime::of(8, Span::from_secs((minutes - from).min(15) * 60));
            let (bucket, cost_account) = (BEGAN + Span::from_secs(from * 60), CostAccountId::at(number));
            past.gpu_times.push(GpuTimeCell { bucket, cost_account, allocated, idle: GpuTime::ZERO, energy: 0 });
        }
    }
    past.gpu_times.sort_by_key(|cell| cell.bucket);
    past
}

fn reconcile_file(file: &str) -> Result<Reconciled, String> {
    let parsed = parse(file, "USD", &Exchange::default())?;
    parsed.compare(&past(), "USD", &Book::built_in().unwrap())
}

fn words<'a>(reconciled: &'a Reconciled, key: &str) -> Vec<(&'a str, Option<String>)> {
    let line = reconciled.lines.iter().chain(&reconciled.missing).find(|line| line.key.as_str() == key).unwrap();
    line.causes.iter().map(|cause| (cause.word, cause.amount.map(|amount| amount.round_to(2).to_string()))).collect()
}

#[test]
fn an_invoice_is_laid_beside_the_cost_of_nodes_and_leases() {
    // A whole day of node-hours, as many GPU-hours at another rate, and a node that the ledger knows by another name.
    let file = "node,hours,amount,currency\ngpu-01,24,384.00,USD\ngpu-02,80,200.00,USD\ngpu-00,1,16.00,usd\ntotal,,600.00,USD\n";
    let reconciled = reconcile_file(file).unwrap();
    assert_eq!(words(&reconciled, "gpu-01"), [("rounding", Some("0.27".to_owned()))]);
    assert_eq!(words(&reconciled, "gpu-02"), [("rate", Some("40.00".to_owned()))]);
    assert_eq!(words(&reconciled, "gpu-00"), [("unknown", Some("16.00".to_owned()))]);
    let of_rate = reconciled.lines.iter().flat_map(|line| &line.causes).find(|cause| cause.word == "rate").unwrap();
    assert_eq!(of_rate.text, "2.50 a GPU-hour is billed and the ledger has 2.00: check the [[lease]]");
    assert!(reconciled.lines.iter().any(|line| line.causes.iter().any(|cause| cause.text.contains("is it gpu-0"))));
    let file = "lease,hours,amount\ncontract gpu-01,191.866667,383.73\n";
    let reconciled = reconcile_file(file).unwrap();
    assert_eq!(words(&reconciled, "contract gpu-01"), []);
    assert_eq!(words(&reconciled, "contract gpu-02"), [("not billed", Some("-160.00".to_owned()))]);
    let reconciled = reconcile_file("node,hours,amount\ngpu-03,1,9.50\ngpu-02,40,80.00\n").unwrap();
    assert_eq!(words(&reconciled, "gpu-03"), [("no rate", Some("9.50".to_owned()))]);
    assert_eq!(words(&reconciled, "gpu-02"), [("hours", Some("-80.00".to_owned()))]);
    let text = print::text(&reconciled, &|at| at.to_string());
    assert!(text.contains("gpu-02: hours, -80.00: 40.00 GPU-hours fewer"), "{text}");
}

/// Class: a rate that no lease has, since power is in it.
#[test]
fn metered_power_is_named_beside_the_rent() {
    let mut past = past();
    past.cost_accounts[0].power = Some(PowerPrice { kwh: "0.10".parse().unwrap(), pue: Pue::IDEAL });
    // 10 kWh in each of the quarter hours, 4 of the 8 GPU-hours of an hour.
    past.gpu_times
        .iter_mut()
        .filter(|cell| cell.cost_account == CostAccountId::at(0))
        .for_each(|cell| cell.energy = 36_000_000_000);
    let parsed = parse("node,hours,amount\ngpu-01,191.866667,500.00\n", "USD", &Exchange::default()).unwrap();
    let reconciled = parsed.compare(&past, "USD", &Book::built_in().unwrap()).unwrap();
    let line = reconciled.lines.iter().find(|line| line.key.as_str() == "gpu-01").unwrap();
    let text = &line.causes[0].text;
    assert!(text.contains("the ledger has 2.500347, 2.00 of it rent and 0.500347 metered power: check"), "{text}");
}

/// Class: a line that is on the invoice twice, reported as time that was not watched.
#[test]
fn a_line_that_is_there_twice_is_said() {
    let head = "node,hours,amount\n";
    let of = |lines: &str| reconcile_file(&format!("{head}{lines}\n")).unwrap();
    let rounding = ("rounding", Some("0.27".to_owned()));
    let cause = |word: &'static str, amount: &str| (word, Some(amount.to_owned()));
    for (lines, causes) in [
        ("gpu-01,24,384.00", vec![rounding.clone()]),
        ("gpu-01,24,384.00\ngpu-01,24,384.00", vec![cause("twice", "384.00"), rounding.clone()]),
        (
            "gpu-01,24,400.00\ngpu-01,24,400.00\ngpu-01,24,400.00",
            vec![cause("twice", "800.00"), rounding.clone(), cause("rate", "16.00")],
        ),
        // Parts of the time are no repetition.
        ("gpu-01,12,192.00\ngpu-01,12,192.00", vec![rounding.clone()]),
        ("gpu-01,20,320.00\ngpu-01,4,64.00", vec![rounding.clone()]),
    ] {
        let reconciled = of(lines);
        assert_eq!(words(&reconciled, "gpu-01"), causes, "{lines}");
        let text = &reconciled.lines[0].causes[0].text;
        assert_eq!(text.contains("lines 2 and 3 bill the same hours and amount"), causes.len() > 1, "{lines}: {text}");
    }
}

#[test]
fn spend_is_laid_beside_revenue_with_its_likely_causes() {
    let head =
        "date,model,prompt_tokens,completion_tokens,cache_read_input_tokens,spend,failed_requests,api_requests\n";
    let of = |line: &str| reconcile_file(&format!("{head}{line}\n")).unwrap();
    // 44 x 1 + 66 x 0.1 + 11 x 4 = 94.60.
    let same = of("2026-03-01,hosted_vllm/house,110000000,11000000,66000000,94.600000001,0,9");
    assert_eq!(words(&same, "house"), []);
    let near = of("2026-03-01,house,110000000,11000000,66000000,94.601,0,9");
    assert_eq!(words(&near, "house"), [("rounding", Some("0.00".to_owned()))]);
    // 110 x 1 + 44 = 154: 66 million hits at 0.9 more.
    let misses = of("2026-03-01,house,110000000,11000000,0,154.00,0,9");
    assert_eq!(words(&misses, "house"), [("cached as misses", Some("59.40".to_owned()))]);
    let aborted = of("2026-03-01,house,110000000,9000000,66000000,86.60,3,12");
    assert_eq!(words(&aborted, "house"), [("aborted work", Some("-8.00".to_owned()))]);
    let line = &aborted.lines[0].causes[0].text;
    assert!(line.contains("2000000 tokens fewer") && line.contains("3 of 12 requests failed"), "{line}");
    // All but what targets without a tenant made: 40 + 6 + 40.
    let tenants = of("2026-03-01,house,100000000,10000000,60000000,86.00,0,9");
    assert_eq!(words(&tenants, "house"), [("no tenant", Some("-8.60".to_owned()))]);
    let dearer = of("2026-03-01,house,110000000,11000000,66000000,104.60,0,9\n2026-03-01,mystery,1,1,0,5.00,0,1");
    assert_eq!(words(&dearer, "house"), [("price", Some("10.00".to_owned()))]);
    assert_eq!(words(&dearer, "mystery"), [("unpriced", Some("5.00".to_owned()))]);
    assert_eq!(words(&same, "mystery"), [("not in file", Some("0.00".to_owned()))]);
    let json: serde_json::Value = serde_json::from_str(&print::json(&misses).unwrap()).unwrap();
    assert_eq!((&json["schema"], &json["kind"]), (&"margintop-reconcile/1".into(), &"spend".into()));
    assert_eq!(
        (&json["file"], &json["ledger"], &json["difference"]),
        (&"154.00".into(), &"94.60".into(), &"59.40".into())
    );
    assert_eq!(json["rows"][0]["causes"][0]["cause"], "cached as misses");
}

/// Tokens of classes that engines do not count apart are said where the gateway counts them.
#[test]
fn cache_writes_and_reasoning_are_causes() {
    let prices = "[[list]]\nname = \"house\"\ncurrency = \"USD\"\nsource = \"own\"\ndefault = \"standard\"\n\
                  [list.tiers.standard]\nmiss = \"1\"\nhit = \"0.1\"\noutput = \"4\"\nwrite_5m = \"1.25\"\nwrite_1h = \"2\"\n\
                  reasoning = \"6\"\n[[history]]\nmodels = [\"house\"]\nlists = [\"house\"]\n";
    let mut book = Book::built_in().unwrap();
    book.add(toml::from_str(prices).unwrap()).unwrap();
    let head = "date,model,prompt_tokens,completion_tokens,cache_read_input_tokens,cache_creation_input_tokens,\
                ephemeral_1h_input_tokens,reasoning_tokens,spend\n";
    let of = |line: &str, book: &Book| {
        let parsed =
            parse(&format!("{head}2026-03-01,house,110000000,11000000,66000000,{line}\n"), "USD", &Exchange::default());
        let reconciled = parsed.unwrap().compare(&past(), "USD", book).unwrap();
        let text = reconciled.lines[0].causes.iter().map(|cause| cause.text.clone()).collect::<Vec<_>>().join("; ");
        (
            words(&reconciled, "house").into_iter().map(|(word, money)| (word.to_owned(), money)).collect::<Vec<_>>(),
            text,
        )
    };
    let cause = |word: &str, money: &str| (word.to_owned(), Some(money.to_owned()));
    // 94.60, 20 million writes at 0.25 more, 2 million at 1 more, and 3 million of reasoning at 2 more.
    let (reconciled, _) = of("20000000,2000000,3000000,107.60", &book);
    assert_eq!(
        reconciled,
        [cause("cache writes", "5.00"), cause("cache writes, 1 h", "2.00"), cause("reasoning", "6.00")]
    );
    assert_eq!(of("20000000,0,0,94.60", &book).0, [], "what is priced as all other tokens is no difference");
    let (reconciled, text) = of("20000000,0,3000000,105.60", &Book::built_in().unwrap());
    assert_eq!(reconciled, [cause("price", "11.00")]);
    assert!(text.contains("20000000 cache writes and 3000000 reasoning, for which the list has none"), "{text}");
}

/// Class: decimals that are read as thousands.
#[test]
fn an_invoice_with_decimal_commas_is_read_as_it_is_meant() {
    for file in [
        "node;hours;amount\ngpu-01;191,866667;1.383,73\nTotal;191,87;1.383,73\n",
        "node,hours,amount\ngpu-01,\"191,866667\",\"1.383,73\"\n",
        "node,hours,amount\ngpu-01,191.866667,\"1,383.73\"\n",
    ] {
        let line = reconcile_file(file).unwrap().lines[0].clone();
        assert_eq!((line.their_quantity, line.theirs.to_string()), (Some(191_866_667), "1383.73".to_owned()), "{file}");
    }
}

/// Class: figures beside each other, each rounded from something else than what is printed.
#[test]
fn differences_and_totals_are_those_of_what_is_printed() {
    for (amount, places) in [("383.73", 2), ("383.7333", 6)] {
        let reconciled =
            reconcile_file(&format!("node,hours,amount\ngpu-01,191.87,{amount}\ngpu-02,80,160.01\nmoon,1,0.10\n"))
                .unwrap();
        let text = print::text(&reconciled, &|at| at.to_string());
        let cells = |name: &str| {
            let line = text.lines().find(|line| line.starts_with(name)).unwrap();
            let cells = line.split_whitespace().rev().take(3).map(|cell| cell.parse::<f64>().unwrap_or_default());
            let [difference, ledger, file] = cells.collect::<Vec<_>>().try_into().unwrap();
            [file, ledger, difference].map(|cell: f64| (cell * 1e6).round() as i64)
        };
        let rows = ["gpu-01", "gpu-02", "moon"].map(cells);
        for row in rows.iter().chain(&[cells("total")]) {
            assert_eq!(row[0] - row[1], row[2], "{text}");
        }
        assert_eq!([0, 1, 2].map(|nth| rows.iter().map(|row| row[nth]).sum::<i64>()), cells("total"), "{text}");
        assert_eq!(rows[0][2] == 0, places == 2, "{text}");
    }
}

/// The dates of an invoice's lines are its span.
#[test]
fn an_invoice_has_the_dates_of_its_lines() {
    let file = "node,hours,amount,date\ngpu-01,1,3.00,2026-03-02\ngpu-01,1,3.00,2026-03-01T05:00:00Z\ntotal,2,6.00,\n";
    let Ok(UsageFile::Invoice(invoice)) = parse(file, "USD", &Exchange::default()) else { panic!("no invoice") };
    let day = |text: &str| text.parse::<Date>().unwrap();
    assert_eq!(invoice.days, Some((day("2026-03-01"), day("2026-03-02"))));
}

/// Class: a file that cannot be compared, and a comparison that is made all the same.
#[test]
fn what_cannot_be_compared_is_refused_with_what_to_write() {
    for (file, said) in [
        ("", "the file is empty"),
        ("node,hours,amount\n", "nothing is billed"),
        ("who,what\n1,2\n", "node or lease, hours and amount"),
        ("node,hours,amount\ngpu-01,24,many\n", "line 2: the amount \"many\" is not a number"),
        ("node,hours,amount\ngpu-01,x,1.00\n", "line 2: hours \"x\" is not a number"),
        ("node,hours,amount,currency\ngpu-01,24,384.00,EUR\n", "is in EUR and the ledger in USD"),
        ("node,hours,amount\ngpu-01,24,€384.00\n", "is in € and the ledger in USD"),
        (
            "node,hours,amount\ngpu-01,24,384.00\ntotal,,385.00\n",
            "the total is 385.00 and the lines above add up to 384.00",
        ),
        (
            "node,hours,amount\ngpu-01,24,384.00\nTotal,99,384.00\n",
            "the total is 99.00 hours and the lines above add up to 24.00",
        ),
        ("node,hours,amount\ngpu-01,-5,1\n", "line 2: -5 hours for 1: write both with a minus where it is a credit"),
        ("node,hours,amount\ngpu-01,1,(3.00)\n", "line 2: 1 hours for (3.00)"),
        (
            "node,hours,amount,date\ngpu-01,1,3.00,27/11/2026\n",
            "line 2: \"27/11/2026\" is not a date: write it like 2026-03-01",
        ),
        ("node,hours,amount\ngpu-01,50.02,\"107,28\"\n", "one with a decimal point and one with a decimal comma"),
        ("node,hours,amount\nmars,24,384.00\n", "it knows gpu-01"),
        ("node,hours,amount\ngpu-01,24\n", "line 2 has 2 values"),
        ("date,model,spend\n2026-03-01,house,1\n", "export prompt_tokens"),
        ("date,model,prompt_tokens,completion_tokens,spend\nmonday,house,1,1,1\n", "is not a date"),
        ("date,model,prompt_tokens,completion_tokens,spend\n2026-03-01,house,1.5,1,1\n", "is not a number"),
        ("date,model,prompt_tokens,completion_tokens,spend\n2026-03-01,other,1,1,1\n", "write an [[alias]]"),
    ] {
        let why = reconcile_file(file).unwrap_err();
        assert!(why.contains(said), "{file}: {why}");
    }
}

/// Class: spend in another currency than the ledger's, whichever of both is USD.
#[test]
fn spend_in_another_currency_is_converted_by_the_rate_of_its_day() {
    let fx = |since, dated: &str, nanos| Fx {
        from: "USD".to_owned(),
        to: "CNY".to_owned(),
        nanos,
        since,
        dated: dated.to_owned(),
    };
    let next = BEGAN + Span::from_secs(86_400);
    let exchange = Exchange::new(vec![fx(BEGAN, "2026-03-01", 7_000_000_000), fx(next, "2026-03-02", 8_000_000_000)]);
    let head = "date,model,prompt_tokens,completion_tokens,spend";
    let theirs = |lines: &str, currency: &str| {
        let parsed = parse(&format!("{head}\n{lines}\n"), currency, &exchange)?;
        parsed
            .compare(&past(), currency, &Book::built_in().unwrap())
            .map(|reconciled| reconciled.lines[0].theirs.to_string())
    };
    // 2 at 7 and 3 at 8.
    assert_eq!(theirs("2026-03-01,house,1,1,2.00\n2026-03-02,house,1,1,$3.00", "CNY"), Ok("38.00".to_owned()));
    assert_eq!(theirs("2026-03-01,house,1,1,2.00 CNY\n2026-03-02,house,1,1,¥3.00", "CNY"), Ok("5.00".to_owned()));
    assert_eq!(theirs("2026-03-02,house,1,1,¥16.00", "USD"), Ok("2.00".to_owned()));
    let why = theirs("2026-02-28,house,1,1,2.00", "CNY").unwrap_err();
    assert!(why.contains("line 2") && why.contains("[[fx]]") && why.contains("at = \"2026-02-28\""), "{why}");
    let why = theirs("2026-03-01,house,1,1,2.00 XYZ", "USD").unwrap_err();
    assert!(why.contains("in XYZ") && why.contains("from = \"XYZ\", to = \"USD\""), "{why}");
    let file = "model,prompt_tokens,completion_tokens,spend\nhouse,1,1,2.00\n";
    let why = parse(file, "CNY", &exchange).unwrap_err();
    assert!(why.contains("export the column date"), "{why}");
}

/// Class: a total that is billed once more.
#[test]
fn lines_that_sum_others_up_are_checked_and_left_out() {
    let lines = "node,hours,amount\ngpu-01,1,10.00\ngpu-02,1,5.00\n";
    let sum = |more: &str| {
        let reconciled = reconcile_file(&format!("{lines}{more}"))?;
        let sum: Money = reconciled.lines.iter().map(|line| line.theirs).sum();
        Ok::<_, String>(sum.to_string())
    };
    for more in [
        ",,15.00",
        "Grand Total,,15.00",
        "Sub-total,2,15.00\nVAT,,3.00\nTotal due,,18.00",
        "subtotal,,15\ngpu-03,1,7\nsubtotal,,7\ntotal,,22",
    ] {
        let whole = more.rsplit(',').next().unwrap();
        assert_eq!(sum(more).unwrap().trim_end_matches(".00"), whole.trim_end_matches(".00"), "{more}");
    }
    for more in ["Grand total,,16.00", "subtotal,,14.00\ntotal,,15.00", "total,3,15.00"] {
        let refused = sum(more).unwrap_err();
        assert!(refused.contains("line 4: the total is") && refused.contains("take the total out"), "{refused}");
    }
    let nameless = reconcile_file(&format!("{lines},,14.00")).unwrap();
    let line = nameless.lines.iter().find(|line| line.key.as_str() == "(no name)").unwrap();
    assert!(line.causes[0].text.contains("not the sum of the lines above"), "{line:?}");
}

/// Class: a cloud's own export that is not read.
#[test]
fn a_focus_file_is_an_invoice_and_its_energy_is_no_time() {
    let reconciled = reconcile_file(
        "BilledCost,BillingCurrency,ChargePeriodStart,ConsumedQuantity,ConsumedUnit,ResourceName\n\
         380,USD,2026-03-01T00:00:00Z,190,GPU Hours,gpu-01\n4,USD,2026-03-01T00:00:00Z,40,kWh,gpu-01\n",
    )
    .unwrap();
    let line = reconciled.lines.iter().find(|line| line.key.as_str() == "gpu-01").unwrap();
    assert_eq!((line.theirs.to_string().as_str(), line.their_quantity), ("384.00", Some(190_000_000)));
}

#[test]
fn an_unknown_name_says_what_may_be_meant() {
    let text = |name: &str| {
        let reconciled = reconcile_file(&format!("node,hours,amount\ngpu-02,1,2\ngpu-03,1,2\n{name},1,2\n")).unwrap();
        reconciled.lines.iter().find(|line| line.key.as_str() == name).unwrap().causes[0].text.clone()
    };
    for name in ["GPU-01", "gpu-01.rack.example.com"] {
        assert!(text(name).contains("is it gpu-01?"), "{name}: {}", text(name));
    }
    // One that has a line of its own is not meant.
    assert!(text("gpu-04").contains("is it gpu-01?"), "{}", text("gpu-04"));
    assert!(text("contract gpu-01").contains("a lease has this name"), "{}", text("contract gpu-01"));
}

/// Class: counts that are cut off at the width of a word.
#[test]
fn counts_beyond_any_counter_are_refused() {
    let head = "date,model,prompt_tokens,completion_tokens,spend\n";
    let refused = reconcile_file(&format!("{head}2026-03-01,house,18000000000000000000,1,1.0\n")).unwrap_err();
    assert!(refused.contains("line 2: prompt_tokens") && refused.contains("more than any counter holds"), "{refused}");
    let many = "2026-03-01,house,9007199254740992,9007199254740992,1.0\n".repeat(2_100);
    assert_eq!(
        reconcile_file(&format!("{head}{many}")).unwrap().lines[0].their_quantity,
        Some(2 * i128::from(u64::MAX))
    );
}

#[test]
fn a_gateways_rows_are_those_of_the_name_that_it_knows() {
    let reconciled = reconcile_file(
        r#"[{"date": "2026-03-01", "model": "", "model_group": "org/House", "prompt_tokens": 5, "completion_tokens": null,
             "spend": 1e-06}]"#,
    )
    .unwrap();
    let line = reconciled.lines.iter().find(|line| line.key.as_str() == "house").unwrap();
    assert_eq!((line.their_quantity, line.theirs), (Some(5), Money::from_micros(1)));
}

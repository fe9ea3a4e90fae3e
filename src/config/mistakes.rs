//! Reads a whole TOML file: a value that cannot be read is a mistake, and the rest is read all the same.

use std::path::Path;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue, ValueDeserializer};

use super::former::{FormerKey, rename};
use super::{ConfigError, syntax};

/// The largest number of reported mistakes of one file: an imported file that is wrong throughout has thousands.
pub(super) const MOST_SHOWN: usize = 20;
/// The values that replace a required value that is a mistake, tried in turn.
const STAND_INS: [StandInValue; 4] =
    [StandInValue::Text("-"), StandInValue::Text("1"), StandInValue::List, StandInValue::Table];

/// The readable part of a file, and its mistakes.
#[derive(Debug)]
pub(super) struct Read<T> {
    /// `None` if no part can be read.
    pub(super) file: Option<T>,
    pub(super) mistakes: Vec<ConfigError>,
    /// The warnings.
    pub(super) warnings: Vec<ConfigError>,
    /// Their paths, from the outermost key: `lease`, `2`, `power`, `pue`.
    pub(super) places: Vec<Vec<String>>,
}

/// The names of a file's tables.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct TableNames<'a> {
    /// Those that there is one of: `[slo]`.
    pub(super) single: &'a [&'a str],
    /// Those that there are several of: `[[lease]]`.
    pub(super) several: &'a [&'a str],
}

/// Reads a file's text, including keys under their former names.
pub(super) fn read<'a, T: Deserialize<'a>>(
    path: &Path,
    text: &'a str,
    former: &[FormerKey],
    tables: TableNames<'_>,
) -> Read<T> {
    let mut places = Vec::new();
    let (mut table, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        let mut mistakes = syntax::mistakes(path, text, &errors);
        mistakes.truncate(MOST_SHOWN);
        return Read { file: None, mistakes, warnings: Vec::new(), places };
    }
    let (warnings, mut mistakes) = rename(table.get_mut(), former, path, text);
    mistakes.extend(of_another_kind(table.get_mut(), tables, path, text, &mut places));
    let mut root = Spanned::new(table.span(), DeValue::Table(table.into_inner()));
    let mut stand_ins: Vec<StandIn> = Vec::new();
    loop {
        let error = match T::deserialize(ValueDeserializer::from(root.clone())) {
            Ok(file) => return Read { file: Some(file), mistakes, warnings, places },
            Err(error) => error,
        };
        let place = error.span().and_then(|span| place_of(&root, &span));
        let refused =
            stand_ins.iter_mut().find(|own| place.as_ref().is_some_and(|place| place.starts_with(&own.place)));
        if let Some(refused) = refused {
            if !refused.next(&mut root) {
                return Read { file: None, mistakes, warnings, places };
            }
            continue;
        }
        let missing = missing_field(error.message()).map(str::to_owned);
        let is_known = |place: &Vec<String>| {
            let key = missing.iter().cloned();
            places.contains(&place.iter().cloned().chain(key).collect::<Vec<_>>())
        };
        // A value that is missing because it was a mistake is not reported again.
        if !(missing.is_some() && place.as_ref().is_some_and(is_known)) {
            mistakes.push(ConfigError::of_value(path, text, place.as_deref().unwrap_or_default(), &error));
        }
        let mended = match (&place, &missing) {
            (Some(place), Some(missing)) => {
                // No other key or value is there.
                let at = text.len() + 1 + stand_ins.len();
                stand_ins.push(StandIn { place: [&place[..], std::slice::from_ref(missing)].concat(), at, tried: 0 });
                stand_ins.last_mut().is_some_and(|own| own.next(&mut root))
            }
            (Some(place), None) => remove(&mut root, place).map(|removed| places.push(removed.to_vec())).is_some(),
            (None, _) => false,
        };
        places.extend(place.map(|place| place.into_iter().chain(missing).collect()));
        if !mended || mistakes.len() >= MOST_SHOWN {
            return Read { file: None, mistakes, warnings, places };
        }
    }
}

/// Reports tables of another kind, `[[slo]]` or `[lease]`, and reads them as if they were of their own. What is no table at
/// all is removed, and its place added to `places`.
fn of_another_kind(
    root: &mut DeTable<'_>,
    tables: TableNames<'_>,
    path: &Path,
    text: &str,
    places: &mut Vec<Vec<String>>,
) -> Vec<ConfigError> {
    let mut mistakes = Vec::new();
    let names = tables.single.iter().map(|name| (name, false)).chain(tables.several.iter().map(|name| (name, true)));
    for (name, is_several) in names {
        let write = if is_several { format!("[[{name}]]") } else { format!("[{name}]") };
        let Some(value) = root.get_mut(*name) else { continue };
        let span = value.span();
        let why = match (is_several, value.get_mut()) {
            (true, DeValue::Array(_)) | (false, DeValue::Table(_)) => continue,
            (true, DeValue::Table(table)) => {
                let table = Spanned::new(span.clone(), DeValue::Table(std::mem::take(table)));
                let mut list = DeArray::new();
                list.push(table);
                *value = Spanned::new(span, DeValue::Array(list));
                format!("[{name}] is one of several: write {write}")
            }
            (false, DeValue::Array(list)) if list.first().is_some_and(|first| first.get_ref().is_table()) => {
                *value = list[0].clone();
                format!("[[{name}]]: there is one of it: write {write}")
            }
            _ => {
                root.remove(*name);
                places.push(vec![(*name).to_owned()]);
                format!("{name} is not a table: write {write} above its keys")
            }
        };
        mistakes.push(ConfigError::at(path, text, &[(*name).to_owned()], why));
    }
    mistakes
}

/// The missing field that a message names.
fn missing_field(message: &str) -> Option<&str> {
    message.strip_prefix("missing field `")?.split('`').next()
}

/// The path of the innermost key or value that contains a span.
fn place_of(root: &Spanned<DeValue<'_>>, span: &std::ops::Range<usize>) -> Option<Vec<String>> {
    let holds = |own: std::ops::Range<usize>| own.start <= span.start && span.end <= own.end;
    let (mut place, mut value) = (Vec::new(), root);
    'inner: loop {
        match value.get_ref() {
            DeValue::Table(table) => {
                for (key, inner) in table {
                    if holds(key.span()) || holds(inner.span()) || is_around(inner, span) {
                        place.push(key.get_ref().to_string());
                        value = inner;
                        continue 'inner;
                    }
                }
            }
            DeValue::Array(array) => {
                for (nth, inner) in array.iter().enumerate() {
                    if holds(inner.span()) || is_around(inner, span) {
                        place.push(nth.to_string());
                        value = inner;
                        continue 'inner;
                    }
                }
            }
            _ => {}
        }
        return (!place.is_empty()).then_some(place);
    }
}

/// Whether something inside a value contains a span: a table's own span is that of its heading.
fn is_around(value: &Spanned<DeValue<'_>>, span: &std::ops::Range<usize>) -> bool {
    let holds = |own: std::ops::Range<usize>| own.start <= span.start && span.end <= own.end;
    match value.get_ref() {
        DeValue::Table(table) => {
            table.iter().any(|(key, inner)| holds(key.span()) || holds(inner.span()) || is_around(inner, span))
        }
        DeValue::Array(array) => array.iter().any(|inner| holds(inner.span()) || is_around(inner, span)),
        _ => false,
    }
}

/// A replacement of a required value that was a mistake.
#[derive(Debug)]
struct StandIn {
    place: Vec<String>,
    /// Its span, beyond the end of the text.
    at: usize,
    /// The number of [`STAND_INS`] that were tried.
    tried: usize,
}

/// A value of a kind that a required value may have.
#[derive(Debug)]
enum StandInValue {
    /// A text or an amount.
    Text(&'static str),
    /// An empty list.
    List,
    /// An empty table.
    Table,
}

impl StandIn {
    /// Inserts the next one. Returns whether there was one.
    fn next(&mut self, root: &mut Spanned<DeValue<'_>>) -> bool {
        let Some((key, outer)) = self.place.split_last() else { return false };
        let (Some(next), Some(holder)) = (STAND_INS.get(self.tried), inside(root, outer)) else { return false };
        let DeValue::Table(table) = holder.get_mut() else { return false };
        self.tried += 1;
        let value = match next {
            StandInValue::Text(text) => DeValue::String((*text).into()),
            StandInValue::List => DeValue::Array(DeArray::new()),
            StandInValue::Table => DeValue::Table(DeTable::new()),
        };
        let span = self.at..self.at;
        table.insert(Spanned::new(span.clone(), key.clone().into()), Spanned::new(span, value));
        true
    }
}

/// Removes a mistake: its key and value. Returns the place of the key.
fn remove<'a>(root: &mut Spanned<DeValue<'_>>, place: &'a [String]) -> Option<&'a [String]> {
    let (last, outer) = place.split_last()?;
    match inside(root, outer)?.get_mut() {
        DeValue::Table(table) => table.remove(last.as_str()).map(|_| place),
        // Without one of its values, the others of a list would be at other places.
        DeValue::Array(_) => remove(root, outer),
        _ => None,
    }
}

fn inside<'t, 'i>(root: &'t mut Spanned<DeValue<'i>>, place: &[String]) -> Option<&'t mut Spanned<DeValue<'i>>> {
    place.iter().try_fold(root, |value, step| match value.get_mut() {
        DeValue::Table(table) => table.get_mut(step.as_str()),
        DeValue::Array(array) => array.get_mut(step.parse::<usize>().ok()?),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::settings::mistakes;

    /// Class: the first mistake alone, without its key or what to write.
    #[test]
    fn every_value_that_cannot_be_read_is_reported_with_its_key() {
        let messages = |text: &str| mistakes(Path::new("margintop.toml"), text);
        assert_eq!(
            messages("[[scenario]]\nname = \"a\"\nnodes = -2\npaid = \"1.2\"\ngpu_rate = \"-1\"\n"),
            [
                "margintop.toml:3: nodes -2: a number of nodes is above 0 and has at most six decimals, like 200 or 218.025",
                "margintop.toml:4: paid \"1.2\": too large: a share is between 0 and 1, write it like \"0.37\"",
                "margintop.toml:5: gpu_rate \"-1\": negative: write an amount of 0 or more",
            ]
        );
        assert_eq!(
            messages("[overhead]\nof_revenue = \"1.5\"\n"),
            [
                "margintop.toml:2: overhead.of_revenue \"1.5\": too large: a share is between 0 and 1, write it like \"0.37\""
            ]
        );
        let prices = "[[price]]\nmodel = \"x\"\nhit = \"1.0000000001\"\nmiss = \"-2\"\noutput = \"abc\"\n\
                      [[price]]\nmodel = \"y\"\npaid = \"1.01\"\n[[price]]\nmodel = \"z\"\ntenant = \"q\"\n";
        let lines = |text: &str| {
            let line = |messages: &String| messages.split(':').nth(1).and_then(|line| line.parse::<usize>().ok());
            messages(text).iter().filter_map(line).collect::<Vec<_>>()
        };
        assert_eq!(lines(prices), [3, 4, 5, 8, 9], "{:?}", messages(prices));
        let leases = "[[lease]]\nnode = \"n\"\nrate = \"2\"\npower = { kwh = \"0.1\", pue = \"0.5\" }\n\
                      [[lease]]\ngpu = \"H100\"\ngpus = 0\nrate = \"1\"\n\
                      [[lease]]\nnode = \"m\"\nrate = \"1\"\nrounding = \"day\"\ntypo = 1\n";
        assert_eq!(lines(leases), [4, 7, 12, 13], "{:?}", messages(leases));
        assert!(messages(leases)[0].contains("power.pue \"0.5\": too small: write 1 or more"));
        // A required value that is wrong is one mistake, and one that is missing is another.
        assert_eq!(lines("[[price]]\nmodel = 5\nlist = 6\n[[alias]]\nmodel = \"x\"\n"), [2, 3, 4]);
        assert_eq!(lines("a = [\n"), [1]);
    }

    /// Class: what stands for a needed value is itself reported as a mistake, again and again.
    #[test]
    fn what_is_needed_and_wrong_is_reported_once_with_all_that_is_wrong_beside_it() {
        let messages = |text: &str| mistakes(Path::new("m.toml"), text);
        let lines = "a = 1\n[[lease]]\nnode = \"n\"\nrate = \"2\"\npower = { kwh = \"36000\", pue = \"0.5\" }\n\
                     [[lease]]\nnode = \"m\"\nrate = \"2\"\npower = { pue = \"1.2\" }\n\
                     [[alias]]\nmodel = 5\nnames = 6\n[[fx]]\nfrom = 1\nto = 2\nrate = 3\nat = 4\n[[target]]\nurl = 7\n";
        let messages = messages(lines);
        let at = |messages: &String| messages.split(':').nth(1).and_then(|line| line.parse::<usize>().ok());
        let mut lines: Vec<_> = messages.iter().filter_map(at).collect();
        lines.sort_unstable();
        assert_eq!(lines, [1, 5, 5, 9, 11, 12, 14, 15, 16, 17, 19], "{messages:#?}");
        let too_large = messages.iter().filter(|messages| messages.contains("power.kwh \"36000\": too large")).count();
        assert_eq!(too_large, 1, "{messages:#?}");
    }

    /// Class: one mistake ends the search for others.
    #[test]
    fn a_table_of_another_kind_or_an_unknown_one_hides_no_other_mistake() {
        let messages = |text: &str| mistakes(Path::new("m.toml"), text);
        let starts = |text: &str, starts: &[&str]| {
            let messages = messages(text);
            assert_eq!(messages.len(), starts.len(), "{messages:#?}");
            for (messages, start) in messages.iter().zip(starts) {
                assert!(messages.starts_with(&format!("m.toml:{start}")), "{start}: {messages}");
            }
        };
        starts(
            "interval = 5\n[[alart]]\nwhen = \"x\"\n[[alart]]\nwhen = \"y\"\n[slo]\nttft_p50 = \"1s\"\nttft_p99 = 2\n\
             itl_p99 = \"60\"\ne2e_p99 = \"soon\"\n",
            &[
                "1: interval 5: without its unit and quotes: write \"5s\"",
                "2: unknown key \"alart\"",
                "7: unknown key \"ttft_p50\": write one of ttft_p99, itl_p99, e2e_p99",
                "8: slo.ttft_p99 2: without its unit and quotes: write \"2s\"",
                "9: slo.itl_p99: \"60\" is without a unit: write \"60ms\" or \"60s\"",
                "10: slo.e2e_p99: \"soon\" is not a duration",
            ],
        );
        starts(
            "[[slo]]\nttft_p99 = \"2s\"\n[lease]\ngpu = \"H100\"\n[[alias]]\nmodel = \"a\"\nnames = [1, 2]\n[[target]]\nurl = \"a b\"\n\
             [[budget]]\n[plausibility]\noutput_per_gpu = 0\n",
            &[
                "1: [[slo]]: there is one of it: write [slo]",
                "3: [lease] is one of several: write [[lease]]",
                "3: ",
                "7: names 1: ",
                "9: ",
                "10: [[budget]]: there is one of it: write [budget]",
                "12: plausibility.output_per_gpu: ",
            ],
        );
        starts(
            "[[target]]\nurl = \"http://a:1\"\nabsence = \"24h\"\n[budget]\nmonth = \"much\"\n",
            &["3: absence is not a key of target: write it above the first line in brackets", "5: budget.month: "],
        );
        // What may be wrong only because of another mistake is not reported.
        starts(
            "currency = 5\ntimezone = \"Mars/Base\"\ncompare_to = \"nosuch\"\n[[fx]]\nfrom = \"CNY\"\nto = \"USD\"\n\
             rate = 7\nat = \"2026-01-01\"\n[[lease]]\ngpu = \"H100\"\nrate = \"2\"\ncurrency = \"CNY\"\n",
            &["1: currency 5: ", "2: timezone: ", "7: rate 7: "],
        );
    }

    /// Class: a key that stands for many tables cannot be read, and the tables beside it are not read.
    #[test]
    fn a_whole_kind_of_tables_that_cannot_be_read_hides_no_other_mistake() {
        let starts = |text: &str, starts: &[&str]| {
            let messages = mistakes(Path::new("m.toml"), text);
            assert_eq!(messages.len(), starts.len(), "{messages:#?}");
            for (messages, start) in messages.iter().zip(starts) {
                assert!(messages.starts_with(&format!("m.toml:{start}")), "{start}: {messages}");
            }
        };
        starts(
            "lease = 5\ntarget = \"x\"\nprice = true\nslo = 7\n[[fx]]\nfrom = \"CNY\"\nto = \"USD\"\nrate = \"x\"\n\
             at = \"2026-01-01\"\n[[alias]]\nmodel = \"a\"\nnames = 5\n",
            &[
                "1: lease is not a table: write [[lease]] above its keys",
                "2: target is not a table: write [[target]] above its keys",
                "3: price is not a table: write [[price]] above its keys",
                "4: slo is not a table: write [slo] above its keys",
                "8: rate: ",
                "12: names 5: ",
            ],
        );
        let price = "[[price]]\nmodel = \"m\"\nlist = \"nosuch\"\n";
        starts(
            &format!(
                "[lease]\ngpu = \"H100\"\nrate = \"x\"\n[[target]]\nurl = \"a b\"\n{price}[[slo]]\nttft_p99 = \"x\"\n"
            ),
            &[
                "1: [lease] is one of several",
                "3: rate \"x\"",
                "5: ",
                "8: price list \"nosuch\"",
                "9: [[slo]]",
                "10: slo.ttft_p99",
            ],
        );
        starts(
            &format!("lease = 5\n{price}[[alias]]\nmodel = 5\nnames = [\"a\"]\n"),
            &["1: lease is not a table", "4: price list \"nosuch\"", "6: model 5"],
        );
        starts(
            "price = 5\n[[lease]]\ngpu = \"H100\"\n[[scenario]]\nname = \"a\"\nlist = \"mine\"\n",
            &["1: price is not a table", "2: "],
        );
    }

    /// The same of price files, in which amounts are needed.
    #[test]
    fn what_a_price_file_needs_is_reported_once() {
        let text = "[[list]]\nname = \"a\"\ncurrency = \"USD\"\n[list.tiers.standard]\nhit = \"-1\"\nmiss = \"x\"\n\
                    [[gpu]]\ngpu = \"H100\"\nrate = \"a lot\"\n[[history]]\nmodels = 1\nlists = 2\n";
        let read =
            super::read::<crate::pricing::PriceFile>(Path::new("p.toml"), text, &[], super::TableNames::default());
        let messages: Vec<_> = read.mistakes.iter().map(ToString::to_string).collect();
        let starts = ["9: rate", "7: the key \"dated\"", "12: lists 2", "11: models 1"];
        let of_tier = ["5: tiers.standard.hit", "6: tiers.standard.miss", "4: the key \"output\""];
        assert_eq!(messages.len(), 7, "{messages:#?}");
        for start in starts.into_iter().chain(of_tier) {
            let is_it = |messages: &&String| messages.starts_with(&format!("p.toml:{start}"));
            assert_eq!(messages.iter().filter(is_it).count(), 1, "{start}: {messages:#?}");
        }
    }
}

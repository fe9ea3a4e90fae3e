//! How tokens are counted: the bounds beyond which growth is disputed, and aliases of models.

use std::collections::{BTreeMap, BTreeSet};

use super::error::Findings;
use super::file::{AliasTable, PlausibilityTable};
use crate::counters::Plausibility;
use crate::reading::{ModelName, canonical_model};
use crate::units::parse_scaled;

/// Models with their other names, and the paths of aliases without an effect, with what to do.
type WrittenAliases = (Vec<(ModelName, Vec<ModelName>)>, Vec<(usize, String)>);

/// The highest bound that can be set, in tokens a second and GPU.
const HIGHEST: u64 = 1_000_000_000_000;
/// The highest power limit that can be assumed, in watts.
const HIGHEST_WATTS: u64 = 100_000;
/// The highest factor of the power limit.
const HIGHEST_FACTOR: u32 = 100;

/// The configured bounds, or the defaults.
pub(super) fn plausibility(table: &PlausibilityTable, findings: &mut Findings<'_>) -> Plausibility {
    let usual = Plausibility::default();
    let mut bound =
        |key: &str, said: Option<i128>, usual: u64, (what, highest): (&str, u64)| match said.map(u64::try_from) {
            None => usual,
            Some(Ok(bound)) if (1..=highest).contains(&bound) => bound,
            Some(_) => {
                let why = format!("{what}, a whole number above 0 and at most {highest}: write {key} = {usual}");
                findings.inner("plausibility", key, why);
                usual
            }
        };
    let tokens = ("tokens a second and GPU", HIGHEST);
    Plausibility {
        output_per_gpu: bound("output_per_gpu", table.output_per_gpu, usual.output_per_gpu, tokens),
        computed_per_gpu: bound("computed_per_gpu", table.computed_per_gpu, usual.computed_per_gpu, tokens),
        cached_per_gpu: bound("cached_per_gpu", table.cached_per_gpu, usual.cached_per_gpu, tokens),
        watts_per_gpu: bound(
            "watts_per_gpu",
            table.watts_per_gpu,
            usual.watts_per_gpu,
            ("the power limit of a GPU that reports none, in watts", HIGHEST_WATTS),
        ),
        energy_thousandths: energy_factor(table.energy_factor.as_deref(), findings).unwrap_or(usual.energy_thousandths),
    }
}

/// How many times its power limit a GPU draws at most, in thousandths; `None` if it is not set or wrong.
fn energy_factor(said: Option<&str>, findings: &mut Findings<'_>) -> Option<u32> {
    let said = said?;
    let thousandths = parse_scaled(said, 3).ok().and_then(|thousandths| u32::try_from(thousandths).ok());
    let factor = thousandths.filter(|thousandths| (1000..=HIGHEST_FACTOR * 1000).contains(thousandths));
    if factor.is_none() {
        let why = format!(
            "\"{said}\" is not a multiple of a GPU's power limit from 1 to {HIGHEST_FACTOR} with at most 3 decimals: \
             write energy_factor = \"1.5\""
        );
        findings.inner("plausibility", "energy_factor", why);
    }
    factor
}

/// Models with their other names, and aliases without an effect. Names are compared in canonical form.
pub(super) fn aliases(tables: &[AliasTable], findings: &mut Findings<'_>) -> WrittenAliases {
    let mut models: BTreeMap<String, String> = BTreeMap::new();
    for (nth, table) in tables.iter().enumerate() {
        for why in mistakes(table) {
            findings.table("alias", nth, why);
        }
        for name in table.names.iter().filter(|name| canonical_model(name) != canonical_model(&table.model)) {
            match models.get(&canonical_model(name)) {
                Some(other) if canonical_model(other) != canonical_model(&table.model) => findings.table(
                    "alias",
                    nth,
                    format!("\"{name}\" is a name of \"{other}\" already: one name is one model's, write it once"),
                ),
                _ => drop(models.insert(canonical_model(name), table.model.clone())),
            }
        }
    }
    let mut messages: BTreeSet<String> = BTreeSet::new();
    for (nth, table) in tables.iter().enumerate() {
        let Some(circle) =
            circle(&table.model, &models).filter(|circle| !messages.contains(&canonical_model(&circle[0])))
        else {
            continue;
        };
        messages.extend(circle.iter().map(|name| canonical_model(name)));
        let names = circle.join("\" -> \"");
        findings.table("alias", nth, format!("\"{names}\" go round in a circle: name the one that the engine serves"));
    }
    let one = |table: &AliasTable| {
        (ModelName::new(table.model.trim()), table.names.iter().map(|name| ModelName::new(name.trim())).collect())
    };
    let warnings = tables.iter().enumerate().flat_map(|(nth, table)| {
        let same = table.names.iter().filter(|name| is_same(name, &table.model));
        same.map(move |name| {
            let why = "are one name without case, path and provider: this alias joins nothing, leave it out";
            (nth, format!("\"{name}\" and \"{}\" {why}", table.model))
        })
    });
    (tables.iter().map(one).collect(), warnings.collect())
}

/// Whether a name is another spelling of a model's name, which needs no alias.
fn is_same(name: &str, model: &str) -> bool {
    let placeholder = ModelName::new(name).is_placeholder();
    !placeholder && folded(name) != folded(model) && canonical_model(name) == canonical_model(model)
}

fn mistakes(table: &AliasTable) -> Vec<String> {
    let mut found = Vec::new();
    let placeholder = "is what engines print in place of a name, and never compared";
    if table.model.trim().is_empty() {
        found.push("an alias of no model: write model = \"qwen3-32b\"".to_owned());
    } else if ModelName::new(&table.model).is_placeholder() {
        found.push(format!("\"{}\" {placeholder}: write model = \"qwen3-32b\"", table.model));
    }
    if table.names.is_empty() {
        found.push(format!("\"{0}\" has no other names: write names = [\"chat-large\"], or leave it out", table.model));
    }
    for name in &table.names {
        if name.trim().is_empty() {
            found.push(format!("an empty name of \"{}\": write it, or leave it out", table.model));
        } else if ModelName::new(name).is_placeholder() {
            found.push(format!("\"{name}\" {placeholder}: leave it out of the names of \"{}\"", table.model));
        } else if folded(name) == folded(&table.model) {
            found.push(format!("\"{name}\" is an alias of itself: write its other names"));
        }
    }
    found
}

/// The names from a model along its aliases back to itself; `None` if they end.
fn circle(model: &str, models: &BTreeMap<String, String>) -> Option<Vec<String>> {
    let (mut path, mut at) = (vec![model.to_owned()], canonical_model(model));
    while let Some(next) = models.get(&at).filter(|_| path.len() <= models.len() + 1) {
        path.push(next.clone());
        at = canonical_model(next);
        if at == canonical_model(model) {
            // A name that is an alias of itself is reported as such.
            return (path.len() > 2).then_some(path);
        }
    }
    None
}

fn folded(name: &str) -> String {
    name.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::{ConfigError, ConfigFile};
    use super::*;

    type MeteringTables = (Plausibility, Vec<(ModelName, Vec<ModelName>)>, Vec<(usize, String)>);

    fn read(text: &str) -> Result<MeteringTables, Vec<String>> {
        let path = Path::new("margintop.toml");
        let said = |errors: Vec<ConfigError>| errors.iter().map(ToString::to_string).collect::<Vec<_>>();
        let file: ConfigFile =
            toml::from_str(text).map_err(|error| said(vec![ConfigError::from_toml(path, text, &error)]))?;
        let mut findings = Findings::new(path, text);
        let bounds = plausibility(&file.plausibility, &mut findings);
        let (aliases, warnings) = aliases(&file.aliases, &mut findings);
        findings.check().map_err(said)?;
        Ok((bounds, aliases, warnings))
    }

    fn refused(text: &str, words: &str) {
        let found = read(text).err().unwrap_or_default();
        assert!(found.iter().any(|line| line.contains(words)), "{words} in {found:?}");
    }

    #[test]
    fn bounds_are_whole_numbers_above_none() {
        let usual = Plausibility::default();
        assert_eq!(read("").map(|read| read.0), Ok(usual));
        let found = read("[plausibility]\noutput_per_gpu = 70_000\ncached_per_gpu = 1\n").map(|read| read.0);
        assert_eq!(found, Ok(Plausibility { output_per_gpu: 70_000, cached_per_gpu: 1, ..usual }));
        for value in ["0", "-1", "1_000_000_000_001", "99999999999999999999999"] {
            let text = format!("[plausibility]\ncomputed_per_gpu = {value}\n");
            refused(
                &text,
                "margintop.toml:2: plausibility.computed_per_gpu: tokens a second and GPU, a whole number above 0 and at most \
                 1000000000000: write computed_per_gpu = 200000",
            );
        }
        refused("[plausibility]\noutput_per_gpu = 1.5\n", "margintop.toml:2");
        let found = read("[plausibility]\nwatts_per_gpu = 700\nenergy_factor = \"1.25\"\n").map(|read| read.0);
        assert_eq!(found, Ok(Plausibility { watts_per_gpu: 700, energy_thousandths: 1_250, ..usual }));
        for value in ["0", "100_001"] {
            refused(
                &format!("[plausibility]\nwatts_per_gpu = {value}\n"),
                "margintop.toml:2: plausibility.watts_per_gpu: the power limit of a GPU that reports none, in watts, a whole \
                 number above 0 and at most 100000: write watts_per_gpu = 1500",
            );
        }
        for value in ["0.9", "101", "x", "-1", "1.2345", "", "0"] {
            refused(
                &format!("[plausibility]\nenergy_factor = \"{value}\"\n"),
                &format!(
                    "margintop.toml:2: plausibility.energy_factor: \"{value}\" is not a multiple of a GPU's power limit"
                ),
            );
        }
        refused("[plausibility]\nenergy_factor = 1.5\n", "write \"1.5\"");
        refused("[plausibility]\nwatts = 700\n", "is it \"watts_per_gpu\"?");
        refused("[plausibility]\noutput = 1\n", "is it \"output_per_gpu\"?");
    }

    #[test]
    fn aliases_are_other_names_of_one_model() {
        let text = "[[alias]]\nmodel = \"qwen3-32b\"\nnames = [\"chat-large\", \"hosted_vllm/qwen3-32b\"]\n";
        let expected =
            (ModelName::new("qwen3-32b"), ["chat-large", "hosted_vllm/qwen3-32b"].map(ModelName::new).to_vec());
        assert_eq!(read(text).map(|read| read.1), Ok(vec![expected]));
        // A repeated alias has no effect, and a chain ends at a model.
        let alias = |model: &str, names: &str| format!("[[alias]]\nmodel = \"{model}\"\nnames = [{names}]\n");
        assert!(read(&(alias("a", "\"b\"") + &alias("a", "\"B\""))).is_ok());
        assert!(read(&(alias("a", "\"b\"") + &alias("b", "\"c\""))).is_ok());
    }

    /// Class: an alias that says nothing, or that is compared with nothing.
    #[test]
    fn spellings_and_placeholders_are_reported() {
        let alias = |model: &str, names: &str| format!("[[alias]]\nmodel = \"{model}\"\nnames = [{names}]\n");
        let found = read(&(alias("b", "\"c\"") + &alias("a", "\"openai/A\", \"x\""))).map(|read| read.2);
        let why = "are one name without case, path and provider: this alias joins nothing, leave it out";
        assert_eq!(found, Ok(vec![(1, format!("\"openai/A\" and \"a\" {why}"))]));
        for placeholder in ["undefined", "NULL", "none", "/"] {
            let found = format!("margintop.toml:1: \"{placeholder}\" is what engines print in place of a name");
            refused(&alias("a", &format!("\"{placeholder}\"")), &found);
            refused(&alias(placeholder, "\"a\""), &found);
        }
        refused(
            &(alias("a", "\"org/x\"") + &alias("b", "\"X\"")),
            "margintop.toml:4: \"X\" is a name of \"a\" already",
        );
        let two = alias("a", "\"org/b\"") + &alias("b", "\"org/a\"");
        refused(&two, "go round in a circle");
    }

    #[test]
    fn what_names_itself_or_goes_round_says_what_to_write() {
        let alias = |model: &str, names: &str| format!("[[alias]]\nmodel = \"{model}\"\nnames = [{names}]\n");
        refused(&alias("a", "\"x\", \"A\""), "margintop.toml:1: \"A\" is an alias of itself: write its other names");
        let two = alias("a", "\"b\"") + &alias("b", "\"a\"");
        refused(&two, "margintop.toml:1: \"a\" -> \"b\" -> \"a\" go round in a circle");
        assert_eq!(read(&two).err().map(|mistakes| mistakes.len()), Some(1), "a circle is reported once");
        let three = alias("a", "\"b\"") + &alias("b", "\"c\"") + &alias("c", "\"a\"");
        refused(&three, "go round in a circle: name the one that the engine serves");
        let (longer, last) = (three.replace("[\"a\"]", "[\"d\"]"), alias("d", "\"a\""));
        refused(&(longer + &last), "go round in a circle");
        refused(&(alias("a", "\"x\"") + &alias("b", "\"X\"")), "margintop.toml:4: \"X\" is a name of \"a\" already");
        refused(&alias("a", ""), "\"a\" has no other names: write names = [\"chat-large\"]");
        refused(&alias("a", "\" \""), "an empty name of \"a\"");
        refused(&alias("", "\"x\""), "an alias of no model: write model = ");
    }
}

//! Reads a TOML file whole: a value that cannot be read is a mistake, and what stands beside it is read all the same.

use std::path::Path;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::ConfigError;
use super::former::{FormerKey, rename};

/// How many mistakes of one file are told: an imported one that is wrong throughout has thousands.
pub(super) const TOLD: usize = 20;
/// What stands for a text that is needed and was a mistake.
const STAND_IN: &str = "-";

/// A file as far as it can be read, and what cannot.
#[derive(Debug)]
pub(super) struct Read<T> {
    /// `None` where nothing of it can be.
    pub(super) file: Option<T>,
    pub(super) mistakes: Vec<ConfigError>,
    /// What is accepted and should be written otherwise.
    pub(super) warnings: Vec<ConfigError>,
    /// Where they are, from the outside in: `lease`, `2`, `power`, `pue`.
    pub(super) places: Vec<Vec<String>>,
}

/// Reads a file's text, keys under their former names too.
pub(super) fn read<'a, T: Deserialize<'a>>(path: &Path, text: &'a str, former: &[FormerKey]) -> Read<T> {
    let mut places = Vec::new();
    let (mut root, warnings, mut mistakes) = match DeTable::parse(text) {
        Ok(mut table) => {
            let (warnings, mistakes) = rename(table.get_mut(), former, path, text);
            (Spanned::new(table.span(), DeValue::Table(table.into_inner())), warnings, mistakes)
        }
        Err(error) => {
            let mistakes = vec![ConfigError::from_toml(path, text, &error)];
            return Read { file: None, mistakes, warnings: Vec::new(), places };
        }
    };
    loop {
        let error = match T::deserialize(ValueDeserializer::from(root.clone())) {
            Ok(file) => return Read { file: Some(file), mistakes, warnings, places },
            Err(error) => error,
        };
        let place = error.span().and_then(|span| place_of(&root, &span));
        let missing = missing_field(error.message()).map(str::to_owned);
        let is_known = |place: &Vec<String>| {
            let key = missing.iter().cloned();
            places.contains(&place.iter().cloned().chain(key).collect::<Vec<_>>())
        };
        // What is missing since it was a mistake is none of its own.
        if !(missing.is_some() && place.as_ref().is_some_and(is_known)) {
            mistakes.push(ConfigError::of_value(path, text, place.as_deref().unwrap_or_default(), &error));
        }
        let mended = place.as_ref().is_some_and(|place| mend(&mut root, place, missing.as_deref()));
        places.extend(place);
        if !mended || mistakes.len() >= TOLD {
            return Read { file: None, mistakes, warnings, places };
        }
    }
}

/// The field that a message says is missing.
fn missing_field(message: &str) -> Option<&str> {
    message.strip_prefix("missing field `")?.split('`').next()
}

/// The innermost place whose key or value holds a span.
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

/// Whether something inside a value holds a span: a table's own span is that of its heading.
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

/// Takes a mistake out, or puts what stands for it where it is needed. Whether there was something to take out.
fn mend(root: &mut Spanned<DeValue<'_>>, place: &[String], missing: Option<&str>) -> bool {
    let Some((last, outer)) = place.split_last() else { return false };
    let Some(holder) = inside(root, if missing.is_some() { place } else { outer }) else { return false };
    let DeValue::Table(table) = holder.get_mut() else { return false };
    let Some(missing) = missing else { return table.remove(last.as_str()).is_some() };
    let text = DeValue::String(STAND_IN.into());
    let value = if missing == "names" { DeValue::Array(toml::de::DeArray::new()) } else { text };
    table.insert(Spanned::new(0..0, missing.to_owned().into()), Spanned::new(0..0, value)).is_none()
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
    fn every_value_that_cannot_be_read_is_told_with_its_key() {
        let told = |text: &str| mistakes(Path::new("margintop.toml"), text);
        assert_eq!(
            told("[[scenario]]\nname = \"a\"\nnodes = -2\npaid = \"1.2\"\ngpu_rate = \"-1\"\n"),
            [
                "margintop.toml:3: nodes -2: a number of nodes is above 0 and has at most six decimals, like 200 or 218.025",
                "margintop.toml:4: paid \"1.2\": too large: a share is between 0 and 1, write it like \"0.37\"",
                "margintop.toml:5: gpu_rate \"-1\": negative: write an amount of 0 or more",
            ]
        );
        assert_eq!(
            told("[overhead]\nof_revenue = \"1.5\"\n"),
            [
                "margintop.toml:2: overhead.of_revenue \"1.5\": too large: a share is between 0 and 1, write it like \"0.37\""
            ]
        );
        let prices = "[[price]]\nmodel = \"x\"\nhit = \"1.0000000001\"\nmiss = \"-2\"\noutput = \"abc\"\n\
                      [[price]]\nmodel = \"y\"\npaid = \"1.01\"\n[[price]]\nmodel = \"z\"\ntenant = \"q\"\n";
        let lines = |text: &str| {
            let line = |told: &String| told.split(':').nth(1).and_then(|line| line.parse::<usize>().ok());
            told(text).iter().filter_map(line).collect::<Vec<_>>()
        };
        assert_eq!(lines(prices), [3, 4, 5, 8, 9], "{:?}", told(prices));
        let leases = "[[lease]]\nnode = \"n\"\nrate = \"2\"\npower = { kwh = \"0.1\", pue = \"0.5\" }\n\
                      [[lease]]\ngpu = \"H100\"\ngpus = 0\nrate = \"1\"\n\
                      [[lease]]\nnode = \"m\"\nrate = \"1\"\nrounding = \"day\"\ntypo = 1\n";
        assert_eq!(lines(leases), [4, 5, 12, 13], "{:?}", told(leases));
        assert!(told(leases)[0].contains("power.pue \"0.5\": too small: write 1 or more"));
        // What is needed and wrong is one mistake, and what is needed and not there another.
        assert_eq!(lines("[[price]]\nmodel = 5\nlist = 6\n[[alias]]\nmodel = \"x\"\n"), [2, 3, 4]);
        assert_eq!(lines("a = [\n"), [1]);
    }
}

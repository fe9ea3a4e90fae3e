//! Keys under their former names: accepted for one release, with a warning that names the new one.

use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::ConfigError;

/// A renamed key.
#[derive(Debug, Clone, Copy)]
pub(super) struct FormerKey {
    /// Its table: `lease`; empty at the top.
    pub(super) table: &'static str,
    pub(super) old: &'static str,
    pub(super) new: &'static str,
}

/// The keys that were renamed in this release or the previous one. There are none yet.
pub(super) const FORMER: &[FormerKey] = &[];

/// Renames keys with former names. Returns the new names, and the keys of which both names are given.
pub(super) fn rename(
    root: &mut DeTable<'_>,
    former: &[FormerKey],
    path: &Path,
    text: &str,
) -> (Vec<ConfigError>, Vec<ConfigError>) {
    let (mut warnings, mut mistakes) = (Vec::new(), Vec::new());
    for key in former {
        let mut each = |table: &mut DeTable<'_>, place: &[String]| {
            let Some((old, value)) = table.remove_entry(key.old) else { return };
            let line = ConfigError::line_at(text, old.span().start);
            let name = if place.is_empty() { key.new.to_owned() } else { format!("{}.{}", key.table, key.new) };
            if table.contains_key(key.new) {
                let why = format!("{} is the former name of {name}, which is here too: remove {0}", key.old);
                mistakes.push(ConfigError { file: path.to_owned(), line: Some(line), why });
            } else {
                let why = format!("{} is called {name} now: write {} before the next release", key.old, key.new);
                warnings.push(ConfigError { file: path.to_owned(), line: Some(line), why });
                table.insert(Spanned::new(old.span(), key.new.into()), value);
            }
        };
        if key.table.is_empty() {
            each(root, &[]);
            continue;
        }
        let Some(inner) = root.get_mut(key.table) else { continue };
        let place = [key.table.to_owned()];
        match inner.get_mut() {
            DeValue::Table(table) => each(table, &place),
            DeValue::Array(array) => array.iter_mut().for_each(|one| {
                if let DeValue::Table(table) = one.get_mut() {
                    each(table, &place);
                }
            }),
            _ => {}
        }
    }
    (warnings, mistakes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ConfigFile;
    use crate::config::mistakes::{TableNames, read};

    /// As if these had been renamed.
    const MADE_UP: &[FormerKey] = &[
        FormerKey { table: "", old: "zone", new: "timezone" },
        FormerKey { table: "lease", old: "price", new: "rate" },
        FormerKey { table: "budget", old: "monthly", new: "month" },
    ];

    fn messages(text: &str) -> (Vec<String>, Vec<String>, Option<ConfigFile>) {
        let read = read::<ConfigFile>(Path::new("margintop.toml"), text, MADE_UP, TableNames::default());
        let words = |errors: &[ConfigError]| errors.iter().map(ToString::to_string).collect();
        (words(&read.warnings), words(&read.mistakes), read.file)
    }

    #[test]
    fn a_former_name_is_accepted_with_a_warning() {
        let text = "zone = \"UTC\"\n[budget]\nmonthly = \"9\"\n[[lease]]\ngpu = \"H100\"\nprice = \"2\"\n";
        let (warnings, mistakes, file) = messages(text);
        assert_eq!(
            warnings,
            [
                "margintop.toml:1: zone is called timezone now: write timezone before the next release",
                "margintop.toml:6: price is called lease.rate now: write rate before the next release",
                "margintop.toml:3: monthly is called budget.month now: write month before the next release",
            ]
        );
        assert!(mistakes.is_empty(), "{mistakes:?}");
        let file = file.unwrap_or_default();
        assert_eq!((file.timezone.as_deref(), file.budget.month.as_deref()), (Some("UTC"), Some("9")));
        assert!(file.leases[0].rate.is_some());
    }

    #[test]
    fn both_names_at_once_are_a_mistake() {
        let (warnings, mistakes, _) = messages("timezone = \"UTC\"\nzone = \"UTC\"\n");
        let text = "margintop.toml:2: zone is the former name of timezone, which is here too: remove zone";
        assert_eq!((warnings.len(), mistakes), (0, vec![text.to_owned()]));
    }

    #[test]
    fn a_key_that_was_never_renamed_is_unknown() {
        let (_, mistakes, _) = messages("zonk = 1\n[[lease]]\ngpu = \"x\"\nrent = \"1\"\n");
        assert_eq!(mistakes.len(), 2, "{mistakes:?}");
    }
}

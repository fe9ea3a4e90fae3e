//! What a configuration and the environment name outside of themselves, for `config check`: folders that files are written
//! to, the driver's library, and variables that no flag has.

use std::fs::OpenOptions;
use std::path::Path;

use crate::config::Settings;
use crate::suggestion::meant;
use crate::system_error::system_error;

/// The warnings about them. `ledger` is the file of the ledger, if one is kept; `variables` are those of all flags.
pub(super) fn warnings(settings: &Settings, ledger: Option<&Path>, variables: &[String]) -> Vec<String> {
    let written = [("ledger", ledger), ("log", settings.log.as_deref())];
    let written = written.into_iter().filter_map(|(key, file)| unwritable(key, file?));
    let library = settings.nvml_lib.as_deref().and_then(|file| unreadable("nvml_lib", file));
    written.chain(library).chain(unknown_variables(variables)).collect()
}

/// Why a file that is written cannot be: neither itself, nor a new one in its folder.
fn unwritable(key: &str, file: &Path) -> Option<String> {
    let error = if file.exists() {
        OpenOptions::new().append(true).open(file).err()?
    } else {
        // The folders that are missing are created with the file.
        let folder = file.ancestors().skip(1).find(|folder| folder.is_dir() || folder.as_os_str().is_empty())?;
        let probe = folder.join(format!(".margintop-check-{}", std::process::id()));
        let made = OpenOptions::new().write(true).create_new(true).open(&probe);
        let _ = std::fs::remove_file(&probe);
        made.err()?
    };
    Some(format!("{key} {}: cannot be written: {}", file.display(), system_error(&error)))
}

fn unreadable(key: &str, file: &Path) -> Option<String> {
    let error = std::fs::File::open(file).err()?;
    Some(format!("{key} {}: cannot be read: {}", file.display(), system_error(&error)))
}

/// Variables that begin like margintop's and are none of them.
fn unknown_variables(known: &[String]) -> Vec<String> {
    let given = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let unknown = given.filter(|name| name.starts_with("MARGINTOP_") && !known.contains(name));
    let mut unknown: Vec<String> = unknown.collect();
    unknown.sort();
    let text = |name: String| {
        let near = meant(&name, known.iter().map(String::as_str));
        format!("{name}: no such variable, it has no effect{near}")
    };
    unknown.into_iter().map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_written_or_read_is_named() -> std::io::Result<()> {
        let home = tempfile::tempdir()?;
        let missing = Path::new("/proc/nosuch/file");
        assert_eq!(unwritable("log", &home.path().join("new/log")), None);
        assert!(std::fs::read_dir(home.path())?.next().is_none(), "nothing is left there");
        if cfg!(target_os = "linux") {
            let text = unwritable("log", missing).unwrap_or_default();
            assert!(text.starts_with("log /proc/nosuch/file: cannot be written: "), "{text}");
            assert!(!text.contains("os error"), "{text}");
        }
        assert!(unreadable("nvml_lib", missing).is_some());
        Ok(())
    }
}

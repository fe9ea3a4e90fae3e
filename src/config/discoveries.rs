//! Lists of targets: `[[discover]]`.

use std::path::Path;

use super::error::Findings;
use super::faults::TableFaults;
use super::file::DiscoverTable;
use crate::source::TargetOptions;
use crate::source::discover::ListFiles;

/// Reads the lists and reports their mistakes. A list may be written later: a file that is missing is no mistake.
pub(super) fn discoveries(tables: &[DiscoverTable], findings: &mut Findings<'_>) -> Vec<ListFiles> {
    let mut all: Vec<ListFiles> = Vec::new();
    for (nth, table) in tables.iter().enumerate() {
        let mut faults = TableFaults::default();
        let path = findings.beside(&table.file_sd);
        faults.refuse(table.file_sd.as_os_str().is_empty(), &["file_sd"], "file_sd is empty: write the path of a file");
        let folder = table.file_sd.parent().unwrap_or(Path::new(""));
        let in_folder = "only the name of the file may have a *: name its folder";
        faults.refuse(folder.to_string_lossy().contains('*'), &["file_sd"], in_folder);
        let is_twice = all.iter().any(|known| known.path == path);
        faults.refuse(is_twice, &["file_sd"], "the list is named by an earlier [[discover]]: leave one of them out");
        findings.faults("discover", nth, faults);
        let options = TargetOptions {
            bearer_token_file: table.bearer_token_file.clone(),
            ca_file: table.ca_file.clone(),
            ..TargetOptions::default()
        };
        all.push(ListFiles { path, options });
    }
    all
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::config::settings::mistakes;

    #[test]
    fn mistakes_of_lists_have_their_lines() {
        let found = |text: &str| mistakes(Path::new("margintop.toml"), text);
        assert_eq!(found("[[discover]]\nfile_sd = \"gpus/*.json\"\n"), Vec::<String>::new());
        for (text, expected) in [
            ("file_sd = \"\"\n", "margintop.toml:2: file_sd is empty"),
            ("file_sd = \"*/a.json\"\n", "margintop.toml:2: only the name of the file"),
            ("file_sd = \"a\"\n[[discover]]\nfile_sd = \"a\"\n", "margintop.toml:4: the list is named by an earlier"),
            ("file_sd = \"a\"\nfile_ds = \"a\"\n", "margintop.toml:3: unknown key \"file_ds\"; is it \"file_sd\"?"),
        ] {
            let found = found(&format!("[[discover]]\n{text}"));
            assert!(found.len() == 1 && found[0].starts_with(expected), "{text}: {found:?}");
        }
    }
}

//! The files that `docs/CODE.md` names exist. A name without a folder is in the folder of the path named before it.

use std::fs;
use std::path::{Path, PathBuf};

/// The files of a text that are not where it says.
fn missing(text: &str, exists: impl Fn(&Path) -> bool, is_folder: impl Fn(&Path) -> bool) -> Vec<String> {
    let (mut folder, mut missing) = (PathBuf::new(), Vec::new());
    for name in text.split('`').skip(1).step_by(2) {
        let path = Path::new(name);
        let is_whole = name.starts_with("src/") || name.starts_with("tests/");
        let is_file = path.extension().is_some_and(|end| end == "rs" || end == "sql");
        if is_whole && is_folder(path) {
            path.clone_into(&mut folder);
        } else if is_whole {
            if !exists(path) {
                missing.push(name.to_owned());
            }
            path.parent().unwrap_or(path).clone_into(&mut folder);
        } else if is_file && !exists(&folder.join(path)) {
            missing.push(format!("{name} in {}", folder.display()));
        }
    }
    missing
}

#[test]
fn every_file_that_the_page_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join("docs/CODE.md")).unwrap();
    let found = missing(&text, |path| root.join(path).is_file(), |path| root.join(path).is_dir());
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn a_file_that_is_elsewhere_is_found() {
    let exists = |path: &Path| ["src/a/one.rs", "src/b/two.rs"].contains(&path.to_str().unwrap());
    let is_folder = |path: &Path| path == Path::new("src/a") || path == Path::new("src/b");
    let of = |text: &str| missing(text, exists, is_folder);
    assert!(of("`src/a/one.rs` and `src/b`: `two.rs`, of `Words`").is_empty());
    assert_eq!(of("`src/a`: `two.rs`"), ["two.rs in src/a"]);
    assert_eq!(of("`src/a/nine.rs`"), ["src/a/nine.rs"]);
}

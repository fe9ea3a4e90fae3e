//! A launcher whose programs have a file system that cannot lock, sync or share, built when a test first needs it.
#![allow(dead_code, unreachable_pub, reason = "each test uses a part")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Where the launcher is; `None` where this system lets no filter be set. It has a target folder of its own, so that it
/// neither waits for the build that runs the tests nor cares about its profile.
pub fn launcher() -> Option<&'static Path> {
    static LAUNCHER: OnceLock<Option<PathBuf>> = OnceLock::new();
    LAUNCHER.get_or_init(build).as_deref()
}

fn build() -> Option<PathBuf> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fake-disk");
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--offline", "--package", "fake-disk", "--target-dir"])
        .arg(&target)
        .arg("--manifest-path")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"))
        .status();
    assert!(built.is_ok_and(|status| status.success()), "the launcher does not build");
    let launcher = target.join("debug/fake-disk");
    let works = Command::new(&launcher).args(["flock:37", "true"]).status().unwrap();
    (works.code() != Some(77)).then_some(launcher)
}

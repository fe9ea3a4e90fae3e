//! The stand-in driver library, built when a test first needs it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Where the library is. It has a target folder of its own, so that it neither waits for the build that runs the tests
/// nor cares about its profile.
pub(crate) fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fake-nvml");
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        let built = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--offline", "--package", "fake-nvml", "--target-dir"])
            .arg(&target)
            .arg("--manifest-path")
            .arg(manifest)
            .status();
        assert!(built.is_ok_and(|status| status.success()), "the stand-in driver library does not build");
        target.join("debug/libnvidia_ml.so")
    })
}

//! `margintop report` as a user calls it.

use crate::program;

use program::Program;

#[test]
fn a_wrong_call_says_what_to_write() {
    for (call, said) in [
        (&["--since", "soon"][..], "2025-02-27T12:00Z or 2025-02-27T12:00+08:00"),
        (&["--until", "2025-99-01"], "--until"),
        (&["--what-if", "fx=1"], "list=NAME"),
        (&["--what-if", "paid=1.5"], "between 0 and 1"),
        (&["--what-if", "nodes=0"], "above 0"),
        (&["--what-if", "hit_rate=0.6", "--what-if", "hit_rate=0.7"], "contradicts hit_rate=0.60"),
        (&["--what-if", "no-such-scenario"], "no [[scenario]] of this name"),
        (&["--reprice", "--what-if", "list=deepseek-r1-2025"], "write one of the two"),
        (&["--by", "planet"], "hour"),
        (&["--bridge", "month"], "yesterday"),
        (&["--json", "--csv"], "--csv"),
        (&["--ledger", "none"], "--ledger PATH"),
    ] {
        let ran = Program::new(["report"].iter().chain(call)).run();
        assert_eq!(ran.code, Some(2), "{call:?}: {}", ran.err);
        assert!(ran.err.contains(said), "{call:?}: {}", ran.err);
        assert!(ran.out.is_empty() && !ran.err.contains("panicked"), "{call:?}");
    }
}

#[test]
fn without_a_ledger_it_says_where_it_searched() {
    let folder = tempfile::tempdir().unwrap();
    let ran = Program::new(["report"]).env("XDG_STATE_HOME", folder.path()).run();
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    let path = folder.path().join("margintop/ledger.db");
    assert!(ran.err.contains(path.to_str().unwrap()) && ran.err.contains("--ledger"), "{}", ran.err);
    let ran = Program::new(["report", "--json", "--ledger", "/nowhere/ledger.db"]).run();
    assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""), "{}", ran.err);
    assert!(ran.err.contains("/nowhere/ledger.db"), "{}", ran.err);
    assert!(!folder.path().join("margintop").exists(), "asking makes nothing");
}

//! Why a machine cannot be read, in the words of `ssh`.

use std::io;
use std::process::ExitStatus;

use crate::reading::{Label, ScrapeError};
use crate::system_error::system_error;

/// The status with which `ssh` reports its own errors.
const OF_SSH: i32 = 255;
/// What ssh says, and what to do about it.
const REMEDIES: [(&str, &str); 7] = [
    (
        "host key verification failed",
        "compare the host's key and accept it with `ssh HOST` once, or correct known_hosts",
    ),
    ("remote host identification has changed", "compare the host's key, then correct known_hosts"),
    ("permission denied", "let `ssh HOST true` work without a question: a key in ssh's agent or configuration"),
    ("too many authentication failures", "name the key of this host in ssh's configuration (IdentitiesOnly)"),
    ("could not resolve hostname", "check the name, or name it in ssh's configuration"),
    ("connection refused", "see whether sshd runs there, and on which port"),
    ("timed out", "see whether the host is up and reached from here"),
];
/// Lines of ssh that say nothing about its failure.
const REMARKS: [&str; 4] = ["warning: permanently added", "@@@", "pseudo-terminal", "debug1:"];

/// Why `ssh` did not start.
pub(super) fn not_started(error: &io::Error) -> ScrapeError {
    let why = if error.kind() == io::ErrorKind::NotFound {
        "the command ssh is not installed here: install OpenSSH's client".to_owned()
    } else {
        format!("ssh did not start: {}", system_error(error))
    };
    ScrapeError::Other(Label::new(&why))
}

/// Why a connection ended, by its status and what it printed as errors.
pub(super) fn ended(status: Option<ExitStatus>, said: &str, has_begun: bool) -> ScrapeError {
    let lines = || said.lines().map(str::trim).filter(|line| !line.is_empty());
    let is_remark = |line: &&str| REMARKS.iter().any(|remark| line.to_lowercase().contains(remark));
    let last = lines().rfind(|line| !is_remark(line)).unwrap_or_default();
    let whole = said.to_lowercase();
    let remedy = REMEDIES.iter().find(|(what, _)| whole.contains(what)).map(|(_, remedy)| *remedy);
    let code = status.and_then(|status| status.code());
    let why = match (code, last) {
        (Some(OF_SSH) | None, "") => "the connection ended without a word of ssh".to_owned(),
        (Some(OF_SSH) | None, last) => match remedy {
            Some(remedy) => format!("ssh: {last}; {remedy}"),
            None => format!("ssh: {last}"),
        },
        (Some(code), "") if has_begun => format!("what ran there ended with status {code}"),
        (Some(code), "") => format!("no shell ran there: it ended with status {code}"),
        (Some(code), last) => format!("what ran there ended with status {code}: {last}"),
    };
    ScrapeError::Other(Label::new(&why))
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    #[test]
    fn the_row_says_what_ssh_said_and_what_to_do() {
        let of = |code: i32, said: &str| ended(Some(ExitStatus::from_raw(code << 8)), said, true).to_string();
        for (said, words) in [
            ("Host key verification failed.\r\n", "known_hosts"),
            (
                "@@@@@\n@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\n@@@@\nHost key verification failed.\n",
                "known_hosts",
            ),
            ("ops@gpu-1: Permission denied (publickey).\n", "Permission denied (publickey)"),
            ("ssh: Could not resolve hostname gpu-x: Name or service not known\n", "check the name"),
            ("ssh: connect to host gpu-1 port 22: Connection refused\n", "sshd"),
            (
                "Warning: Permanently added 'x' to the list of known hosts.\nssh: connect to host x port 22: Connection timed out",
                "is up",
            ),
            ("", "without a word"),
        ] {
            let said = of(OF_SSH, said);
            assert!(said.contains(words), "{said}");
        }
        assert!(of(127, "sh: 1: margintop: not found").contains("status 127: sh: 1: margintop: not found"));
        assert!(ended(Some(ExitStatus::from_raw(1 << 8)), "", false).to_string().contains("no shell ran there"));
        let missing = not_started(&io::Error::from(io::ErrorKind::NotFound)).to_string();
        assert!(missing.contains("not installed"), "{missing}");
    }
}

//! The command line of `ssh`, and what it runs there.

use std::ffi::OsString;
use std::hash::{BuildHasher, RandomState};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use crate::dialect;
use crate::source::target::SshAddress;

/// The timeout of a connection: 10 s.
const CONNECT: &str = "ConnectTimeout=10";

/// A word that is printed before each part of the output. It is random, so that no page contains it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark(String);

impl Mark {
    /// A random one.
    pub(super) fn new() -> Self {
        Self(format!("margintop-{:016x}", RandomState::new().hash_one("mark")))
    }

    #[cfg(test)]
    pub(super) fn of(text: &str) -> Self {
        Self(text.to_owned())
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// `ssh` to a machine: the user's configuration, agent and known hosts, and never a question.
pub(super) fn ssh(there: &SshAddress) -> Command {
    let mut command = Command::new("ssh");
    command.args(arguments(there)).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.kill_on_drop(true);
    #[cfg(unix)]
    command.process_group(0);
    command
}

fn arguments(there: &SshAddress) -> Vec<OsString> {
    let options =
        ["BatchMode=yes", CONNECT, "ServerAliveInterval=5", "ServerAliveCountMax=3", "ClearAllForwardings=yes"];
    let mut arguments: Vec<OsString> = vec!["-T".into()];
    for option in options {
        arguments.extend(["-o".into(), option.into()]);
    }
    if let Some(port) = there.port {
        arguments.extend(["-p".into(), port.to_string().into()]);
    }
    if let Some(user) = &there.user {
        arguments.extend(["-l".into(), user.into()]);
    }
    arguments.push("--".into());
    arguments.push(there.host.clone().into());
    // The script comes by the standard input: no shell there has to unquote it.
    arguments.push("exec /bin/sh -s".into());
    arguments
}

/// What the shell there runs: the agent if there is one, else a loop that ends when its reader is gone.
pub(super) fn script(mark: &Mark, interval: Duration) -> String {
    let (mark, seconds) = (mark.as_str(), interval.as_secs_f64().max(0.1));
    let ports: Vec<String> = dialect::ports().iter().map(u16::to_string).collect();
    let (ports, query) = (ports.join(" "), dialect::NVIDIA_SMI_QUERY);
    format!(
        r#"PATH="$PATH:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin:$HOME/.cargo/bin:$HOME/.local/bin"
if command -v margintop >/dev/null 2>&1 && margintop agent --help </dev/null 2>/dev/null | grep -q -e --stdio; then
  echo "{mark} agent"
  exec margintop agent --stdio --interval {seconds}s </dev/null
fi
host=$(hostname 2>/dev/null || uname -n)
echo "{mark} shell $host"
known=; round=0; limit=
if command -v timeout >/dev/null 2>&1; then limit="timeout 5"; fi
while :; do
  echo "{mark} smi"
  if command -v nvidia-smi >/dev/null 2>&1; then
    $limit nvidia-smi --query-gpu={query} --format=csv,noheader,nounits </dev/null 2>&1
  fi
  if command -v curl >/dev/null 2>&1; then
    if [ $((round % 60)) = 0 ]; then asked="{ports}"; else asked=$known; fi
    for port in $asked; do
      case " $known " in *" $port "*) is_known=1 ;; *) is_known= ;; esac
      if page=$(curl -fs -m 2 --max-filesize 16000000 "http://127.0.0.1:$port/metrics" </dev/null 2>/dev/null); then
        if [ -z "$is_known" ]; then known="$known $port"; fi
        echo "{mark} page $port"
        printf '%s\n' "$page"
      elif [ -n "$is_known" ]; then
        echo "{mark} missed $port"
      fi
    done
  else
    echo "{mark} no-curl"
  fi
  echo "{mark} end" || exit 0
  round=$((round + 1))
  sleep {seconds} || exit 0
done
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Class: a part of an address that ssh takes for an option.
    #[test]
    fn the_host_stands_behind_all_options() {
        let there = SshAddress { user: Some("ops".to_owned()), host: "gpu-1".to_owned(), port: Some(2222) };
        let arguments: Vec<String> =
            arguments(&there).into_iter().map(|argument| argument.to_string_lossy().into_owned()).collect();
        let end = arguments.iter().position(|argument| argument == "--");
        assert_eq!(end.map(|end| &arguments[end + 1..]), Some(&["gpu-1".to_owned(), "exec /bin/sh -s".to_owned()][..]));
        assert!(arguments.windows(2).any(|pair| pair == ["-o", "BatchMode=yes"]));
        assert!(
            arguments.windows(2).any(|pair| pair == ["-p", "2222"])
                && arguments.windows(2).any(|pair| pair == ["-l", "ops"])
        );
    }

    #[test]
    fn no_two_connections_have_one_mark() {
        assert_ne!(Mark::new(), Mark::new());
        assert!(script(&Mark::of("m"), Duration::from_millis(500)).contains("--interval 0.5s"));
    }
}

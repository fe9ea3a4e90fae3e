//! A machine behind `ssh`: a script stands for `ssh` and runs here what would run there.

use crate::page;
use crate::program;
use crate::server;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use page::{Counted, vllm};
use program::Program;
use server::{Reply, Server};

/// Writes a program of a shell's lines.
fn tool(folder: &Path, name: &str, lines: &str) {
    let path = folder.join(name);
    std::fs::write(&path, format!("#!/bin/sh\n{lines}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// A call with these programs before all others, here and on the far side.
fn with_tools(tools: &Path, arguments: &[&str]) -> Program {
    let usual = std::env::var("PATH").unwrap_or_default();
    Program::new(arguments).env("PATH", format!("{}:{usual}", tools.display()))
}

/// An `ssh` that connects to this machine, where only these tools and the system's are.
fn local_ssh(tools: &Path) {
    let there = format!("PATH={}:/usr/bin:/bin; export PATH\nexec /bin/sh -s", tools.display());
    tool(tools, "ssh", &there);
}

const CARD: &str = "0, GPU-6f6c0a4e-1111-2222-3333-000000000000, NVIDIA H800, 71, 40, 61440, 81559, 512.25, 700.00, 63, 1755, 2619, [N/A]";

#[test]
fn without_an_agent_there_gpus_and_engines_are_read_by_a_shell() {
    let tools = tempfile::tempdir().unwrap();
    local_ssh(tools.path());
    tool(tools.path(), "nvidia-smi", &format!("echo '{CARD}'"));
    tool(tools.path(), "hostname", "echo gpu-9");
    let counted = Counted::new(1000, 400, 300);
    for (port, model) in [("8000", "deepseek-r1"), ("8001", "qwen3-32b")] {
        std::fs::write(tools.path().join(port), vllm(model, 60.0, counted)).unwrap();
    }
    let pages = tools.path().display().to_string();
    // The address is the last argument.
    let curl =
        format!("for at; do :; done; port=${{at#http://127.0.0.1:}}; cat {pages}/${{port%/metrics}} 2>/dev/null");
    tool(tools.path(), "curl", &curl);
    let run = with_tools(tools.path(), &["once", "--json", "--for", "1s", "ssh://gpu-1"]).run();
    assert_eq!(run.code, Some(0), "{run:?}");
    let json = run.json();
    assert_eq!(json["tokens"]["output_total"], 600, "{json}");
    assert_eq!(json["tokens"]["cached_total"], 800);
    assert_eq!(json["gpus"]["count"], 1, "{json}");
    assert_eq!(json["nodes"][0]["name"], "gpu-9");
    assert_eq!(json["nodes"][0]["gpus"][0]["utilization"], 0.71);
    assert!(json["nodes"][0]["gpus"][0]["fan"].is_null());
    let targets: Vec<&str> =
        json["engines"].as_array().unwrap().iter().filter_map(|row| row["target"].as_str()).collect();
    assert_eq!(targets, ["ssh://gpu-1/8000", "ssh://gpu-1/8001"]);
    assert!(json["engines"].as_array().unwrap().iter().all(|row| row["node"] == "gpu-9"), "{json}");
}

/// A `curl` that asks two engines whose counters grow at every call: the first misses every third call, and at the ninth call of
/// the second the connection ends.
const GROWING: &str = r#"for at; do :; done
case $at in
  *:8000/*) port=8000 model=deepseek-r1 ;;
  *:8001/*) port=8001 model=qwen3-32b ;;
  *) exit 7 ;;
esac
calls=$(($(cat "$FOLDER/$port" 2>/dev/null || echo 0) + 1))
echo $calls > "$FOLDER/$port"
if [ $port = 8000 ] && [ $((calls % 3)) = 2 ]; then exit 28; fi
if [ $port = 8001 ] && [ $calls = 9 ]; then kill "$(cat "$FOLDER/pid")"; exit 7; fi
labels="model_name=\"$model\",engine=\"0\""
echo "vllm:prompt_tokens_total{$labels} $((calls * 1000))"
echo "vllm:generation_tokens_total{$labels} $((calls * 300))"
echo "process_start_time_seconds $START""#;

/// Class: an engine's counters move to another target when a round is missed or a connection ends, and are counted twice.
#[test]
fn an_engine_keeps_its_target_over_rounds_and_connections() {
    let tools = tempfile::tempdir().unwrap();
    let folder = tools.path().display().to_string();
    let began = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() - 3600;
    let here = format!(
        "echo $$ > {folder}/pid\nPATH={folder}:/usr/bin:/bin FOLDER={folder} START={began}\nexport PATH FOLDER START\nexec /bin/sh -s"
    );
    tool(tools.path(), "ssh", &here);
    tool(tools.path(), "hostname", "echo gpu-9");
    tool(tools.path(), "curl", GROWING);
    let ledger = tools.path().join("l.db").display().to_string();
    let calls = ["--for", "8s", "--interval", "200ms", "--ledger", ledger.as_str(), "ssh://gpu-1"];
    let run = with_tools(tools.path(), &[&["once", "--json"], &calls[..]].concat()).run();
    let json = run.json();
    let of = |model: &str| {
        let rows = json["engines"].as_array().unwrap().iter().filter(|row| row["model"] == model);
        rows.map(|row| row["output_total"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    let (first, second) = (of("deepseek-r1"), of("qwen3-32b"));
    assert_eq!((first.len(), second.len()), (1, 1), "{json}");
    let report = Program::new(["report", "--json", "--ledger", &ledger]).run().json();
    let posted = report["total"]["output_tokens"].as_u64().unwrap();
    assert!(second[0] > 300 * 9, "a second connection brought pages: {json}");
    assert_eq!(posted, first[0] + second[0] - 600, "all but what was counted before the watch: {report}");
}

#[test]
fn an_agent_there_sends_its_pages_down_the_pipe() {
    let tools = tempfile::tempdir().unwrap();
    local_ssh(tools.path());
    let step = Counted::new(1000, 400, 300);
    let engine = Server::new(move |nth| Reply::page(&vllm("deepseek-r1", 60.0, step.times(nth as u64 + 1))));
    let agent = format!("exec {} \"$@\" --node gpu-7 nvml:off {}", env!("CARGO_BIN_EXE_margintop"), engine.metrics());
    tool(tools.path(), "margintop", &agent);
    let run = with_tools(tools.path(), &["once", "--json", "--for", "2s", "ssh://ops@gpu-7:2222"]).run();
    assert_eq!(run.code, Some(0), "{run:?}");
    let json = run.json();
    assert_eq!(
        (&json["engines"][0]["target"], &json["engines"][0]["kind"]),
        (&"ssh://ops@gpu-7:2222".into(), &"vllm".into())
    );
    assert_eq!(json["engines"][0]["node"], "gpu-7");
    let output = json["tokens"]["output_total"].as_u64().unwrap();
    assert!(output > 0 && output.is_multiple_of(step.output), "{json}");
    assert!(json["tokens"]["output_per_second"].as_f64().unwrap() > 0.0, "{json}");
}

/// Class: a margintop there that is too old to be an agent on a pipe hides the node.
#[test]
fn an_agent_without_a_pipe_is_not_used() {
    let tools = tempfile::tempdir().unwrap();
    local_ssh(tools.path());
    tool(tools.path(), "margintop", "echo 'usage: margintop agent --listen'; exit 2");
    tool(tools.path(), "nvidia-smi", &format!("echo '{CARD}'"));
    tool(tools.path(), "curl", "exit 7");
    let run = with_tools(tools.path(), &["once", "--json", "--for", "0", "ssh://gpu-1"]).run();
    assert_eq!((run.code, &run.json()["gpus"]["count"]), (Some(0), &1.into()), "{run:?}");
}

/// Class: a connection that fails is an empty row, or holds up the run.
#[test]
fn what_ssh_says_stands_in_the_row() {
    let tools = tempfile::tempdir().unwrap();
    for (script, words) in [
        ("echo 'Host key verification failed.' >&2; exit 255", "known_hosts"),
        ("echo 'ops@gpu-1: Permission denied (publickey).' >&2; exit 255", "Permission denied (publickey)"),
        ("echo 'This account is not available'; exit 1", "no shell ran there"),
    ] {
        tool(tools.path(), "ssh", script);
        let run = with_tools(tools.path(), &["once", "--json", "--for", "0", "ssh://gpu-1"]).run();
        assert_eq!(run.code, Some(1), "{run:?}");
        assert!(run.err.contains(words), "{run:?}");
    }
}

#[test]
fn a_machine_with_nothing_to_read_says_what_is_missing() {
    let tools = tempfile::tempdir().unwrap();
    local_ssh(tools.path());
    tool(tools.path(), "nvidia-smi", "echo 'NVIDIA-SMI has failed'; exit 9");
    tool(tools.path(), "curl", "exit 7");
    let run = with_tools(tools.path(), &["once", "--json", "--for", "0", "ssh://gpu-1"]).run();
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.err.contains("NVIDIA-SMI has failed") && run.err.contains("no engine answers"), "{run:?}");
}

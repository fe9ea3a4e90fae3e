#!/usr/bin/env bash
# What a hub costs: CPU seconds a minute and memory, over a simulated fleet of so many nodes of 8 GPUs, each with an engine.
#   fleet-cost.sh MARGINTOP direct NODES INTERVAL [SECONDS]   the hub reads every engine and GPU exporter itself
#   fleet-cost.sh MARGINTOP agents NODES INTERVAL [SECONDS]   the hub reads an agent on each node (8 GPUs of the stand-in driver)
#   fleet-cost.sh MARGINTOP viewer NODES INTERVAL [SECONDS]   as direct, with one dashboard attached
# Prints one line: what was measured, and the simulator's and the agents' own cost apart. The first third of SECONDS (60) more
# passes before. `agents` needs `cargo build --package fake-nvml`. Everything listens on loopback and is ended by its process id.
set -euo pipefail
program=$(realpath "$1"); way=$2; nodes=$3; interval=$4; seconds=${5:-60}
here=$(cd "$(dirname "$0")/../.." && pwd); work=$(mktemp -d); pids=(); agents=()
finish() { kill "${pids[@]}" 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$work"; }
trap finish EXIT
export HOME=$work XDG_CONFIG_HOME=$work/config XDG_STATE_HOME=$work/state
ticks=$(getconf CLK_TCK)
# User and system time of these processes, in clock ticks.
spent() { local sum=0 line; for pid in "$@"; do line=$(cut -d')' -f2 < "/proc/$pid/stat"); set -- $line; sum=$((sum + ${12} + ${13})); done; echo "$sum"; }
ulimit -n "$(ulimit -Hn)"
"$program" demo --nodes "$nodes" --serve > "$work/all" & demo=$!; pids+=("$demo")
for _ in $(seq 300); do grep -q nvml:off "$work/all" 2>/dev/null && break; sleep 0.1; done
grep ^http "$work/all" > "$work/targets"
if [ "$way" = agents ]; then
  library=${FAKE_NVML:-$here/target/debug/libnvidia_ml.so}
  : > "$work/agent-targets"
  nth=0
  while read -r engine; do
    host=${engine#http://}; host=${host%%:*}; nth=$((nth + 1))
    FAKE_NVML_GPUS=8 FAKE_NVML_SEED=$nth "$program" agent --listen "$host:9545" --node "$(printf 'gpu-%04d' "$nth")" --nvml-lib "$library" \
      --interval "$interval" "$engine" > /dev/null 2>> "$work/agents.log" & agents+=("$!"); pids+=("$!")
    echo "http://$host:9545/metrics" >> "$work/agent-targets"
  done < <(grep -v ':9400' "$work/targets")
  mv "$work/agent-targets" "$work/targets"
fi
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
{ printf 'interval = "%s"\n' "$interval"; printf '[[target]]\nurl = "%s"\n' $(cat "$work/targets"); printf '[[lease]]\ngpu = "H800"\nrate = "2.00"\n'; } > "$work/margintop.toml"
"$program" serve --config "$work/margintop.toml" --ledger none --listen "127.0.0.1:$port" > "$work/out" 2> "$work/log" & hub=$!; pids+=("$hub")
for _ in $(seq 300); do curl -sf "http://127.0.0.1:$port/livez" >/dev/null && break; sleep 0.1; done
if [ "$way" = viewer ]; then
  python3 - "http://127.0.0.1:$port/api/v1/attach" "$work/bytes" <<'PYTHON' & pids+=("$!")
import sys, urllib.request
stream, total = urllib.request.urlopen(sys.argv[1]), 0
while chunk := stream.read1(1 << 16):
    total += len(chunk)
    open(sys.argv[2], "w").write(str(total))
PYTHON
fi
sleep $((seconds / 3 + 5))
before=$(spent "$hub"); of_demo=$(spent "$demo"); of_agents=0; [ ${#agents[@]} = 0 ] || of_agents=$(spent "${agents[@]}")
bytes=$(cat "$work/bytes" 2>/dev/null || echo 0); began=$(date +%s.%N)
sleep "$seconds"
after=$(spent "$hub"); of_demo=$(($(spent "$demo") - of_demo)); [ ${#agents[@]} = 0 ] || of_agents=$(($(spent "${agents[@]}") - of_agents))
bytes=$(($(cat "$work/bytes" 2>/dev/null || echo 0) - bytes)); took=$(echo "$(date +%s.%N) - $began" | bc)
curl -sf "http://127.0.0.1:$port/api/v1/snapshot" > "$work/snapshot"
python3 - "$way" "$nodes" "$interval" "$took" "$ticks" $((after - before)) "$of_demo" "$of_agents" "$bytes" "$hub" "$work/snapshot" <<'PYTHON'
import json, os, sys
way, nodes, interval = sys.argv[1:4]
took, ticks, hub, demo, agents, sent = map(float, sys.argv[4:10])
minute = 60 / took / ticks
status = dict(line.split(":", 1) for line in open(f"/proc/{sys.argv[10]}/status"))
now = json.load(open(sys.argv[11]))
rss = int(status["VmRSS"].split()[0]) / 1000
print(f"{way} {nodes} nodes every {interval}: {hub * minute:.2f} CPU s a minute, {rss:.1f} MB RSS, live "
      f"{now['coverage']['nodes_live']}/{now['coverage']['nodes_known']} nodes {now['coverage']['engines_live']}/{now['coverage']['engines_known']} engines, "
      f"{now['gpus']['count']} GPUs; simulator {demo * minute:.2f} CPU s, agents {agents * minute:.2f} CPU s a minute"
      + (f"; {sent / took / 1000:.1f} kB a second to the viewer" if way == "viewer" else "") + f"; load {os.getloadavg()[0]:.1f}")
PYTHON

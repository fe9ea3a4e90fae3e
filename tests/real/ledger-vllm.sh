#!/usr/bin/env bash
# The ledger against a real vLLM: margintop is killed five times under load, and the ledger's tokens are the API's own
# `usage`, token for token. Wants real-vllm.sh up PORT, and a release build: tests/real/ledger-vllm.sh [PORT=8000]
set -euo pipefail
cd "$(dirname "$0")/../.."
port=${1:-8000}; home=$(mktemp -d); trap 'rm -rf "$home"' EXIT
watch() {
  target/release/margintop serve "http://127.0.0.1:$port/metrics" nvml:off --ledger "$home/ledger.db" \
    --interval 200ms --listen 127.0.0.1:0 >/dev/null & watcher=$!
}
watch; sleep 2
tests/real/real-vllm.sh load --url "http://127.0.0.1:$port" --n 60 --conc 4 --max-tokens 32 --json "$home/load.json" >/dev/null & load=$!
for _ in 1 2 3 4 5; do sleep 1.5; kill -9 "$watcher"; wait "$watcher" 2>/dev/null || true; sleep 0.5; watch; done
wait "$load"; sleep 2; kill -TERM "$watcher"; wait "$watcher"
target/release/margintop report --ledger "$home/ledger.db" --json > "$home/report.json"
python3 - "$home" <<'P'
import json, sys
total = json.load(open(f"{sys.argv[1]}/report.json"))["total"]
usage = json.load(open(f"{sys.argv[1]}/load.json"))["usage_sums"]
pairs = [("prompt_tokens", "prompt_tokens"), ("cached_tokens", "cached_tokens"), ("output_tokens", "completion_tokens")]
wrong = [(ours, total[ours], usage[theirs]) for ours, theirs in pairs if total[ours] != usage[theirs]]
print({ours: total[ours] for ours, _ in pairs}, "as the API billed" if not wrong else f"differs: {wrong}")
sys.exit(bool(wrong))
P

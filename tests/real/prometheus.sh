#!/usr/bin/env bash
# A real Prometheus and a real VictoriaMetrics scrape margintop's simulated fleet and an agent; margintop reads both servers, and its totals are
# those of the targets' own pages at the times of the samples, token for token. Then the queries of the dcgm-exporter dashboard
# of Grafana are asked of the agent's series. The servers are Debian's packages, unpacked into a folder of their own (not installed):
#   tests/real/prometheus.sh [MARGINTOP=target/release/margintop]      PROMETHEUS_BIN=FOLDER has the two programs already
# Ports are chosen by the system; what it starts ends with it.
set -euo pipefail
cd "$(dirname "$0")/../.."
margintop=$(realpath "${1:-target/release/margintop}"); home=$(mktemp -d); started=()
end() {
  local pid
  for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${started[@]}"; do wait "$pid" 2>/dev/null || true; done
  rm -rf "$home"
}
trap end EXIT
export HOME=$home XDG_CONFIG_HOME=$home XDG_STATE_HOME=$home MARGINTOP_LEDGER=none
bin=${PROMETHEUS_BIN:-}
if [ -z "$bin" ]; then
  (cd "$home" && apt-get -qq download prometheus victoria-metrics 2>/dev/null && for deb in *.deb; do dpkg-deb -x "$deb" unpacked; done)
  bin=$home/unpacked/usr/bin
fi
library=${FAKE_NVML:-}
if [ -z "$library" ]; then
  HOME=${REAL_HOME:-/root} cargo build --quiet --offline --package fake-nvml --target-dir "$home/nvml" && library=$home/nvml/debug/libnvidia_ml.so
fi
free() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
"$margintop" demo --nodes 2 --serve > "$home/fleet" 2>"$home/fleet.log" & started+=($!)
agent=$(free)
MARGINTOP_NVML_LIB=$library "$margintop" agent nvml: --listen "127.0.0.1:$agent" >/dev/null 2>"$home/agent.log" & started+=($!)
for _ in $(seq 50); do grep -q http "$home/fleet" && break; sleep 0.2; done
targets=$(sed -n 's|^http://\(.*\)/metrics$|"\1"|p' "$home/fleet" | paste -sd,)
cat > "$home/prometheus.yml" <<Y
global: { scrape_interval: 2s }
scrape_configs:
- { job_name: fleet, static_configs: [ { targets: [$targets] } ] }
- { job_name: dcgm, static_configs: [ { targets: ["127.0.0.1:$agent"] } ] }
Y
prometheus=$(free); victoria=$(free)
"$bin/prometheus" --config.file="$home/prometheus.yml" --storage.tsdb.path="$home/prometheus" \
  --web.listen-address="127.0.0.1:$prometheus" --log.level=warn 2>"$home/prometheus.log" & started+=($!)
"$bin/victoria-metrics" -promscrape.config="$home/prometheus.yml" -storageDataPath="$home/victoria" \
  -httpListenAddr="127.0.0.1:$victoria" -search.latencyOffset=1s -loggerLevel=ERROR 2>"$home/victoria.log" & started+=($!)
# Until a whole minute has been scraped.
sleep $(( 130 - $(date +%s) % 60 ))
for port in $prometheus $victoria; do
  "$margintop" once --json "prometheus+http://127.0.0.1:$port" > "$home/once.json"
  python3 - "$home" "$port" <<'P'
import json, sys, urllib.parse, urllib.request
home, port = sys.argv[1:]
seen = json.load(open(f"{home}/once.json"))
def query(text, at=None):
    fields = {"query": text, **({"time": str(at)} if at else {})}
    url = f"http://127.0.0.1:{port}/api/v1/query?{urllib.parse.urlencode(fields)}"
    return json.load(urllib.request.urlopen(url))["data"]["result"]
names = {"prompt_total": "vllm:prompt_tokens_total|sglang:prompt_tokens_total",
         "output_total": "vllm:generation_tokens_total|sglang:generation_tokens_total"}
wrong, ours = [], {key: 0 for key in names}
for engine in seen["engines"]:
    for key in names:
        ours[key] += engine[key] or 0
for key, name in names.items():
    # The samples of the last minute: margintop's total is the sum of one sample of each instance.
    samples = {}
    for series in query(f'{{__name__=~"{name}"}}[60s]'):
        instance = series["metric"]["instance"]
        for at, value in series["values"]:
            samples.setdefault(instance, {}).setdefault(at, 0)
            samples[instance][at] += int(float(value))
    totals = {}
    for engine in seen["engines"]:
        instance = engine["target"].split("/")[-1].split(" ")[0]
        totals[instance] = totals.get(instance, 0) + (engine[key] or 0)
    for instance, total in totals.items():
        if total not in samples.get(instance, {}).values():
            wrong.append((key, instance, total, sorted(samples.get(instance, {}).items())[-3:]))
    print(f"port {port}: {key} {ours[key]} of {len(totals)} engines, each the sum of one scrape: {not wrong}")
print(f"port {port}: {seen['coverage']}, {seen['gpus']['count']} GPUs")
boards = {
    "GPU Temperature": 'DCGM_FI_DEV_GPU_TEMP{instance=~".+", gpu=~".+"}',
    "GPU Avg. Temp": 'avg(DCGM_FI_DEV_GPU_TEMP{instance=~".+", gpu=~".+"})',
    "GPU Power Usage": 'DCGM_FI_DEV_POWER_USAGE{instance=~".+", gpu=~".+"}',
    "GPU Power Total": 'sum(DCGM_FI_DEV_POWER_USAGE{instance=~".+", gpu=~".+"})',
    "GPU SM Clocks": 'DCGM_FI_DEV_SM_CLOCK{instance=~".+", gpu=~".+"} * 1000000',
    "GPU Utilization": 'DCGM_FI_DEV_GPU_UTIL{instance=~".+", gpu=~".+"}',
    "GPU Framebuffer Mem Used": 'DCGM_FI_DEV_FB_USED{instance=~".+", gpu=~".+"}',
    "Tensor Core Utilization": 'DCGM_FI_PROF_PIPE_TENSOR_ACTIVE{instance=~".+", gpu=~".+"}',
}
for panel, text in boards.items():
    found = query(text.replace('instance=~".+"', 'job="dcgm"'))
    print(f"port {port}: {panel}: {len(found)} series" + (f", first {found[0]['value'][1]} {found[0]['metric'].get('gpu', '')}" if found else " (no data)"))
sys.exit(1 if wrong or not seen["engines"] else 0)
P
  # The last whole minute: what each engine's counter grew in it, which a report of the same samples has.
  minute=$(( $(date +%s) / 60 * 60 - 60 ))
  since=$(date -u -d "@$minute" +%Y-%m-%dT%H:%M:%SZ); until=$(date -u -d "@$(( minute + 60 ))" +%Y-%m-%dT%H:%M:%SZ)
  "$margintop" report --from "prometheus+http://127.0.0.1:$port" --since "$since" --until "$until" --json > "$home/report.json"
  python3 - "$home" "$port" "$minute" <<'P'
import json, sys, urllib.parse, urllib.request
home, port, minute = sys.argv[1], sys.argv[2], int(sys.argv[3])
total = json.load(open(f"{home}/report.json"))["total"]
name = "vllm:generation_tokens_total|sglang:generation_tokens_total"
fields = {"query": f'{{__name__=~"{name}"}}[80s]', "time": minute + 70}
found = json.load(urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/query?{urllib.parse.urlencode(fields)}"))["data"]["result"]
def at(values, instant):
    before = max((v for v in values if v[0] <= instant), key=lambda v: v[0])
    after = min((v for v in values if v[0] > instant), key=lambda v: v[0])
    share = (instant - before[0]) / (after[0] - before[0])
    return float(before[1]) + share * (float(after[1]) - float(before[1]))
grown = sum(at(series["values"], minute + 60) - at(series["values"], minute) for series in found)
near = abs(total["output_tokens"] - grown) < 0.002 * grown + len(found)
print(f"port {port}: report of a minute: {total['output_tokens']} output tokens, the counters grew by {grown:.0f}: {near}")
sys.exit(not near)
P
done

#!/usr/bin/env bash
# The hub's web page in a real browser: what it shows is what the hub's own snapshot says.
#   web-page.sh MARGINTOP [PICTURE.png]     the program to try, and where to put a picture of the page
# Installs Debian's `chromium` and `chromium-driver` if there is no driver. Everything listens on loopback and is ended by its process id.
set -euo pipefail
program=$(realpath "$1"); picture=${2:-}
command -v chromedriver >/dev/null || { apt-get update && apt-get install -y --no-install-recommends chromium chromium-driver; } >/dev/null
work=$(mktemp -d); pids=()
finish() { for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done; wait 2>/dev/null || true; rm -rf "$work"; }
trap finish EXIT
export HOME=$work XDG_CONFIG_HOME=$work/config XDG_STATE_HOME=$work/state
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
port=$(free_port)
"$program" demo --nodes 12 --serve > "$work/targets" & pids+=($!)
for _ in $(seq 100); do grep -q nvml:off "$work/targets" 2>/dev/null && break; sleep 0.1; done
mapfile -t targets < <(grep ^http "$work/targets")
printf '[[lease]]\ngpu = "H800"\nrate = "2.00"\n' > "$work/margintop.toml"
"$program" serve --config "$work/margintop.toml" --ledger "$work/l.db" --listen "127.0.0.1:$port" "${targets[@]}" 2> "$work/log" & pids+=($!)
hub=http://127.0.0.1:$port
for _ in $(seq 100); do curl -sf "$hub/readyz" >/dev/null && break; sleep 0.1; done
sleep 5
driver_port=$(free_port)
chromedriver --port="$driver_port" --allowed-ips=127.0.0.1 > "$work/driver.log" 2>&1 & pids+=($!)
python3 - "http://127.0.0.1:$driver_port" "$hub" "$work/chromium" "$picture" <<'PYTHON'
import base64, json, re, sys, time, urllib.request
driver, hub, profile, picture = sys.argv[1:5]
failed = []
def check(what, holds):
    print("ok    " if holds else "FAILED", what)
    if not holds: failed.append(what)
def ask(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(driver + path, data, {"Content-Type": "application/json"}, method=method)
    return json.load(urllib.request.urlopen(request, timeout=60))["value"]
for _ in range(100):
    try:
        if ask("GET", "/status")["ready"]: break
    except OSError: time.sleep(0.1)
arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}", "--window-size=1200,1000"]
chrome = {"browserName": "chrome", "goog:chromeOptions": {"args": arguments}}
session = "/session/" + ask("POST", "/session", {"capabilities": {"alwaysMatch": chrome}})["sessionId"]
def run(script): return ask("POST", session + "/execute/sync", {"script": script, "args": []})
try:
    ask("POST", session + "/url", {"url": hub + "/"})
    for _ in range(100):
        if run("return document.getElementById('age').textContent") == "live": break
        time.sleep(0.1)
    check("it is live", run("return document.getElementById('age').textContent") == "live")
    # The page shows a snapshot a second: one of those that the hub has around that time.
    amounts, shown = set(), None
    for _ in range(60):
        amounts.add(round(float(json.load(urllib.request.urlopen(hub + "/api/v1/snapshot"))["money"]["profit"]), 2))
        text = run("return document.getElementById('profit').textContent")
        digits = re.search(r"[\d,]+\.\d\d", text)
        shown = digits and float(digits.group().replace(",", "")) * (-1 if "\u2212" in text else 1)
        if shown in amounts: break
        time.sleep(0.1)
    check(f"the profit is one of the hub's: {text!r}", shown in amounts)
    page, now = run("return document.body.innerText"), json.load(urllib.request.urlopen(hub + "/api/v1/snapshot"))
    coverage = now["coverage"]
    check("coverage", f'{coverage["nodes_live"]}/{coverage["nodes_known"]} nodes' in page)
    for row in now["models"]: check(f'model {row["model"]}', row["model"] in page)
    check("a chart or its absence", run("return document.querySelectorAll('#chart path').length") == 2 or "nothing is recorded" in page)
    check("no value that is none", not re.search(r"NaN|undefined|null|\[object", page))
    rounded = run("""return ["0.005", "0.015", "0.0149999", "-0.004", "-1234567.895", "12345678901234567.125"].map(money)""")
    check(f"cents are rounded half to even: {rounded}",
          rounded == ["$0.00", "$0.02", "$0.01", "$0.00", "\u2212$1,234,567.90", "$12,345,678,901,234,567.12"])
    if picture: open(picture, "wb").write(base64.b64decode(ask("GET", session + "/screenshot")))
    hostile = run("""show({...%s, alerts: [{severity: "info", text: "<img src=x onerror=window.bad=1>"}]}); return [document.querySelectorAll("#alerts img").length, window.bad]""" % json.dumps(now))
    check("a hostile text is a text", hostile == [0, None])
finally:
    ask("DELETE", session)
sys.exit(1 if failed else 0)
PYTHON

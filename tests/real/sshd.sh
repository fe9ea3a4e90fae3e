#!/usr/bin/env bash
# A real sshd on loopback: what is read through it, with an agent there and without, and what its errors become.
#   sshd.sh MARGINTOP
# Installs Debian's `openssh-server` and `openssh-client` if they are missing. Keys, configuration and known hosts are its own;
# sshd is ended by its process id.
set -euo pipefail
program=$(realpath "$1")
[ -x /usr/sbin/sshd ] && command -v ssh >/dev/null || { apt-get update && apt-get install -y --no-install-recommends openssh-server openssh-client; } >/dev/null
work=$(mktemp -d); pids=()
finish() { kill "${pids[@]}" 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$work"; }
trap finish EXIT
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
port=$(free_port); here=$work/here; there=$work/there; mkdir -p "$here" "$there" "$work/home"
for key in host user other; do ssh-keygen -q -t ed25519 -N '' -f "$work/$key"; done
cp "$work/user.pub" "$work/authorized"
echo "[127.0.0.1]:$port $(cut -d' ' -f1,2 "$work/host.pub")" > "$work/known"
echo "[127.0.0.1]:$port $(cut -d' ' -f1,2 "$work/other.pub")" > "$work/known-other"
cat > "$work/sshd_config" <<CONFIG
ListenAddress 127.0.0.1
Port $port
HostKey $work/host
AuthorizedKeysFile $work/authorized
StrictModes no
UsePAM no
PasswordAuthentication no
PidFile $work/sshd.pid
SetEnv PATH=$there:/usr/bin:/bin
CONFIG
mkdir -p /run/sshd
/usr/sbin/sshd -D -e -f "$work/sshd_config" 2> "$work/sshd.log" & pids+=($!)
# ssh takes its files from the user's entry in the system's list, not from HOME: the configuration is named.
client() { printf 'Host *\n  UserKnownHostsFile %s\n  GlobalKnownHostsFile /dev/null\n  IdentityFile %s\n  IdentitiesOnly yes\n' "$1" "$2" > "$work/ssh_config"; }
printf '#!/bin/sh\nexec /usr/bin/ssh -F %s "$@"\n' "$work/ssh_config" > "$here/ssh"; chmod +x "$here/ssh"
for _ in $(seq 50); do client "$work/known" "$work/user"; "$here/ssh" -p "$port" 127.0.0.1 true 2>/dev/null && break; sleep 0.1; done
engine=$(free_port)
cat > "$work/engine.py" <<'PYTHON'
import http.server, sys
class Page(http.server.BaseHTTPRequestHandler):
    tokens = 0
    def do_GET(self):
        Page.tokens += 100
        labels = 'model_name="deepseek-r1",engine="0"'
        body = f"# TYPE vllm:prompt_tokens_total counter\nvllm:prompt_tokens_total{{{labels}}} {Page.tokens}\n# TYPE vllm:generation_tokens_total counter\nvllm:generation_tokens_total{{{labels}}} {Page.tokens // 2}\n".encode()
        self.send_response(200 if self.path == "/metrics" else 404); self.end_headers(); self.wfile.write(body)
    def log_message(self, *_): pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Page).serve_forever()
PYTHON
python3 "$work/engine.py" "$engine" & pids+=($!)
export HOME=$work/home XDG_CONFIG_HOME=$work/home XDG_STATE_HOME=$work/home PATH=$here:$PATH
failed=0
check() { if [ "$2" = "$3" ]; then echo "ok     $1: $2"; else echo "FAILED $1: $2, not $3"; failed=1; fi; }
says() { if grep -q "$3" <<< "$2"; then echo "ok     $1: $3"; else echo "FAILED $1: $2"; failed=1; fi; }
once() { "$program" once --json --for "${1:-2s}" "ssh://127.0.0.1:$port" 2>"$work/err" > "$work/out" || true; }
field() { python3 -c "import json, sys; print(eval('now' + sys.argv[1], {'now': json.load(open('$work/out'))}))" "$1"; }
printf '#!/bin/sh\nexec %s "$@" --node gpu-7 nvml:off http://127.0.0.1:%s/metrics\n' "$program" "$engine" > "$there/margintop"
chmod +x "$there/margintop"
once
check "the agent's engine" "$(field "['engines'][0]['kind']")" vllm
check "a node without GPUs has the name of the host" "$(field "['engines'][0]['node']")" 127.0.0.1
says "it makes tokens" "$(field "['tokens']['output_per_second'] > 0")" True
rm "$there/margintop"
printf '#!/bin/sh\necho "0, GPU-6f6c0a4e-1111-2222-3333-000000000000, NVIDIA H800, 71, 40, 61440, 81559, 512.25, 700.00, 63, 1755, 2619, [N/A]"\n' > "$there/nvidia-smi"
printf '#!/bin/sh\nfor at; do :; done\n[ "$at" = http://127.0.0.1:8000/metrics ] && exec /usr/bin/curl -fs http://127.0.0.1:%s/metrics\nexit 7\n' "$engine" > "$there/curl"
chmod +x "$there/nvidia-smi" "$there/curl"
once
check "nvidia-smi's load" "$(field "['nodes'][0]['gpus'][0]['utilization']")" 0.71
check "the shell's engine" "$(field "['engines'][0]['kind']")" vllm
says "it makes tokens" "$(field "['tokens']['output_per_second'] > 0")" True
client "$work/known-other" "$work/user"; once 0
says "another host key" "$(cat "$work/err")" "known_hosts"
client "$work/known" "$work/other"; once 0
says "a key that is not accepted" "$(cat "$work/err")" "Permission denied"
client "$work/known" "$work/user"; kill "${pids[0]}"; wait "${pids[0]}" 2>/dev/null || true; once 0
says "no sshd" "$(cat "$work/err")" "sshd"
sleep 2
left=$(pgrep -fc "margintop-[0-9a-f]\{16\}|margintop agent --stdio" || true)
check "processes that are left there" "${left:-0}" 0
exit $failed

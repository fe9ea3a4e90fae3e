#!/usr/bin/env bash
# The ledger over a thousand kills at random instants, which takes more than eight minutes: tests/real/kills.sh [KILLS]
set -euo pipefail
cd "$(dirname "$0")/../.."
MARGINTOP_KILLS="${1:-1000}" cargo test --release --test kills -- --nocapture

#!/usr/bin/env bash
# The model of metering on many more cases than the suite runs (10,000): about 1,000 a second. A seed that fails is printed
# with its history; MARGINTOP_MODEL_SEED=N runs it alone.
set -euo pipefail
cd "$(dirname "$0")/../.."
MARGINTOP_MODEL_CASES="${1:-100000}" cargo test --release --test counting metering_model:: -- --nocapture

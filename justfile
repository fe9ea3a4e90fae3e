# What contributors run; `just` lists it. Each recipe is one line of shell that works without just too.

default:
    @just --list

# Everything that must hold before a change is in.
ci:
    .ci/run

# Formats everything. `cargo fmt` alone does not find the engines, whose modules a macro declares.
fmt:
    cargo fmt --all && rustfmt --edition 2024 src/dialect/engines/*.rs

# The tests of one binary (a file or folder of tests/), or those whose names hold a word, built without optimisation:
# `just test counting`, `just test program price::`.
test binary *words:
    cargo test --release --config profile.release.package.margintop.opt-level=0 --test {{ binary }} -- {{ words }}

# Draws the golden frames, the help and the pictures of the documentation anew: look at `git diff` afterwards.
bless:
    MARGINTOP_BLESS=1 cargo test --release --lib
    MARGINTOP_BLESS=1 cargo test --release --test screens -- screen_golden:: pictures::
    MARGINTOP_BLESS=1 cargo test --release --test program -- help:: day::

# The pictures of the documentation alone.
pictures:
    MARGINTOP_BLESS=1 cargo test --release --test screens pictures::
    MARGINTOP_BLESS=1 cargo test --release --test program day::

# Saves a page of metrics as a fixture of an engine: `just fixture vllm-0.12 http://gpu-01:8000/metrics`.
fixture name url:
    curl -fsS {{ url }} > tests/fixtures/engines/{{ name }}.prom

# A screenshot of the simulated fleet, as SVG.
screenshot file='screen.svg':
    cargo run --release -- demo --deepseek-day --picture {{ file }}

# All benchmarks, or one: parse, draw, fleet, ledger, checkpoint.
bench name='':
    cargo bench {{ if name == '' { '' } else { '--bench ' + name } }}

# Whether it compiles for other systems.
targets *names:
    .ci/check-targets {{ names }}

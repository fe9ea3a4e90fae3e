-- The ledger's tables. Every amount is an integer: tokens, GPU-milliseconds, millijoules, and prices in the units that
-- the columns name. Instants are milliseconds since 1970-01-01T00:00Z. Nothing here is ever edited by hand: a correction
-- is a new entry.

-- What the ledger is: currency, zone, created, began, watched_from, last_wall, last_boot, boot.
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

-- The accounts that revenue is posted to: one model on one node in one role. `costed` is 1 if the cost of its GPUs was
-- known when its tokens were produced.
CREATE TABLE revenue_accounts (
    id INTEGER PRIMARY KEY, node TEXT NOT NULL, unit TEXT, model TEXT, role TEXT NOT NULL, tenant TEXT,
    costed INTEGER NOT NULL DEFAULT 1);

-- The accounts that cost is posted to: GPUs of one name at one rate on one node. `rate_micros` millionths of the currency
-- for `rate_hours` hours of one GPU; NULL if the rate is unknown. `kind` is gpus, rounding or overhead.
CREATE TABLE cost_accounts (
    id INTEGER PRIMARY KEY, node TEXT, unit TEXT, gpu TEXT NOT NULL, kind TEXT NOT NULL,
    rate_micros INTEGER, rate_hours INTEGER, kwh_micros INTEGER, pue_thousandths INTEGER, lease TEXT);

-- Prices under which tokens were posted, in billionths of the currency a million tokens; shares in millionths.
CREATE TABLE tariffs (
    id INTEGER PRIMARY KEY, list TEXT NOT NULL, tier TEXT NOT NULL,
    hit_nanos INTEGER NOT NULL, miss_nanos INTEGER NOT NULL, output_nanos INTEGER NOT NULL,
    paid_ppm INTEGER, overhead_ppm INTEGER, book TEXT NOT NULL);

-- Revisions of the price book that postings were made under.
CREATE TABLE books (revision TEXT PRIMARY KEY, noted INTEGER NOT NULL, text TEXT NOT NULL) WITHOUT ROWID;

-- Tokens by minute (kept 8 days), quarter hour (400 days) and day of the ledger's zone (never deleted), each
-- written as it goes.
-- A tariff of -1 is "unpriced".
CREATE TABLE minute_tokens (
    bucket INTEGER, account INTEGER, tariff INTEGER,
    miss INTEGER NOT NULL, hit INTEGER NOT NULL, output INTEGER NOT NULL,
    PRIMARY KEY (bucket, account, tariff)) WITHOUT ROWID;
CREATE TABLE quarter_tokens (
    bucket INTEGER, account INTEGER, tariff INTEGER,
    miss INTEGER NOT NULL, hit INTEGER NOT NULL, output INTEGER NOT NULL,
    PRIMARY KEY (bucket, account, tariff)) WITHOUT ROWID;
CREATE TABLE day_tokens (
    bucket INTEGER, account INTEGER, tariff INTEGER,
    miss INTEGER NOT NULL, hit INTEGER NOT NULL, output INTEGER NOT NULL,
    PRIMARY KEY (bucket, account, tariff)) WITHOUT ROWID;

-- GPU time, likewise: allocated GPU-milliseconds, the idle part of them, and metered energy.
CREATE TABLE minute_gpu_time (
    bucket INTEGER, cost_account INTEGER,
    allocated_ms INTEGER NOT NULL, idle_ms INTEGER NOT NULL, energy_mj INTEGER NOT NULL,
    PRIMARY KEY (bucket, cost_account)) WITHOUT ROWID;
CREATE TABLE quarter_gpu_time (
    bucket INTEGER, cost_account INTEGER,
    allocated_ms INTEGER NOT NULL, idle_ms INTEGER NOT NULL, energy_mj INTEGER NOT NULL,
    PRIMARY KEY (bucket, cost_account)) WITHOUT ROWID;
CREATE TABLE day_gpu_time (
    bucket INTEGER, cost_account INTEGER,
    allocated_ms INTEGER NOT NULL, idle_ms INTEGER NOT NULL, energy_mj INTEGER NOT NULL,
    PRIMARY KEY (bucket, cost_account)) WITHOUT ROWID;

-- How far the truth may lie from what was posted, in millionths of the currency, rounded up; and windows of which tokens
-- may be missing.
CREATE TABLE minute_uncertainty (
    bucket INTEGER PRIMARY KEY, timing_micros INTEGER NOT NULL, hits_micros INTEGER NOT NULL, lost_windows INTEGER NOT NULL);
CREATE TABLE quarter_uncertainty (
    bucket INTEGER PRIMARY KEY, timing_micros INTEGER NOT NULL, hits_micros INTEGER NOT NULL, lost_windows INTEGER NOT NULL);
CREATE TABLE day_uncertainty (
    bucket INTEGER PRIMARY KEY, timing_micros INTEGER NOT NULL, hits_micros INTEGER NOT NULL, lost_windows INTEGER NOT NULL);

-- The local dates of the days.
CREATE TABLE days (bucket INTEGER PRIMARY KEY, date TEXT NOT NULL);

-- Up to when leases that pay for a number of GPUs, seen or not, are posted.
CREATE TABLE schedules (lease TEXT PRIMARY KEY, until INTEGER NOT NULL) WITHOUT ROWID;

-- Leases that were ended by hand.
CREATE TABLE lease_ends (id INTEGER PRIMARY KEY, node TEXT NOT NULL, at INTEGER NOT NULL, applied INTEGER NOT NULL DEFAULT 0);

-- Markers, and spans that were not watched, for which nothing was posted.
CREATE TABLE markers (at INTEGER NOT NULL, text TEXT NOT NULL);
CREATE INDEX markers_by_time ON markers (at);
CREATE TABLE unwatched (since INTEGER NOT NULL, until INTEGER NOT NULL);

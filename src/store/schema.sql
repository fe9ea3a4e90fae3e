-- The ledger's tables. Every amount is an integer: tokens, GPU-milliseconds, millijoules, and prices in the units that
-- the columns name. Instants are milliseconds since 1970-01-01T00:00Z. Nothing here is ever edited by hand: a correction
-- is a new entry.

-- What the ledger is: currency, zone, created, began, watched_from, last_wall, last_boot, boot.
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

-- Who earns: one model on one node in one role.
CREATE TABLE accounts (
    id INTEGER PRIMARY KEY, node TEXT NOT NULL, unit TEXT, model TEXT, role TEXT NOT NULL, tenant TEXT);

-- Who is owed: GPUs of one name at one rate on one node. `rate_micros` millionths of the currency for
-- `rate_hours` hours of one GPU; NULL where nobody named a rate. `kind` is gpus, rounding or overhead.
CREATE TABLE landlords (
    id INTEGER PRIMARY KEY, node TEXT, unit TEXT, gpu TEXT NOT NULL, kind TEXT NOT NULL,
    rate_micros INTEGER, rate_hours INTEGER, kwh_micros INTEGER, pue_thousandths INTEGER, lease TEXT);

-- Prices under which tokens were posted, in billionths of the currency a million tokens; shares in millionths.
CREATE TABLE tariffs (
    id INTEGER PRIMARY KEY, list TEXT NOT NULL, tier TEXT NOT NULL,
    hit_nanos INTEGER NOT NULL, miss_nanos INTEGER NOT NULL, output_nanos INTEGER NOT NULL,
    paid_ppm INTEGER, overhead_ppm INTEGER, book TEXT NOT NULL);

-- Revisions of the price book that postings were made under.
CREATE TABLE books (revision TEXT PRIMARY KEY, noted INTEGER NOT NULL, text TEXT NOT NULL) WITHOUT ROWID;

-- Tokens by minute (kept 8 days), quarter hour (400 days) and day of the ledger's zone (for ever), each kept as it goes.
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

-- Rent, likewise: GPU-milliseconds that are paid, the part of them that was idle, and metered energy.
CREATE TABLE minute_rents (
    bucket INTEGER, landlord INTEGER,
    held_ms INTEGER NOT NULL, idle_ms INTEGER NOT NULL, energy_mj INTEGER NOT NULL,
    PRIMARY KEY (bucket, landlord)) WITHOUT ROWID;
CREATE TABLE quarter_rents (
    bucket INTEGER, landlord INTEGER,
    held_ms INTEGER NOT NULL, idle_ms INTEGER NOT NULL, energy_mj INTEGER NOT NULL,
    PRIMARY KEY (bucket, landlord)) WITHOUT ROWID;
CREATE TABLE day_rents (
    bucket INTEGER, landlord INTEGER,
    held_ms INTEGER NOT NULL, idle_ms INTEGER NOT NULL, energy_mj INTEGER NOT NULL,
    PRIMARY KEY (bucket, landlord)) WITHOUT ROWID;

-- How far the truth may lie from what was posted, in millionths of the currency, rounded up; and windows of which tokens
-- may be missing.
CREATE TABLE minute_doubts (
    bucket INTEGER PRIMARY KEY, timing_micros INTEGER NOT NULL, hits_micros INTEGER NOT NULL, lost_windows INTEGER NOT NULL);
CREATE TABLE quarter_doubts (
    bucket INTEGER PRIMARY KEY, timing_micros INTEGER NOT NULL, hits_micros INTEGER NOT NULL, lost_windows INTEGER NOT NULL);
CREATE TABLE day_doubts (
    bucket INTEGER PRIMARY KEY, timing_micros INTEGER NOT NULL, hits_micros INTEGER NOT NULL, lost_windows INTEGER NOT NULL);

-- The local dates of the days.
CREATE TABLE days (bucket INTEGER PRIMARY KEY, date TEXT NOT NULL);

-- Up to when leases that pay for a number of GPUs, seen or not, are posted.
CREATE TABLE schedules (lease TEXT PRIMARY KEY, until INTEGER NOT NULL) WITHOUT ROWID;

-- Leases that were ended by hand.
CREATE TABLE lease_ends (id INTEGER PRIMARY KEY, node TEXT NOT NULL, at INTEGER NOT NULL, applied INTEGER NOT NULL DEFAULT 0);

-- Named moments, and spans that nobody watched and nothing was posted for.
CREATE TABLE markers (at INTEGER NOT NULL, text TEXT NOT NULL);
CREATE INDEX markers_by_time ON markers (at);
CREATE TABLE unwatched (since INTEGER NOT NULL, until INTEGER NOT NULL);

-- For people with sqlite3. These are floating point and rounded; `margintop report` is exact.
CREATE VIEW revenue_by_day AS
    SELECT d.date AS day, a.node, a.unit, a.model, a.role, a.tenant, t.list, t.tier,
           sum(k.miss + k.hit) AS prompt_tokens, sum(k.hit) AS cached_tokens, sum(k.output) AS output_tokens,
           round(sum((k.miss * 1e-15 * t.miss_nanos + k.hit * 1e-15 * t.hit_nanos + k.output * 1e-15 * t.output_nanos)
                     * coalesce(t.paid_ppm, 1000000) / 1e6), 6) AS revenue
    FROM day_tokens k
    JOIN days d USING (bucket) JOIN accounts a ON a.id = k.account LEFT JOIN tariffs t ON t.id = k.tariff
    GROUP BY k.bucket, k.account, k.tariff;

CREATE VIEW cost_by_day AS
    SELECT d.date AS day, l.node, l.unit, l.gpu, l.kind, l.lease,
           round(sum(r.held_ms) / 3.6e6, 6) AS gpu_hours,
           round(sum(r.held_ms * 1e-6 * l.rate_micros / l.rate_hours / 3.6e6
                     + r.energy_mj * 1e-18 * coalesce(l.kwh_micros, 0) * coalesce(l.pue_thousandths, 1000) / 3.6), 6) AS cost,
           round(sum(r.idle_ms * 1e-6 * l.rate_micros / l.rate_hours / 3.6e6), 6) AS idle_cost
    FROM day_rents r JOIN days d USING (bucket) JOIN landlords l ON l.id = r.landlord
    GROUP BY r.bucket, r.landlord;

-- The cost of a node's working minutes goes to its models by their tokens; what idled stands apart.
CREATE VIEW profit_by_model_by_day AS
    WITH earned AS (
             SELECT day, node, model, sum(prompt_tokens) AS prompt_tokens, sum(cached_tokens) AS cached_tokens,
                    sum(output_tokens) AS output_tokens, sum(revenue) AS revenue
             FROM revenue_by_day GROUP BY day, node, model),
         made AS (SELECT day, node, sum(prompt_tokens + output_tokens) AS tokens FROM earned GROUP BY day, node),
         owed AS (SELECT day, node, sum(cost - idle_cost) AS cost, sum(idle_cost) AS idle_cost FROM cost_by_day GROUP BY day, node),
         shared AS (
             SELECT e.*, o.cost * (e.prompt_tokens + e.output_tokens) / nullif(m.tokens, 0) AS cost
             FROM earned e JOIN made m USING (day, node) LEFT JOIN owed o USING (day, node))
    SELECT day, coalesce(model, '(unnamed)') AS model, sum(prompt_tokens) AS prompt_tokens,
           sum(cached_tokens) AS cached_tokens, sum(output_tokens) AS output_tokens,
           round(sum(revenue), 6) AS revenue, round(sum(cost), 6) AS cost, round(sum(revenue) - sum(cost), 6) AS profit
    FROM shared GROUP BY day, model
    UNION ALL
    SELECT day, '(idle)', 0, 0, 0, 0.0, round(sum(idle_cost), 6), round(-sum(idle_cost), 6) FROM owed GROUP BY day;

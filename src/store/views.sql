-- The stable contract for other programs: documented in docs/LEDGER.md. Each day's rows are rounded as `margintop report`
-- rounds them (rows add up to the total, which is rounded once), and agree with it to the last digit printed.

-- Revenue of each cell in millionths of the currency, as a whole number and a part of one, and the overhead on it.
CREATE VIEW day_token_amounts AS
    WITH listed AS (
             SELECT k.bucket, k.account, k.tariff, coalesce(t.paid_ppm, 1000000) AS paid,
                    coalesce(t.overhead_ppm, 0) AS overhead,
                    k.miss / 1000000 * t.miss_nanos / 1000 + k.miss % 1000000 * t.miss_nanos / 1000000000
                        + k.hit / 1000000 * t.hit_nanos / 1000 + k.hit % 1000000 * t.hit_nanos / 1000000000
                        + k.output / 1000000 * t.output_nanos / 1000
                        + k.output % 1000000 * t.output_nanos / 1000000000 AS whole,
                    (k.miss / 1000000 * t.miss_nanos % 1000 + k.hit / 1000000 * t.hit_nanos % 1000
                        + k.output / 1000000 * t.output_nanos % 1000) / 1e3
                        + (k.miss % 1000000 * t.miss_nanos % 1000000000 + k.hit % 1000000 * t.hit_nanos % 1000000000
                        + k.output % 1000000 * t.output_nanos % 1000000000) / 1e9 AS part
             FROM day_tokens k JOIN tariffs t ON t.id = k.tariff),
         paid AS (
             SELECT bucket, account, tariff, overhead, whole * paid / 1000000 AS whole,
                    whole * paid % 1000000 / 1e6 + part * paid / 1e6 AS part
             FROM listed)
    SELECT bucket, account, tariff, whole, part, whole * overhead / 1000000 AS overhead_whole,
           whole * overhead % 1000000 / 1e6 + part * overhead / 1e6 AS overhead_part
    FROM paid;

-- Cost of each cell likewise, and the part of it that idled; NULL without a rate. `name` is what `report --by lease` calls it.
CREATE VIEW day_gpu_time_amounts AS
    WITH priced AS (
             SELECT r.bucket, r.cost_account, r.allocated_ms, r.idle_ms, l.rate_micros AS rate,
                    3600000 * l.rate_hours AS hours, r.energy_mj AS energy,
                    coalesce(l.kwh_micros, 0) * coalesce(l.pue_thousandths, 1000) AS power,
                    l.rate_micros / l.rate_hours + (l.rate_micros % l.rate_hours * 2 > l.rate_hours
                        OR l.rate_micros % l.rate_hours * 2 = l.rate_hours AND l.rate_micros / l.rate_hours % 2) AS shown,
                    l.gpu, l.lease
             FROM day_gpu_time r JOIN cost_accounts l ON l.id = r.cost_account)
    SELECT bucket, cost_account,
           allocated_ms * rate / hours + energy / 1000000 * power / 3600000 AS whole,
           allocated_ms * rate % hours * 1.0 / hours + energy / 1000000 * power % 3600000 / 3.6e6
               + energy % 1000000 * power / 3.6e12 AS part,
           idle_ms * rate / hours AS idle_whole, idle_ms * rate % hours * 1.0 / hours AS idle_part,
           CASE WHEN rate IS NULL THEN NULL ELSE coalesce(lease, gpu || ' assumed ' || CASE
               WHEN shown % 10000 = 0 THEN printf('%d.%02d', shown / 1000000, shown % 1000000 / 10000)
               ELSE rtrim(printf('%d.%06d', shown / 1000000, shown % 1000000), '0') END) END AS name
    FROM priced;

-- `report --by tier` of a day, by account and tariff.
CREATE VIEW revenue_by_day AS
    WITH cells AS (
             SELECT k.bucket, k.account, k.tariff, k.miss, k.hit, k.output, a.costed, t.list, t.tier, m.whole, m.part,
                    round(sum(m.whole + m.part) OVER (PARTITION BY k.bucket, t.tier), 6) AS of_tier
             FROM day_tokens k JOIN revenue_accounts a ON a.id = k.account
             LEFT JOIN tariffs t ON t.id = k.tariff LEFT JOIN day_token_amounts m USING (bucket, account, tariff)),
         upto AS (
             SELECT *, sum(whole) OVER w AS sum_whole, sum(part) OVER w AS sum_part FROM cells
             WINDOW w AS (PARTITION BY bucket ORDER BY costed DESC, of_tier DESC, tier, account, tariff
                          ROWS UNBOUNDED PRECEDING)),
         floored AS (SELECT *, CAST(sum_part AS INTEGER) - (sum_part < CAST(sum_part AS INTEGER)) AS below FROM upto),
         rounded AS (
             SELECT *, sum_whole + below + CASE WHEN abs(sum_part - below - 0.5) < 1e-6 THEN (sum_whole + below) & 1
                                                ELSE sum_part - below > 0.5 END AS micros
             FROM floored),
         parted AS (
             SELECT *, micros - lag(micros, 1, 0) OVER
                        (PARTITION BY bucket ORDER BY costed DESC, of_tier DESC, tier, account, tariff) AS own
             FROM rounded WHERE whole IS NOT NULL
             UNION ALL SELECT *, NULL FROM rounded WHERE whole IS NULL)
    SELECT d.date AS day, a.node, a.unit, a.model, a.role, a.tenant, p.list, p.tier, p.miss + p.hit AS prompt_tokens,
           p.hit AS cached_tokens, p.output AS output_tokens, p.own / 1e6 AS revenue, p.costed
    FROM parted p JOIN days d USING (bucket) JOIN revenue_accounts a ON a.id = p.account;

-- `report --by lease` of a day, by cost account; overhead by share of revenue is a row of its own.
CREATE VIEW cost_by_day AS
    WITH cells AS (
             SELECT m.bucket, l.node, l.unit, l.gpu, l.kind, m.name AS lease, m.cost_account AS number,
                    CASE WHEN l.kind = 'gpus' THEN r.allocated_ms ELSE 0 END AS ms, m.whole, m.part,
                    CASE WHEN l.kind = 'gpus' THEN m.idle_whole ELSE 0 END AS idle_whole,
                    CASE WHEN l.kind = 'gpus' THEN m.idle_part ELSE 0.0 END AS idle_part,
                    CASE WHEN m.name IS NULL THEN 1 WHEN l.kind = 'overhead' THEN 2 ELSE 0 END AS rank
             FROM day_gpu_time_amounts m JOIN day_gpu_time r USING (bucket, cost_account)
             JOIN cost_accounts l ON l.id = m.cost_account
             UNION ALL
             SELECT m.bucket, NULL, NULL, '', 'overhead', 'of revenue', -1, 0, sum(m.overhead_whole), sum(m.overhead_part),
                    0, 0.0, 3
             FROM day_token_amounts m JOIN revenue_accounts a ON a.id = m.account JOIN tariffs t ON t.id = m.tariff
             WHERE a.costed AND t.overhead_ppm IS NOT NULL GROUP BY m.bucket),
         upto AS (
             SELECT *, sum(coalesce(whole, 0)) OVER w AS cost_whole, sum(coalesce(part, 0.0)) OVER w AS cost_part,
                    sum(coalesce(idle_whole, 0)) OVER w AS sum_idle_whole,
                    sum(coalesce(idle_part, 0.0)) OVER w AS sum_idle_part,
                    sum(ms / 18 * 5) OVER w AS hours_whole, sum(ms % 18 * 5 / 18.0) OVER w AS hours_part
             FROM cells
             WINDOW w AS (PARTITION BY bucket ORDER BY rank, lease, kind, number ROWS UNBOUNDED PRECEDING)),
         floored AS (
             SELECT *, CAST(cost_part AS INTEGER) - (cost_part < CAST(cost_part AS INTEGER)) AS cost_below,
                    CAST(sum_idle_part AS INTEGER) - (sum_idle_part < CAST(sum_idle_part AS INTEGER)) AS idle_below,
                    CAST(hours_part AS INTEGER) - (hours_part < CAST(hours_part AS INTEGER)) AS hours_below
             FROM upto),
         rounded AS (
             SELECT *,
                    cost_whole + cost_below
                        + CASE WHEN abs(cost_part - cost_below - 0.5) < 1e-6 THEN (cost_whole + cost_below) & 1
                               ELSE cost_part - cost_below > 0.5 END AS cost,
                    sum_idle_whole + idle_below
                        + CASE WHEN abs(sum_idle_part - idle_below - 0.5) < 1e-6 THEN (sum_idle_whole + idle_below) & 1
                               ELSE sum_idle_part - idle_below > 0.5 END AS idle,
                    hours_whole + hours_below
                        + CASE WHEN abs(hours_part - hours_below - 0.5) < 1e-6 THEN (hours_whole + hours_below) & 1
                               ELSE hours_part - hours_below > 0.5 END AS hours
             FROM floored),
         parted AS (
             SELECT *, cost - lag(cost, 1, 0) OVER w AS own_cost, idle - lag(idle, 1, 0) OVER w AS own_idle,
                    hours - lag(hours, 1, 0) OVER w AS own_hours
             FROM rounded WINDOW w AS (PARTITION BY bucket ORDER BY rank, lease, kind, number))
    SELECT d.date AS day, p.node, p.unit, p.gpu, p.kind, p.lease, p.own_hours / 1e6 AS gpu_hours,
           CASE WHEN p.rank <> 1 THEN p.own_cost / 1e6 END AS cost,
           CASE WHEN p.rank <> 1 THEN p.own_idle / 1e6 END AS idle_cost
    FROM parted p JOIN days d USING (bucket);

-- Of each day of the ledger: where the next one begins, from when on minutes are kept, and the grain in which all of the day is
-- kept as finely as any; NULL where that is another later in the day.
CREATE VIEW day_grains AS
    WITH now AS (
             SELECT max(at) AS at FROM (
                 SELECT CAST(value AS INTEGER) AS at FROM meta WHERE key = 'last_wall'
                 UNION ALL SELECT max(bucket) FROM minute_tokens UNION ALL SELECT max(bucket) FROM minute_gpu_time)),
         kept AS (
             SELECT (at - 691200000 + 899999) / 900000 * 900000 AS minutes_from,
                    coalesce((SELECT max(bucket) FROM days
                              WHERE bucket <= at - 34560000000 AND bucket + 90000000 > at - 34560000000),
                             (SELECT min(bucket) FROM days WHERE bucket > at - 34560000000),
                             9223372036854775807) AS quarters_from
             FROM now)
    SELECT bucket, ends, minutes_from,
           CASE WHEN bucket < quarters_from THEN 'day' WHEN ends <= minutes_from THEN 'quarter'
                WHEN bucket >= minutes_from THEN 'minute' END AS grain
    FROM (SELECT bucket, lead(bucket, 1, 9223372036854775807) OVER (ORDER BY bucket) AS ends FROM days), kept;

-- `report --by model` of a day: the cost of GPUs that worked goes to what was made on their node by its tokens, else in
-- their unit, else anywhere, else it is overhead, minute by minute or by what else is kept of it; what idled, overhead and
-- rounding stand apart. Days in `day_borne` are shared already.
CREATE VIEW profit_by_model_by_day AS
    WITH made AS (
             SELECT k.bucket, a.node, a.unit, a.costed, k.miss + k.hit AS prompt, k.hit, k.output,
                    k.miss + k.hit + k.output AS tokens,
                    CASE WHEN m.whole IS NULL THEN 2 ELSE 0 END AS rank,
                    CASE WHEN m.whole IS NULL THEN '(unpriced)' ELSE coalesce(a.model, '(no model)') END AS model,
                    m.whole, m.part, m.overhead_whole, m.overhead_part
             FROM day_tokens k JOIN revenue_accounts a ON a.id = k.account
             LEFT JOIN day_token_amounts m USING (bucket, account, tariff)),
         shared AS (
             SELECT g.bucket FROM day_grains g
             JOIN day_borne b ON b.bucket = g.bucket AND b.account = -1 AND b.tariff = -1 AND b.grain = g.grain),
         unshared AS (SELECT * FROM day_grains WHERE bucket NOT IN (SELECT bucket FROM shared)),
         fine_tokens AS (
             SELECT d.bucket AS day, k.* FROM unshared d
             CROSS JOIN minute_tokens k ON k.bucket >= max(d.bucket, d.minutes_from) AND k.bucket < d.ends
             WHERE coalesce(d.grain, 'minute') = 'minute'
             UNION ALL SELECT d.bucket, k.* FROM unshared d
             CROSS JOIN quarter_tokens k ON k.bucket >= d.bucket AND k.bucket < min(d.ends, d.minutes_from)
             WHERE coalesce(d.grain, 'quarter') = 'quarter'
             UNION ALL SELECT d.bucket, k.* FROM unshared d CROSS JOIN day_tokens k ON k.bucket = d.bucket WHERE d.grain = 'day'),
         fine_gpu_time AS (
             SELECT d.bucket AS day, k.* FROM unshared d
             CROSS JOIN minute_gpu_time k ON k.bucket >= max(d.bucket, d.minutes_from) AND k.bucket < d.ends
             WHERE coalesce(d.grain, 'minute') = 'minute'
             UNION ALL SELECT d.bucket, k.* FROM unshared d
             CROSS JOIN quarter_gpu_time k ON k.bucket >= d.bucket AND k.bucket < min(d.ends, d.minutes_from)
             WHERE coalesce(d.grain, 'quarter') = 'quarter'
             UNION ALL SELECT d.bucket, k.* FROM unshared d CROSS JOIN day_gpu_time k ON k.bucket = d.bucket
             WHERE d.grain = 'day'),
         worked AS (
             SELECT k.bucket, a.node, a.unit, CASE WHEN k.tariff < 0 THEN 2 ELSE 0 END AS rank,
                    CASE WHEN k.tariff < 0 THEN '(unpriced)' ELSE coalesce(a.model, '(no model)') END AS model,
                    sum(k.miss + k.hit + k.output) AS tokens
             FROM fine_tokens k JOIN revenue_accounts a ON a.id = k.account
             WHERE a.costed AND k.miss + k.hit + k.output > 0 GROUP BY 1, 2, 3, 4, 5),
         reach AS (
             SELECT bucket, 'node' AS pool, node AS place, rank, model, sum(tokens) AS tokens FROM worked
             GROUP BY bucket, node, rank, model
             UNION ALL SELECT bucket, 'unit', unit, rank, model, sum(tokens) FROM worked WHERE unit IS NOT NULL
             GROUP BY bucket, unit, rank, model
             UNION ALL SELECT bucket, 'all', '', rank, model, sum(tokens) FROM worked GROUP BY bucket, rank, model),
         shares AS (SELECT *, sum(tokens) OVER (PARTITION BY bucket, pool, place) AS of_all FROM reach),
         places AS (SELECT bucket, pool, place FROM reach GROUP BY bucket, pool, place),
         owed AS (
             SELECT m.bucket, l.kind, l.node, l.unit, m.whole, m.part, m.idle_whole, m.idle_part
             FROM day_gpu_time_amounts m JOIN cost_accounts l ON l.id = m.cost_account WHERE m.name IS NOT NULL),
         working AS (
             SELECT k.day, k.bucket, l.node, l.unit, k.allocated_ms - k.idle_ms AS ms, k.energy_mj AS energy, l.rate_micros AS rate,
                    3600000 * l.rate_hours AS hours, coalesce(l.kwh_micros, 0) * coalesce(l.pue_thousandths, 1000) AS power
             FROM fine_gpu_time k JOIN cost_accounts l ON l.id = k.cost_account
             WHERE l.kind = 'gpus' AND l.rate_micros IS NOT NULL
                 AND (k.allocated_ms <> k.idle_ms OR k.energy_mj <> 0 AND l.kwh_micros IS NOT NULL)),
         busy AS (
             SELECT o.day, o.bucket, coalesce(n.pool, u.pool, e.pool) AS pool, coalesce(n.place, u.place, e.place) AS place,
                    sum(ms * rate / hours + energy / 1000000 * power / 3600000) AS whole,
                    sum(ms * rate % hours * 1.0 / hours + energy / 1000000 * power % 3600000 / 3.6e6
                        + energy % 1000000 * power / 3.6e12) AS part
             FROM working o
             LEFT JOIN places n ON n.bucket = o.bucket AND n.pool = 'node' AND n.place = o.node
             LEFT JOIN places u ON u.bucket = o.bucket AND u.pool = 'unit' AND u.place = o.unit
             LEFT JOIN places e ON e.bucket = o.bucket AND e.pool = 'all'
             GROUP BY o.bucket, coalesce(n.pool, u.pool, e.pool), coalesce(n.place, u.place, e.place)),
         borne AS (
             SELECT b.day AS bucket, coalesce(s.rank, 3) AS rank, coalesce(s.model, '(overhead)') AS model,
                    CASE WHEN s.tokens IS NULL OR s.tokens = s.of_all THEN b.whole ELSE 0 END AS whole,
                    CASE WHEN s.tokens IS NULL OR s.tokens = s.of_all THEN b.part
                         ELSE (b.whole + b.part) * s.tokens / s.of_all END AS part
             FROM busy b LEFT JOIN shares s USING (bucket, pool, place)
             UNION ALL
             SELECT b.bucket, CASE WHEN b.account < 0 THEN 3 WHEN b.tariff < 0 THEN 2 ELSE 0 END,
                    CASE WHEN b.account < 0 THEN '(overhead)' WHEN b.tariff < 0 THEN '(unpriced)'
                         ELSE coalesce(a.model, '(no model)') END, b.whole, b.part
             FROM shared d JOIN day_borne b ON b.bucket = d.bucket LEFT JOIN revenue_accounts a ON a.id = b.account),
         lines AS (
             SELECT bucket, rank, model, prompt, hit, output, CASE WHEN costed THEN whole ELSE 0 END AS covered,
                    CASE WHEN costed THEN part ELSE 0.0 END AS covered_part,
                    CASE WHEN costed THEN 0 ELSE whole END AS uncosted,
                    CASE WHEN costed THEN 0.0 ELSE part END AS uncosted_part,
                    0 AS cost, 0.0 AS cost_part, costed OR whole IS NULL AS has_cost
             FROM made
             UNION ALL
             SELECT bucket, 3, '(overhead)', 0, 0, 0, 0, 0.0, 0, 0.0, overhead_whole, overhead_part, 1
             FROM made WHERE costed AND overhead_whole IS NOT NULL
             UNION ALL
             SELECT bucket, CASE kind WHEN 'overhead' THEN 3 ELSE 4 END,
                    CASE kind WHEN 'overhead' THEN '(overhead)' ELSE '(rounding)' END, 0, 0, 0, 0, 0.0, 0, 0.0, whole, part, 1
             FROM owed WHERE kind <> 'gpus'
             UNION ALL
             SELECT bucket, 5, '(idle)', 0, 0, 0, 0, 0.0, 0, 0.0, idle_whole, idle_part, 1 FROM owed WHERE kind = 'gpus'
             UNION ALL
             SELECT bucket, rank, model, 0, 0, 0, 0, 0.0, 0, 0.0, sum(whole), sum(part), 1 FROM borne
             GROUP BY bucket, rank, model
             UNION ALL
             SELECT bucket, rank, model, 0, 0, 0, 0, 0.0, 0, 0.0, 0, 0.0, rank <> 1
             FROM (SELECT bucket FROM day_tokens UNION SELECT bucket FROM day_gpu_time)
             JOIN (SELECT 1 AS rank, '(uncosted)' AS model UNION ALL SELECT 2, '(unpriced)' UNION ALL SELECT 5, '(idle)')),
         summed AS (
             SELECT bucket, rank, model, sum(prompt) AS prompt, sum(hit) AS hit, sum(output) AS output,
                    sum(coalesce(covered, 0)) AS covered, sum(coalesce(covered_part, 0.0)) AS covered_part,
                    sum(coalesce(uncosted, 0)) AS uncosted, sum(coalesce(uncosted_part, 0.0)) AS uncosted_part,
                    sum(cost) AS cost, sum(cost_part) AS cost_part, max(has_cost) AS has_cost
             FROM lines GROUP BY bucket, rank, model
             HAVING rank <> 4 AND rank <> 3 OR sum(cost) <> 0 OR sum(cost_part) <> 0),
         ordered AS (
             SELECT *, row_number() OVER (PARTITION BY bucket ORDER BY rank,
                        round(covered + uncosted + covered_part + uncosted_part, 6) DESC, model) AS place
             FROM summed),
         upto AS (
             SELECT *, sum(covered) OVER w AS c, sum(covered_part) OVER w AS cp,
                    sum(covered) OVER a + sum(uncosted) OVER w AS u,
                    sum(covered_part) OVER a + sum(uncosted_part) OVER w AS up,
                    sum(covered) OVER a AS t, sum(covered_part) OVER a AS tp, sum(cost) OVER w AS o, sum(cost_part) OVER w AS op
             FROM ordered
             WINDOW a AS (PARTITION BY bucket), w AS (PARTITION BY bucket ORDER BY place ROWS UNBOUNDED PRECEDING)),
         floored AS (
             SELECT *, CAST(cp AS INTEGER) - (cp < CAST(cp AS INTEGER)) AS cb,
                    CAST(up AS INTEGER) - (up < CAST(up AS INTEGER)) AS ub,
                    CAST(tp AS INTEGER) - (tp < CAST(tp AS INTEGER)) AS tb,
                    CAST(op AS INTEGER) - (op < CAST(op AS INTEGER)) AS ob
             FROM upto),
         rounded AS (
             SELECT *, c + cb + CASE WHEN abs(cp - cb - 0.5) < 1e-6 THEN (c + cb) & 1 ELSE cp - cb > 0.5 END AS cr,
                    u + ub + CASE WHEN abs(up - ub - 0.5) < 1e-6 THEN (u + ub) & 1 ELSE up - ub > 0.5 END AS ur,
                    t + tb + CASE WHEN abs(tp - tb - 0.5) < 1e-6 THEN (t + tb) & 1 ELSE tp - tb > 0.5 END AS tr,
                    o + ob + CASE WHEN abs(op - ob - 0.5) < 1e-6 THEN (o + ob) & 1 ELSE op - ob > 0.5 END AS orr
             FROM floored),
         parted AS (
             SELECT *, cr - lag(cr, 1, 0) OVER w AS covered_own, ur - lag(ur, 1, tr) OVER w AS uncosted_own,
                    orr - lag(orr, 1, 0) OVER w AS cost_own
             FROM rounded WINDOW w AS (PARTITION BY bucket ORDER BY place)),
         known AS (
             SELECT p.*, d.date, has_cost AND EXISTS (SELECT 1 FROM cost_accounts WHERE rate_micros IS NOT NULL) AS costs,
                    EXISTS (SELECT 1 FROM day_tokens k WHERE k.bucket = p.bucket AND k.tariff >= 0)
                        OR NOT EXISTS (SELECT 1 FROM day_tokens k WHERE k.bucket = p.bucket) AS earns
             FROM parted p JOIN days d USING (bucket))
    SELECT date AS day, model, prompt AS prompt_tokens, hit AS cached_tokens, output AS output_tokens,
           CASE WHEN earns AND rank <> 2 THEN (covered_own + uncosted_own) / 1e6 END AS revenue,
           CASE WHEN costs THEN cost_own / 1e6 END AS cost,
           CASE WHEN earns AND costs THEN (CASE WHEN rank = 2 THEN 0 ELSE covered_own END - cost_own) / 1e6 END AS profit,
           CASE WHEN earns THEN uncosted_own / 1e6 ELSE 0.0 END AS uncosted_revenue
    FROM known;

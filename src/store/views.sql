-- For people with sqlite3. These are floating point and rounded; `margintop report` is exact.
CREATE VIEW revenue_by_day AS
    SELECT d.date AS day, a.node, a.unit, a.model, a.role, a.tenant, t.list, t.tier,
           sum(k.miss + k.hit) AS prompt_tokens, sum(k.hit) AS cached_tokens, sum(k.output) AS output_tokens,
           round(sum((k.miss * 1e-15 * t.miss_nanos + k.hit * 1e-15 * t.hit_nanos + k.output * 1e-15 * t.output_nanos)
                     * coalesce(t.paid_ppm, 1000000) / 1e6), 6) AS revenue
    FROM day_tokens k
    JOIN days d USING (bucket) JOIN revenue_accounts a ON a.id = k.account LEFT JOIN tariffs t ON t.id = k.tariff
    GROUP BY k.bucket, k.account, k.tariff;

CREATE VIEW cost_by_day AS
    SELECT d.date AS day, l.node, l.unit, l.gpu, l.kind, l.lease,
           round(sum(r.allocated_ms) / 3.6e6, 6) AS gpu_hours,
           round(sum(r.allocated_ms * 1e-6 * l.rate_micros / l.rate_hours / 3.6e6
                     + r.energy_mj * 1e-18 * coalesce(l.kwh_micros, 0) * coalesce(l.pue_thousandths, 1000) / 3.6), 6) AS cost,
           round(sum(r.idle_ms * 1e-6 * l.rate_micros / l.rate_hours / 3.6e6), 6) AS idle_cost
    FROM day_gpu_time r JOIN days d USING (bucket) JOIN cost_accounts l ON l.id = r.cost_account
    GROUP BY r.bucket, r.cost_account;

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

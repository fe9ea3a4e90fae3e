//! The snapshot, also what its JSON leaves out.

use crate::columns::{ColumnReader, ColumnWriter, Columnar, HourlyAmounts, PostedAmounts, fields, variants};
use crate::pricing::Bill;
use crate::snapshot::{
    Alert, Coverage, EngineRow, GpuRow, GpuTotals, LeakageView, LedgerBasis, ListBasis, ModelMoney, ModelRow,
    MoneyView, NodeRow, NonModelProfit, Notice, PriceStep, Quantiles, RateBasis, RequestRates, Requests, Rule, SCHEMA,
    ScrapeRow, Severity, SloStatus, Snapshot, TokenTotals, UnitRow, ValueAtList, VitalLine, Vitals, WorstRank,
    WriterStatus,
};

variants! {
    Bill { All, Finished }
    Severity { Info, Warning, Critical }
    Rule {
        GpuLost, NodeSilent, EngineSilent, KvNearFull, SharedAddress, PageRefused, SourceMissing, Loss, LedgerUnwritten,
        RateAssumed, RateUnknown, Disputed, EnergyUnknown, HostnameShared, ProbablySame, NamesUnknown, EngineStalled,
        Throttled, GpuError, SloMissed, HubSilent,
    }
}

fields! {
    Coverage { nodes_live, nodes_known, engines_live, engines_known }
    GpuTotals { count, utilization, memory_used_bytes, memory_total_bytes, power_watts, energy_joules, reporting }
    TokenTotals { prompt_total, cached_total, output_total, prompt_per_second, cached_per_second, output_per_second }
    Requests { running, waiting }
    NodeRow {
        name, unit, state, age_seconds, gpus, output_per_second, prompt_per_second, cache_hit_rate, revenue: PostedAmounts,
        cost: PostedAmounts, profit: PostedAmounts, revenue_per_hour: HourlyAmounts, cost_per_hour: HourlyAmounts, idle_per_hour: HourlyAmounts, profit_per_hour: HourlyAmounts,
    }
    GpuRow {
        index, uuid, name, state, reason, cost_missing, also_reported_by, utilization, heat, memory_used_bytes,
        memory_total_bytes, power_watts, power_limit_watts, energy_joules, temperature_celsius, sm_clock_mhz,
        memory_clock_mhz, fan, ecc, throttle, mig, activity, pcie, xid, processes,
    }
    Quantiles { p50, p99, is_beyond }
    RequestRates { ended, stopped, length, aborted, failed, preempted }
    ScrapeRow { seconds, bytes, restarts, failures, refusals, state, error }
    EngineRow {
        target, node, unit, kind, model, role, role_inferred, instance, rank, in_engine_row, has_live_counters, state,
        age_seconds, prompt_total, cached_total, output_total, prompt_per_second, output_per_second, cache_hit_rate, running,
        waiting, kv_usage, ttft_seconds, itl_seconds, e2e_seconds, within_slo, rank_wait_share, expert_balancedness,
        preemptions, requests_per_minute, spec_acceptance, revenue: PostedAmounts, scrape, processes, note,
    }
    ModelRow {
        model, prompt_total, cached_total, output_total, cache_hit_rate, prompt_per_second, output_per_second, money,
    }
    UnitRow {
        unit, role, nodes, gpus, utilization, kv_usage, waiting, output_per_second, prompt_per_second, worst,
        revenue_per_hour, cost_per_hour,
    }
    WorstRank { rank, over_mean }
    Alert { rule, severity, subject, since, text }
    Notice { rule, severity, subject, text }
    SloStatus { ttft_p99_seconds, itl_p99_seconds, e2e_p99_seconds, within, goodput_per_second }
    VitalLine { points, change }
    Vitals { step, until, output, prompt_miss, prompt_hit, prompt, hit_rate, load }
    MoneyView {
        currency, since, revenue, cost, profit, revenue_per_hour, cost_per_hour, profit_per_hour, profit_beside_models,
        per_hour_preliminary, profit_on_cost, gross_margin, theoretical, unpriced_tokens, uncosted_revenue, uncosted_engines,
        lower_bound, upper_bound, on_trial, growth_uncertain, uncertainty, disputed, disputed_tokens, idle_cost,
        cost_per_million, cost_per_million_output, break_even_load, break_even_price, compare, priced_share, lost_windows,
        bill, leakage, rates, unrated_gpus, lists, ledger,
    }
    LedgerBasis { path, writer, write_error, first_run }
    LeakageView { prompt_tokens, output_tokens, amount, of_output }
    RateBasis { gpu, rate, assumed, dated, leases }
    ListBasis { model, list, tier, until, ended }
    NonModelProfit { name, profit_per_hour }
    ValueAtList { list, amount, per_hour }
    ModelMoney { revenue, revenue_per_hour, profit_per_hour, list, cost_per_hour, compare_per_hour, prices }
    PriceStep { from, list, tier, prices }
}

/// As the process that holds the ledger, which may be unknown: `(1, pid)`.
impl Columnar for WriterStatus {
    fn put_all(items: &[&Self], out: &mut ColumnWriter) {
        let of = |item: &&Self| match **item {
            Self::Ours => (0_u8, None),
            Self::Other(pid) => (1, pid),
            Self::Memory => (2, None),
        };
        let all: Vec<(u8, Option<u32>)> = items.iter().map(of).collect();
        let all: Vec<&(u8, Option<u32>)> = all.iter().collect();
        Columnar::put_all(&all, out);
    }

    fn take_all(count: usize, input: &mut ColumnReader<'_>) -> Option<Vec<Self>> {
        let all: Vec<(u8, Option<u32>)> = Columnar::take_all(count, input)?;
        let of = |(kind, pid)| match kind {
            0 => Some(Self::Ours),
            1 => Some(Self::Other(pid)),
            2 => Some(Self::Memory),
            _ => None,
        };
        all.into_iter().map(of).collect()
    }
}

/// One at a time: a frame has one.
impl Columnar for Snapshot {
    fn put_all(items: &[&Self], out: &mut ColumnWriter) {
        for item in items {
            // One that is not listed does not compile.
            let Self {
                schema: _,
                at,
                window_seconds,
                resuming,
                coverage,
                gpus,
                tokens,
                cache_hit_rate,
                requests,
                money,
                nodes,
                engines,
                samples,
                models,
                units,
                slo,
                alerts,
                source_errors,
                notices,
                absence,
                vitals,
            } = item;
            at.put(out);
            window_seconds.put(out);
            resuming.put(out);
            coverage.put(out);
            gpus.put(out);
            tokens.put(out);
            cache_hit_rate.put(out);
            requests.put(out);
            money.put(out);
            nodes.put(out);
            engines.put(out);
            samples.put(out);
            models.put(out);
            units.put(out);
            slo.put(out);
            alerts.put(out);
            source_errors.put(out);
            notices.put(out);
            absence.put(out);
            vitals.put(out);
        }
    }

    fn take_all(count: usize, input: &mut ColumnReader<'_>) -> Option<Vec<Self>> {
        let one = |_| {
            Some(Self {
                schema: SCHEMA,
                at: Columnar::take(input)?,
                window_seconds: Columnar::take(input)?,
                resuming: Columnar::take(input)?,
                coverage: Columnar::take(input)?,
                gpus: Columnar::take(input)?,
                tokens: Columnar::take(input)?,
                cache_hit_rate: Columnar::take(input)?,
                requests: Columnar::take(input)?,
                money: Columnar::take(input)?,
                nodes: Columnar::take(input)?,
                engines: Columnar::take(input)?,
                samples: Columnar::take(input)?,
                models: Columnar::take(input)?,
                units: Columnar::take(input)?,
                slo: Columnar::take(input)?,
                alerts: Columnar::take(input)?,
                source_errors: Columnar::take(input)?,
                notices: Columnar::take(input)?,
                absence: Columnar::take(input)?,
                vitals: Columnar::take(input)?,
            })
        };
        (0..count).map(one).collect()
    }
}

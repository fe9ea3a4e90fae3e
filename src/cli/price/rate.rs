//! The price of a GPU-hour: as given in the call, by the user's leases, or an assumed rate with its date.

use super::args::PriceArgs;
use crate::calculator::Rate;
use crate::cli::Failure;
use crate::cli::currency::missing_rate;
use crate::config::Settings;
use crate::pricing::{Commitment, GpuRate, Lease, Leased, Provenance, words_match};
use crate::reading::Label;
use crate::units::{HourlyRate, Timestamp};

/// The GPU whose assumed rate is used if none is named.
const USUAL_GPU: &str = "H100";

/// The rate of a GPU at an instant, in the currency of the settings' book. `None` where no rate is known.
pub(super) fn rate(
    settings: &Settings,
    args: &PriceArgs,
    gpu: Option<&str>,
    at: Timestamp,
) -> Result<Option<Rate>, Failure> {
    let commitment = args.commitment.map_or(Commitment::OnDemand, Into::into);
    let by_user = |per_gpu_hour, gpu: Option<&str>, lease: Option<String>| Rate {
        per_gpu_hour,
        gpu: gpu.map(Label::new),
        lease: lease.as_deref().map(Label::new),
        assumed: None,
        commitment,
        provenance: Provenance::Configured,
    };
    if let Some(text) = &args.gpu_rate {
        return said(settings, text, at).map(|rate| Some(by_user(rate, None, None)));
    }
    let is_asked = args.gpu_hours.is_some() || args.from.is_some() || args.gpu.is_some() || args.commitment.is_some();
    if args.commitment.is_none()
        && let Some((rate, lease)) = leased(settings, gpu, at, is_asked)?
    {
        return Ok(Some(by_user(rate, gpu, Some(lease))));
    }
    let (card, name) = (settings.book.gpu_rates(), gpu.unwrap_or(USUAL_GPU));
    if let Some(known) = card.rate_at(name, commitment, at) {
        return Ok(Some(Rate {
            per_gpu_hour: known.rate,
            gpu: Some(Label::new(&known.gpu)),
            lease: None,
            assumed: Some(Label::new(&known.dated)),
            commitment,
            provenance: known.provenance,
        }));
    }
    match card.in_own_currency(name, commitment, at) {
        Some(foreign) if is_asked => Err(inconvertible(settings, foreign, at)),
        None if args.commitment.is_some() => {
            Err(Failure::Usage(format!("no rate of {name} is known for {commitment}: write --gpu-rate")))
        }
        None if gpu.is_some() && is_asked => {
            Err(Failure::Usage(format!("--gpu \"{name}\": no rate is known for it: write --gpu-rate")))
        }
        _ => Ok(None),
    }
}

/// A rate given in the call: `2`, or `2USD` if the answer is in another currency.
fn said(settings: &Settings, text: &str, at: Timestamp) -> Result<HourlyRate, Failure> {
    let (ours, ledger) = (settings.book.currency(), settings.currency.as_str());
    let amount = text.trim_end_matches(|c: char| c.is_ascii_uppercase());
    let currency = &text[amount.len()..];
    let rate: HourlyRate =
        amount.trim().parse().map_err(|error| Failure::Usage(format!("--gpu-rate \"{text}\": {error}")))?;
    match currency {
        "" if ours != ledger => Err(Failure::Usage(format!(
            "--gpu-rate \"{text}\": the list is in {ours} and the ledger in {ledger}: write {amount}{ours} or {amount}{ledger}"
        ))),
        "" => Ok(rate),
        named => converted(settings, named, rate, at),
    }
}

/// The rate of the lease that is for this GPU with its name, or of all leases if no GPU is named and they agree. If they do
/// not, which one is meant must be written where the rate `is_asked` for.
fn leased(
    settings: &Settings,
    gpu: Option<&str>,
    at: Timestamp,
    is_asked: bool,
) -> Result<Option<(HourlyRate, String)>, Failure> {
    let is_for = |leased: &Leased| match (leased, gpu) {
        (_, None) => true,
        (Leased::Gpu(words), Some(gpu)) => words_match(gpu, words),
        _ => false,
    };
    let leases: Vec<_> = settings.leases.iter().filter(|lease| lease.runs_at(at) && is_for(&lease.leased)).collect();
    // A node's rate does not give that of a GPU while the number of GPUs is unknown.
    let Some(first) = leases.iter().find(|lease| lease.node_rate.is_none()) else { return Ok(None) };
    let is_other = |lease: &&Lease| lease.node_rate.is_some() || lease.rate != first.rate;
    if gpu.is_none() && leases.iter().any(is_other) {
        if !is_asked {
            return Ok(None);
        }
        let named: Vec<_> = leases.iter().map(|lease| format!("\"{}\"", lease.label())).collect();
        return Err(Failure::Usage(format!(
            "your leases have several rates ({}): name the GPU with --gpu, or write its rate with --gpu-rate",
            named.join(", ")
        )));
    }
    Ok(Some((converted(settings, &settings.currency, first.rate, at)?, first.label())))
}

fn converted(settings: &Settings, currency: &str, rate: HourlyRate, at: Timestamp) -> Result<HourlyRate, Failure> {
    let ours = settings.book.currency();
    if currency == ours {
        return Ok(rate);
    }
    let conversion = settings.exchange.conversion(currency, ours, at);
    conversion.and_then(|conversion| conversion.rate(rate)).ok_or_else(|| {
        Failure::Usage(format!(
            "a GPU costs {rate} {currency} an hour and the answer is in {ours}: {}",
            missing_rate(currency, ours, at, &settings.zone)
        ))
    })
}

fn inconvertible(settings: &Settings, rate: &GpuRate, at: Timestamp) -> Failure {
    let (theirs, ours) = (&rate.currency, settings.book.currency());
    let (gpu, dated, per_hour) = (&rate.gpu, &rate.dated, rate.rate);
    Failure::Usage(format!(
        "the rate of {gpu} is {per_hour} {theirs} an hour ({}, {dated}) and the answer is in {ours}: write --gpu-rate in \
         {ours}, or {}",
        rate.provenance,
        missing_rate(theirs, ours, at, &settings.zone)
    ))
}

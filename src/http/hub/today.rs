//! Today's money by model, node, unit, role and tenant, out of the ledger: the fold that `report` and the money view use.

use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use tokio::sync::{oneshot, watch};

use crate::ledger::{Grain, Past};
use crate::snapshot::Snapshot;
use crate::statement::{By, Period, Statement};
use crate::store::Store;
use crate::units::Timestamp;

/// The time between two queries: shorter than the interval at which Prometheus scrapes by default.
const EVERY: Duration = Duration::from_secs(10);
/// The keys by which today is divided.
const KEYS: [By; 5] = [By::Model, By::Node, By::Unit, By::Role, By::Tenant];

/// Today's money.
#[derive(Debug)]
pub struct TodayMoney {
    /// Today by each key; rows add up to the same total.
    pub by: Vec<Statement>,
}

impl TodayMoney {
    /// The statements of a past of today.
    pub fn of(past: &Past, zone: &TimeZone) -> Self {
        Self { by: KEYS.into_iter().map(|by| Statement::of(past, by, zone)).collect() }
    }
}

/// Asks the ledger for today repeatedly, until the receiver of the answers is dropped. An unreadable ledger leaves the last answer.
pub async fn follow_today(
    store: Store,
    snapshots: watch::Receiver<Arc<Snapshot>>,
    zone: TimeZone,
    today: watch::Sender<Option<Arc<TodayMoney>>>,
) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while !today.is_closed() {
        ticks.tick().await;
        let at = snapshots.borrow().at;
        if let Some(money) = ask(&store, at, &zone).await {
            today.send_replace(Some(Arc::new(money)));
        }
    }
}

async fn ask(store: &Store, at: Timestamp, zone: &TimeZone) -> Option<TodayMoney> {
    let since = Period::of(By::Day, zone, at).begin;
    let (sender, answer) = oneshot::channel();
    let of_zone = zone.clone();
    let reply = move |past: Result<Past, _>| {
        // The fold runs on the ledger's thread, where the query ran.
        let _ = sender.send(past.ok().map(|past| TodayMoney::of(&past, &of_zone)));
    };
    store.borne_past(since, at.max(since), Grain::Quarter, Box::new(reply));
    answer.await.ok().flatten()
}

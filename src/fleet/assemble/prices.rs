//! The ledger's tables, and the price of a model in force.

use super::Fleet;
use crate::pricing::ModelPrice;
use crate::reading::{Label, ModelName};
use crate::statement::Tables;

/// What the numbers in postings refer to.
pub(super) fn tables(fleet: &Fleet) -> Tables<'_> {
    let ledger = &fleet.ledger;
    Tables { accounts: ledger.accounts(), cost_accounts: ledger.cost_accounts(), tariffs: ledger.tariffs() }
}

pub(super) fn is_priced(fleet: &Fleet, model: Option<&ModelName>, tenant: Option<&Label>) -> bool {
    price(fleet, model, tenant).is_some()
}

/// The price of a model's tokens for a tenant, if one is known now.
pub(super) fn price<'a>(fleet: &'a Fleet, model: Option<&ModelName>, tenant: Option<&Label>) -> Option<ModelPrice<'a>> {
    let price = fleet.ledger.book().price_for(model?.as_str(), tenant.map(Label::as_str));
    price.filter(|price| price.list_at(fleet.now().wall).is_some())
}

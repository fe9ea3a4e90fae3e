//! The parts of the screen, one a file. Each draws into the area that it is given and never beyond it.

mod basis;
mod facts;
mod figures;
mod footer;
mod header;
mod ledger;
mod profit;
mod prompt;
mod said;
mod tabs;
mod too_small;
mod vitals;

pub use basis::{basis, basis_rows};
pub(super) use facts::{NamedFigure, facts_in_pairs};
pub use figures::{figure_lines, figures};
#[cfg(test)]
pub(super) use footer::binding;
pub use footer::footer;
pub use header::header;
pub use ledger::{has_ledger_failure, ledger_failure};
pub(super) use profit::{ProfitPeriod, period, why_unknown};
pub use profit::{profit_brief, profit_brief_rows};
pub use prompt::prompt;
pub use said::said;
pub use tabs::tabs;
pub use too_small::too_small;
pub use vitals::vitals_brief;

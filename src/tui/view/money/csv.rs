//! The table of today as comma-separated values.

use crate::statement::{Statement, StatementRow};
use crate::units::Money;

const COLUMNS: &str = "key,prompt_tokens,cached_tokens,output_tokens,revenue,cost,profit,idle_cost,currency\n";

/// All rows and the total. In each row profit is revenue minus cost, except for revenue whose cost is unknown.
pub(in crate::tui) fn csv(statement: &Statement, currency: &str) -> String {
    let mut text = COLUMNS.to_owned();
    for row in statement.rows.iter().chain([&statement.total]) {
        text.push_str(&line(row, currency));
    }
    text
}

fn line(row: &StatementRow, currency: &str) -> String {
    let tokens = row.tokens.map_or([const { String::new() }; 3], |tokens| {
        [tokens.miss + tokens.hit, tokens.hit, tokens.output].map(|tokens| tokens.count().to_string())
    });
    let amounts = [row.revenue, row.cost, row.profit, row.idle_cost].map(amount);
    let cells: Vec<String> =
        std::iter::once(quoted(row.key.as_str())).chain(tokens).chain(amounts).chain([quoted(currency)]).collect();
    cells.join(",") + "\n"
}

fn amount(money: Option<Money>) -> String {
    money.map_or(String::new(), |money| money.to_string())
}

/// Quotes a cell. Names come from outside and spreadsheets run formulas, so a cell that could be one is prefixed with `'`.
fn quoted(text: &str) -> String {
    let text = if text.starts_with(['=', '+', '-', '@', '\t']) { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_cell_and_no_formula() {
        assert_eq!(quoted("deepseek-r1"), "deepseek-r1");
        assert_eq!(quoted("=1+1"), "'=1+1");
        assert_eq!(quoted("a,\"b\""), "\"a,\"\"b\"\"\"");
    }
}

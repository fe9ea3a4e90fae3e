//! A table from a file of another program, in comma-separated values or JSON: its columns by name, its lines by number.

use super::decimals::Decimals;
use super::json_rows;

/// A table: the names of its columns in small letters, and its lines with their numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UsageTable {
    columns: Vec<String>,
    separator: char,
    pub(super) lines: Vec<(usize, Vec<String>)>,
}

impl UsageTable {
    /// Reads a table; the separator is a comma, or a semicolon or tab if the first line has no comma.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if let Some(rows) = json_rows::read(text) {
            let (columns, rows) = rows?;
            return Ok(Self {
                columns: columns.iter().map(named).collect(),
                separator: ',',
                lines: (1..).zip(rows).collect(),
            });
        }
        let first = text.lines().next().unwrap_or_default();
        let separator = [',', ';', '\t'].into_iter().find(|separator| first.contains(*separator)).unwrap_or(',');
        let mut lines = split(text, separator)?.into_iter();
        let (_, head) = lines.next().ok_or("the file is empty: its first line names the columns")?;
        let columns: Vec<_> = head.iter().map(named).collect();
        let lines: Vec<_> = lines.filter(|(_, cells)| cells.iter().any(|cell| !cell.trim().is_empty())).collect();
        if let Some((number, cells)) = lines.iter().find(|(_, cells)| cells.len() != columns.len()) {
            let (has, wanted) = (cells.len(), columns.len());
            return Err(format!(
                "line {number} has {has} values and the first line {wanted} columns: quote values with separators"
            ));
        }
        Ok(Self { columns, separator, lines })
    }

    /// The first of these columns that exists.
    pub(super) fn column(&self, names: &[&str]) -> Option<usize> {
        names.iter().find_map(|name| self.columns.iter().position(|column| column == name))
    }

    /// How the numbers of these columns are written.
    pub(super) fn decimals(&self, columns: &[Option<usize>]) -> Result<Decimals, String> {
        let cells = self
            .lines
            .iter()
            .flat_map(|(number, cells)| columns.iter().flatten().map(move |column| (*number, cells[*column].as_str())));
        Decimals::of(cells, self.separator)
    }

    /// The names of the columns.
    pub(super) fn columns(&self) -> String {
        self.columns.join(", ")
    }
}

fn named(column: impl AsRef<str>) -> String {
    column.as_ref().trim().to_lowercase().replace([' ', '-'], "_")
}

/// Lines of cells, quoted as in RFC 4180, with the number of each line.
fn split(text: &str, separator: char) -> Result<Vec<(usize, Vec<String>)>, String> {
    let (mut lines, mut cells, mut cell) = (Vec::new(), Vec::new(), String::new());
    let (mut quoted, mut number, mut began) = (false, 1, 1);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        number += usize::from(c == '\n');
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' if quoted || cell.trim().is_empty() => quoted = !quoted,
            '\n' if !quoted => {
                cells.push(std::mem::take(&mut cell));
                lines.push((began, std::mem::take(&mut cells)));
                began = number;
            }
            '\r' if !quoted => {}
            c if c == separator && !quoted => cells.push(std::mem::take(&mut cell)),
            c => cell.push(c),
        }
    }
    if quoted {
        return Err(format!("a quote that begins in the record of line {began} has no end"));
    }
    if !cell.is_empty() || !cells.is_empty() {
        cells.push(cell);
        lines.push((began, cells));
    }
    Ok(lines)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_read_with_quotes_and_refused_with_their_line() {
        let table = UsageTable::read("\u{feff}Node,Hours,Amount\r\n\"a, \"\"b\"\"\",1,2\r\n\r\nc,3,4").unwrap();
        assert_eq!(table.columns(), "node, hours, amount");
        assert_eq!(table.lines[0], (2, vec!["a, \"b\"".to_owned(), "1".to_owned(), "2".to_owned()]));
        assert_eq!(table.lines[1].0, 4);
        assert!(UsageTable::read("a,b\n1").unwrap_err().contains("line 2"));
        assert!(UsageTable::read("a,b\n\"1,2").unwrap_err().contains("has no end"));
        assert_eq!(UsageTable::read("a;b\n1;2").unwrap().lines.len(), 1);
    }
}

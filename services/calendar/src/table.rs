//! Reads the rule tables: CSV with a header, every column known, every fault told with its line.

use std::collections::BTreeMap;
use std::str::FromStr;

/// Why a rule table (holidays, legal terms) was refused. Lines are those of the file, the header being line 1.
#[derive(Debug, thiserror::Error)]
pub enum ParseError {
    /// The header names a column that the table does not have.
    #[error("unknown column `{column}`; the table has {known}")]
    UnknownColumn {
        /// The name in the header.
        column: String,
        /// The columns of the table, separated by commas.
        known: String,
    },
    /// The header names a column twice.
    #[error("column `{column}` stands twice in the header")]
    RepeatedColumn {
        /// The name in the header.
        column: String,
    },
    /// The header lacks a column of the table.
    #[error("column `{column}` is missing from the header")]
    MissingColumn {
        /// The column that is missing.
        column: &'static str,
    },
    /// A cell that cannot be read, or that contradicts the others of its line.
    #[error("line {line}, column `{column}`: `{value}` is not {expected}")]
    BadValue {
        /// Line of the file.
        line: u64,
        /// The column.
        column: &'static str,
        /// What stands there; empty if nothing does.
        value: String,
        /// What should stand there.
        expected: &'static str,
    },
    /// Two lines have the same code.
    #[error("line {line}: the code `{code}` stands twice in the table")]
    RepeatedCode {
        /// Line of the second one.
        line: u64,
        /// The code.
        code: String,
    },
    /// The text is not CSV, or a line has more or fewer cells than the header.
    #[error("not well-formed CSV: {0}")]
    Csv(#[from] csv::Error),
}

/// One line of a table, its cells trimmed and found by the name of their column.
pub(crate) struct Row {
    line: u64,
    cells: BTreeMap<&'static str, String>,
}

/// Reads a whole table. The columns may stand in any order, but each must stand once and no other may. The first of
/// `columns` is the code, which every line must have and no two may share.
pub(crate) fn read(text: &str, columns: &'static [&'static str]) -> Result<Vec<Row>, ParseError> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let mut header: Vec<&'static str> = Vec::new();
    for name in reader.headers()? {
        let Some(known) = columns.iter().find(|known| **known == name) else {
            return Err(ParseError::UnknownColumn { column: name.to_owned(), known: columns.join(", ") });
        };
        if header.contains(known) {
            return Err(ParseError::RepeatedColumn { column: name.to_owned() });
        }
        header.push(known);
    }
    if let Some(&column) = columns.iter().find(|column| !header.contains(column)) {
        return Err(ParseError::MissingColumn { column });
    }

    let mut rows: Vec<Row> = Vec::new();
    for record in reader.records() {
        let record = record?;
        let line = record.position().map_or(0, csv::Position::line);
        let cells = header.iter().copied().zip(record.iter().map(str::to_owned)).collect();
        let row = Row { line, cells };
        if let Some(&code) = columns.first() {
            row.required(code)?;
            if rows.iter().any(|other| other.text(code) == row.text(code)) {
                return Err(ParseError::RepeatedCode { line, code: row.text(code).to_owned() });
            }
        }
        rows.push(row);
    }
    Ok(rows)
}

impl Row {
    /// What stands in the cell; empty if nothing does.
    pub(crate) fn text(&self, column: &'static str) -> &str {
        self.cells.get(column).map_or("", String::as_str)
    }

    /// A cell that must not be empty.
    pub(crate) fn required(&self, column: &'static str) -> Result<String, ParseError> {
        self.optional(column).ok_or_else(|| self.bad(column, "a text; it must not be empty"))
    }

    /// A cell that may be empty.
    pub(crate) fn optional(&self, column: &'static str) -> Option<String> {
        Some(self.text(column)).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    /// A cell that must hold a value.
    pub(crate) fn value<T: FromStr>(&self, column: &'static str, expected: &'static str) -> Result<T, ParseError> {
        self.text(column).parse().map_err(|_| self.bad(column, expected))
    }

    /// A cell that may hold a value.
    pub(crate) fn optional_value<T: FromStr>(&self, column: &'static str, expected: &'static str) -> Result<Option<T>, ParseError> {
        if self.text(column).is_empty() { Ok(None) } else { self.value(column, expected).map(Some) }
    }

    /// The fault of a cell of this line.
    pub(crate) fn bad(&self, column: &'static str, expected: &'static str) -> ParseError {
        ParseError::BadValue { line: self.line, column, value: self.text(column).to_owned(), expected }
    }
}

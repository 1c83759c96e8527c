//! The legal terms: how long the law gives for each kind of petition, step or remedy, and how sure we are of it.

use crate::deadline::Deadline;
use crate::table::{self, ParseError, Row};
use crate::week::WorkCalendar;
use std::str::FromStr;
use time::Date;

const COLUMNS: &[&str] = &[
    "code",
    "name",
    "definition",
    "term",
    "unit",
    "legal_basis",
    "family",
    "extension_rule",
    "max_total",
    "effects_and_notes",
    "confidence",
];

/// What a term is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unit {
    /// Working days of the town (`habil`).
    BusinessDays,
    /// Days of the calendar (`calendario`).
    CalendarDays,
    /// Months of the calendar (`mes`).
    Months,
    /// Hours of working days (`hora_habil`).
    BusinessHours,
    /// No amount: the request itself sets the date (`segun_oficio`).
    SetByRequest,
    /// No amount: at once (`inmediato`).
    Immediate,
}

impl Unit {
    /// Whether a term in this unit has an amount.
    pub fn has_amount(self) -> bool {
        !matches!(self, Self::SetByRequest | Self::Immediate)
    }
}

impl FromStr for Unit {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Ok(match text {
            "habil" => Self::BusinessDays,
            "calendario" => Self::CalendarDays,
            "mes" => Self::Months,
            "hora_habil" => Self::BusinessHours,
            "segun_oficio" => Self::SetByRequest,
            "inmediato" => Self::Immediate,
            _ => return Err(()),
        })
    }
}

/// What a term belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Family {
    /// A right-of-petition request (`peticion`).
    Petition,
    /// The rest of the PQRSD: complaint, claim, suggestion, report, praise (`pqrsd`).
    Pqrsd,
    /// A request by those who control the administration (`control`).
    Oversight,
    /// A step within a case (`actuacion`).
    Step,
    /// A claim of a person on their own data (`habeas_data`).
    HabeasData,
    /// A remedy against an act (`recurso`).
    Remedy,
    /// What silence means, and when (`silencio`).
    Silence,
    /// Public utilities (`servicios_publicos`).
    Utilities,
}

impl FromStr for Family {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Ok(match text {
            "peticion" => Self::Petition,
            "pqrsd" => Self::Pqrsd,
            "control" => Self::Oversight,
            "actuacion" => Self::Step,
            "habeas_data" => Self::HabeasData,
            "recurso" => Self::Remedy,
            "silencio" => Self::Silence,
            "servicios_publicos" => Self::Utilities,
            _ => return Err(()),
        })
    }
}

/// How sure we are of a fact, from surest to least sure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// Read in a source (`seen`).
    Seen,
    /// General knowledge, well known (`memory-high`).
    MemoryHigh,
    /// General knowledge that a person must review first (`memory-medium`).
    MemoryMedium,
    /// A guess (`memory-low`).
    MemoryLow,
}

impl Confidence {
    /// Whether it may be shown to citizens without a person's review.
    pub fn is_confirmed(self) -> bool {
        self <= Self::MemoryHigh
    }
}

impl FromStr for Confidence {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Ok(match text {
            "seen" => Self::Seen,
            "memory-high" => Self::MemoryHigh,
            "memory-medium" => Self::MemoryMedium,
            "memory-low" => Self::MemoryLow,
            _ => return Err(()),
        })
    }
}

/// How long the law gives for one kind of petition, step or remedy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegalTerm {
    /// The term's stable name for programs, such as `PET_GENERAL`.
    pub code: String,
    /// Its name in Spanish.
    pub name: String,
    /// What falls under it, in Spanish.
    pub definition: String,
    /// How many units; none where the unit has no amount.
    pub term: Option<u32>,
    /// What it is counted in.
    pub unit: Unit,
    /// The law that sets it.
    pub legal_basis: String,
    /// What it belongs to.
    pub family: Family,
    /// How it may be extended, in Spanish; none if it may not.
    pub extension_rule: Option<String>,
    /// The most units with every extension; none if the law sets no limit.
    pub max_total: Option<u32>,
    /// Effects and notes, in Spanish.
    pub notes: Option<String>,
    /// How sure we are of it.
    pub confidence: Confidence,
}

impl LegalTerm {
    fn parse(row: &Row) -> Result<Self, ParseError> {
        let unit: Unit = row.value("unit", "habil, calendario, mes, hora_habil, segun_oficio or inmediato")?;
        let term: Option<u32> = row.optional_value("term", "a whole number of units, or empty")?;
        if unit.has_amount() != term.is_some() {
            return Err(row.bad("term", "what its unit asks: segun_oficio and inmediato have no number, the others do"));
        }
        let max_total = row.optional_value("max_total", "a whole number of units, or empty")?;
        if max_total.is_some_and(|most| Some(most) < term || term.is_none()) {
            return Err(row.bad("max_total", "a number that is not below the term"));
        }
        Ok(Self {
            code: row.required("code")?,
            name: row.required("name")?,
            definition: row.required("definition")?,
            term,
            unit,
            legal_basis: row.required("legal_basis")?,
            family: row.value("family", "peticion, pqrsd, control, actuacion, habeas_data, recurso, silencio or servicios_publicos")?,
            extension_rule: row.optional("extension_rule"),
            max_total,
            notes: row.optional("effects_and_notes"),
            confidence: row.value("confidence", "seen, memory-high, memory-medium or memory-low")?,
        })
    }

    /// When the term ends, counted from the date of receipt. None if it has no amount (at once, set by the request) or
    /// runs in hours, which need the moment of receipt: [`Deadline::business_hours`].
    pub fn deadline(&self, received_on: Date, calendar: &WorkCalendar) -> Option<Deadline> {
        Deadline::counted_in(self.unit, self.term?, received_on, calendar)
    }

    /// The furthest date to which the term can be extended; none as in [`LegalTerm::deadline`], or without a limit.
    pub fn furthest_deadline(&self, received_on: Date, calendar: &WorkCalendar) -> Option<Deadline> {
        Deadline::counted_in(self.unit, self.max_total?, received_on, calendar)
    }
}

/// The country's table of legal terms.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LegalTerms {
    terms: Vec<LegalTerm>,
}

impl LegalTerms {
    /// Reads the table (`tenants/national/pqrsd_terms.csv`).
    ///
    /// # Errors
    /// An unknown, repeated or missing column, a cell that cannot be read or contradicts another, a code that stands
    /// twice: each told with its line.
    pub fn parse(csv: &str) -> Result<Self, ParseError> {
        Ok(Self { terms: table::read(csv, COLUMNS)?.iter().map(LegalTerm::parse).collect::<Result<_, _>>()? })
    }

    /// The term with a code.
    pub fn get(&self, code: &str) -> Option<&LegalTerm> {
        self.terms.iter().find(|term| term.code == code)
    }

    /// The terms, in the order of the table.
    pub fn iter(&self) -> std::slice::Iter<'_, LegalTerm> {
        self.terms.iter()
    }
}

impl<'a> IntoIterator for &'a LegalTerms {
    type Item = &'a LegalTerm;
    type IntoIter = std::slice::Iter<'a, LegalTerm>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

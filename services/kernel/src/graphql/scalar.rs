//! Dates and times as ISO 8601.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, OffsetDateTime};

const MILLIS: &[time::format_description::BorrowedFormatItem<'static>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
const DAY: &[time::format_description::BorrowedFormatItem<'static>] = format_description!("[year]-[month]-[day]");

/// An instant in UTC, ISO 8601 with milliseconds (HTML allows no more digits).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct DateTime(pub OffsetDateTime);

/// An instant in UTC, ISO 8601 with milliseconds (HTML allows no more digits).
#[Scalar]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => {
                OffsetDateTime::parse(text, &Rfc3339).map(Self).map_err(|_| InputValueError::custom("la fecha y hora no es ISO 8601"))
            }
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        let utc = self.0.to_offset(time::UtcOffset::UTC);
        Value::String(utc.format(MILLIS).unwrap_or_default())
    }
}

/// A calendar day, ISO 8601.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LocalDate(pub Date);

/// A calendar day, ISO 8601.
#[Scalar(name = "Date")]
impl ScalarType for LocalDate {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => Date::parse(text, DAY).map(Self).map_err(|_| InputValueError::custom("la fecha no es ISO 8601")),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.format(DAY).unwrap_or_default())
    }
}

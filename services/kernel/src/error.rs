//! Three kinds of error: what the user can mend, what is denied or absent, and what is broken.

use std::borrow::Cow;

/// The result of everything that a capability does.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A fault that the user can mend, in Colombian Spanish, beside the field it belongs to.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, async_graphql::SimpleObject)]
pub struct UserError {
    /// The input field, as a path from the input object; null when the whole input is meant.
    pub field: Option<Vec<String>>,
    /// A stable word for programs, in capitals.
    pub code: String,
    /// What is wrong and how to mend it, in Spanish.
    pub message: String,
}

impl UserError {
    /// A fault of one field.
    pub fn at(field: &str, code: &str, message: impl Into<String>) -> Self {
        Self { field: Some(field.split('.').map(str::to_owned).collect()), code: code.to_owned(), message: message.into() }
    }

    /// A fault of the whole input.
    pub fn whole(code: &str, message: impl Into<String>) -> Self {
        Self { field: None, code: code.to_owned(), message: message.into() }
    }
}

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The user can mend it; travels as data in the payload's `userErrors`.
    #[error("rejected: {0:?}")]
    Rejected(Vec<UserError>),
    /// A database constraint refused the row; the registry of constraints turns it into a rejection.
    #[error("constraint {0} refused the row")]
    Constraint(String),
    /// Nobody is signed in.
    #[error("sign-in needed")]
    Unauthenticated,
    /// The viewer's roles do not allow it.
    #[error("forbidden")]
    Forbidden,
    /// It does not exist for this tenant; another tenant's id is this, never `Forbidden`.
    #[error("not found")]
    NotFound,
    /// The request itself is malformed.
    #[error("bad request: {0}")]
    BadRequest(Cow<'static, str>),
    /// Too many in too short a time; the seconds after which to try again.
    #[error("throttled for {0} s")]
    Throttled(u64),
    /// A fault of ours: opaque to the user, logged once with the request id.
    #[error("broken: {0:#}")]
    Broken(anyhow::Error),
}

impl Error {
    /// The stable code in `extensions.code` (contract, section GraphQL).
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Forbidden => "FORBIDDEN",
            Self::NotFound => "NOT_FOUND",
            Self::Rejected(_) | Self::BadRequest(_) => "BAD_REQUEST",
            Self::Throttled(_) => "THROTTLED",
            Self::Constraint(_) | Self::Broken(_) => "INTERNAL",
        }
    }

    /// One rejected field.
    pub fn field(field: &str, code: &str, message: impl Into<String>) -> Self {
        Self::Rejected(vec![UserError::at(field, code, message)])
    }

    /// A rejection that belongs to no single field.
    pub fn whole(code: &str, message: impl Into<String>) -> Self {
        Self::Rejected(vec![UserError::whole(code, message)])
    }

    /// Wraps any fault of ours.
    pub fn broken(fault: impl Into<anyhow::Error>) -> Self {
        Self::Broken(fault.into())
    }

    /// A fault of ours told in words.
    pub fn fault(message: impl std::fmt::Display) -> Self {
        Self::Broken(anyhow::anyhow!("{message}"))
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::RowNotFound => Self::NotFound,
            sqlx::Error::Database(db) => match db.constraint() {
                Some(name) => Self::Constraint(name.to_owned()),
                // PostgreSQL's text cannot hold the character NUL: whoever sends it asks for something that cannot be.
                None if db.code().is_some_and(|code| code == "22021") => {
                    Self::BadRequest("El texto trae un carácter que no se puede usar.".into())
                }
                None => Self::broken(error),
            },
            _ => Self::broken(error),
        }
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Self::broken(error)
    }
}

/// Collects the faults of a form, so that all are told at once.
#[derive(Debug, Default)]
pub struct Faults(Vec<UserError>);

impl Faults {
    /// Notes a fault of `field` unless `holds`.
    pub fn require(&mut self, holds: bool, field: &str, code: &str, message: impl Into<String>) {
        if !holds {
            self.0.push(UserError::at(field, code, message));
        }
    }

    /// A text of at most `limit` letters without blanks around it; none when nothing is left.
    pub fn text(&mut self, field: &str, typed: &str, limit: usize) -> Option<String> {
        let typed = typed.trim();
        self.require(typed.chars().count() <= limit, field, "LENGTH", format!("Tiene más de {limit} letras; acórtelo"));
        self.require(!typed.contains('\0'), field, "FORM", "Trae un carácter que no se puede guardar");
        (!typed.is_empty()).then(|| typed.to_owned())
    }

    /// The same of a text that must be there; `missing` tells what to write.
    pub fn needed(&mut self, field: &str, typed: &str, limit: usize, missing: &str) -> String {
        let text = self.text(field, typed, limit);
        self.require(text.is_some(), field, "REQUIRED", missing);
        text.unwrap_or_default()
    }

    /// `Ok` when nothing was noted, else a rejection with everything that was.
    pub fn into_result(self) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::Rejected(self.0)) }
    }
}

//! Mails and what becomes of them.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

/// The most bytes of one mail.
pub const MAX_MAIL_BYTES: usize = 40 * 1024 * 1024;

/// What the server that hands a mail over says of it, beside what stands in it.
#[derive(Debug, Clone, Default)]
pub struct Envelope {
    /// The return path; empty where the mail wants no answer, none where the server does not tell.
    pub sender: Option<String>,
    /// Whom it is for; empty where the server does not tell.
    pub recipients: Vec<String>,
}

/// What became of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    /// It is a word of this ticket, or opened it.
    Ticket(i64),
    /// It says that a mail of ours about this ticket did not arrive.
    Bounce(i64),
    /// It waits for somebody of the help centre.
    Waiting,
    /// It is kept as one that no person wrote, and nobody answers it.
    Automatic,
    /// It was there already.
    Duplicate,
    /// It is no mail.
    Unreadable,
}

/// What has become of an incoming mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, async_graphql::Enum, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum IncomingMailState {
    /// Somebody has to say which municipality it is of.
    Waiting,
    /// No person wrote it, or too many came: kept, and not answered.
    Automatic,
    /// It is a word of a ticket.
    Ticket,
    /// It said that a mail of ours did not arrive.
    Bounce,
    /// Somebody looked at it and left it.
    Discarded,
}

/// Why a mail is in nobody's ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, async_graphql::Enum, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum IncomingMailReason {
    /// No account has its address.
    UnknownSender,
    /// The account of its address is of several municipalities.
    SeveralMunicipalities,
    /// It was written to a municipality's address by somebody who is not of it.
    NotOfThatMunicipality,
    /// It answers a ticket, and its address is not one that the municipality knows.
    StrangerInThread,
    /// It says that a program answered by itself.
    AutoSubmitted,
    /// It was sent to many.
    Bulk,
    /// It wants no automatic answers, as automatic mails do.
    SuppressesAnswers,
    /// It wants no answer at all.
    EmptyReturnPath,
    /// It comes from a mail server, not from a person.
    MailServer,
    /// It is one of our own.
    OwnMail,
    /// Too many came from its address within an hour.
    SenderRate,
    /// Too many came to its ticket within an hour.
    ThreadRate,
    /// It says that a mail did not arrive, and that mail is none of ours.
    LostBounce,
}

/// A mail as it is kept at the help centre.
#[derive(Debug, Clone)]
pub(crate) struct IncomingRow {
    pub(crate) id: Uuid,
    pub(crate) reference: String,
    pub(crate) received_at: OffsetDateTime,
    pub(crate) sender: String,
    pub(crate) subject: String,
    pub(crate) body: Option<String>,
    pub(crate) whole: Option<String>,
    pub(crate) left_out: Vec<String>,
    pub(crate) state: IncomingMailState,
    pub(crate) reason: Option<IncomingMailReason>,
    pub(crate) ticket_number: Option<i64>,
    pub(crate) candidates: Vec<Uuid>,
    pub(crate) decided_by_name: Option<String>,
}

/// A mail of a ticket: a word that came by mail, or one of ours.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TicketMailRow {
    pub(crate) id: Uuid,
    pub(crate) message_id: Option<Uuid>,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) at: OffsetDateTime,
    pub(crate) ours: bool,
    pub(crate) reference: String,
    pub(crate) address: String,
    pub(crate) stranger: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) whole: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) left_out: Vec<String>,
}

/// A mail of ours about a ticket came back.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BounceRow {
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) at: OffsetDateTime,
    pub(crate) address: String,
    pub(crate) detail: String,
}

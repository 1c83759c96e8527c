//! Accounts, resets and their proofs.

use kernel::Role;
use time::OffsetDateTime;
use uuid::Uuid;

/// A person who may sign in.
#[derive(Debug, Clone)]
pub(crate) struct AccountRow {
    pub(crate) id: Uuid,
    pub(crate) email: String,
    pub(crate) name: String,
}

/// What sign-in compares with. It has no `Debug`, so that no log can hold a hash.
pub(crate) struct Known {
    pub(crate) account: AccountRow,
    pub(crate) roles: Vec<String>,
    pub(crate) password_hash: Option<String>,
}

/// A living session and whose it is.
pub(crate) struct SessionRow {
    pub(crate) account: AccountRow,
    pub(crate) roles: Vec<String>,
    pub(crate) last_seen: OffsetDateTime,
}

/// A role held by an account.
#[derive(Debug, Clone)]
pub(crate) struct MembershipRow {
    pub(crate) account_id: Uuid,
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) role: String,
    pub(crate) since: OffsetDateTime,
    pub(crate) until: Option<OffsetDateTime>,
    pub(crate) first_seen: Option<OffsetDateTime>,
    pub(crate) enrolled_as: Option<String>,
}

/// Somebody whom the municipality takes into its team.
#[derive(Debug, Clone)]
pub(crate) struct Enrolment {
    pub(crate) email: String,
    pub(crate) name: String,
    /// The role that they take; of the incoming team, once the handover is closed.
    pub(crate) role: Role,
    pub(crate) incoming: bool,
    pub(crate) post: Option<String>,
    pub(crate) idempotency_key: String,
}

/// A link on its way to somebody who was enrolled.
#[derive(Debug, Clone)]
pub(crate) struct InvitationRow {
    pub(crate) email: String,
    pub(crate) name: String,
    /// Whether the account has a password already: then it gets no link to set one.
    pub(crate) has_password: bool,
}

/// Somebody of the team, as the coordinator sees them.
#[derive(Debug, Clone)]
pub(crate) struct TeamRow {
    pub(crate) account: Uuid,
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) roles: Vec<String>,
    pub(crate) since: OffsetDateTime,
    pub(crate) has_password: bool,
    pub(crate) last_seen: Option<OffsetDateTime>,
}

/// How far a reset has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, async_graphql::Enum, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ResetState {
    /// Proofs are being gathered.
    Gathering,
    /// The proofs are there; a supervisor has to approve, for it is a coordinator's account.
    AwaitingApproval,
    /// The link has gone to the account's own e-mail.
    Ready,
    /// The link was used: there is a new password.
    Used,
    /// Time ran out before it was used.
    Expired,
}

/// By which way a person proves to be who they say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, async_graphql::Enum, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ProofKind {
    /// They read back a code that was sent to the institutional mailbox on file.
    MailboxCode,
    /// A coordinator of their municipality, signed in, confirms it.
    Coordinator,
    /// The agent called the number on file and spoke to them.
    CallbackCode,
    /// The agent read the act that appoints them.
    Act,
}

impl ProofKind {
    /// Every kind, in the order in which the desk shows them.
    pub(crate) const ALL: [Self; 4] = [Self::MailboxCode, Self::Coordinator, Self::CallbackCode, Self::Act];
}

/// How far a proof has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, async_graphql::Enum, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ProofState {
    /// Nothing was done about it; it may not be needed.
    Missing,
    /// A code is on its way and has not come back.
    Sent,
    /// The system or a second person verified it.
    Verified,
    /// The agent's word, with what they saw.
    Attested,
}

/// A proof of a reset.
#[derive(Debug, Clone)]
pub(crate) struct ProofRow {
    pub(crate) kind: ProofKind,
    pub(crate) state: ProofState,
    pub(crate) recorded_by: Option<Uuid>,
    pub(crate) recorded_by_name: Option<String>,
    pub(crate) evidence: Option<String>,
    pub(crate) at: OffsetDateTime,
    pub(crate) code_hash: Option<Vec<u8>>,
    pub(crate) code_expires_at: Option<OffsetDateTime>,
    pub(crate) tries: i32,
}

/// A verified reset of a lost password (glossary: reinicio de claves).
#[derive(Debug, Clone)]
pub(crate) struct ResetRow {
    pub(crate) id: Uuid,
    pub(crate) ticket_number: i64,
    pub(crate) account_id: Uuid,
    pub(crate) account_name: String,
    pub(crate) account_email: String,
    pub(crate) state: ResetState,
    pub(crate) needs_approval: bool,
    pub(crate) approved_by: Option<Uuid>,
    pub(crate) started_by: Uuid,
    pub(crate) started_by_name: String,
    pub(crate) created_at: OffsetDateTime,
    pub(crate) expires_at: OffsetDateTime,
}

/// A reset with its proofs.
#[derive(Debug, Clone)]
pub(crate) struct ResetCase {
    pub(crate) row: ResetRow,
    pub(crate) proofs: Vec<ProofRow>,
}

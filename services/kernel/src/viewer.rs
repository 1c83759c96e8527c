//! Who is looking, and what their roles in this tenant permit.

use uuid::Uuid;

/// What an account may be in a tenant (contract, `enum Role`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, async_graphql::Enum, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Keeps the plan and the site of a municipality, and confirms colleagues' resets.
    Coordinator,
    /// Publishes in the name of an organ.
    Editor,
    /// Answers cases and keeps trámite sheets.
    Official,
    /// Sees the desk, the site, the plan and the catalogue from inside; changes nothing, and reads nobody's case.
    Observer,
    /// Resolves tickets at the help centre.
    Agent,
    /// Leads the help centre; second pair of eyes for coordinators' resets.
    Supervisor,
    /// Administers institutional mailboxes.
    MailAdministrator,
    /// Compares municipalities for the agency.
    Analyst,
    /// Administers the agency's portal.
    Administrator,
}

impl Role {
    /// Every role, in the order of the contract.
    pub const ALL: [Self; 9] = [
        Self::Coordinator,
        Self::Editor,
        Self::Official,
        Self::Observer,
        Self::Agent,
        Self::Supervisor,
        Self::MailAdministrator,
        Self::Analyst,
        Self::Administrator,
    ];

    /// The word in the database and in packs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Coordinator => "coordinator",
            Self::Editor => "editor",
            Self::Official => "official",
            Self::Observer => "observer",
            Self::Agent => "agent",
            Self::Supervisor => "supervisor",
            Self::MailAdministrator => "mail_administrator",
            Self::Analyst => "analyst",
            Self::Administrator => "administrator",
        }
    }

    /// The role of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.word() == word)
    }

    /// What the role permits.
    pub fn permits(self, permission: Permission) -> bool {
        use Permission as P;
        match self {
            Self::Coordinator => matches!(
                permission,
                P::SeeAdministration
                    | P::PublishNews
                    | P::KeepPlan
                    | P::KeepCatalogue
                    | P::AnswerCases
                    | P::ConfirmReset
                    | P::AskForHelp
                    | P::KeepTeam
            ),
            Self::Editor => matches!(permission, P::SeeAdministration | P::PublishNews | P::AskForHelp),
            Self::Official => matches!(permission, P::SeeAdministration | P::AnswerCases | P::KeepCatalogue | P::AskForHelp),
            Self::Observer => matches!(permission, P::SeeAdministration),
            Self::Supervisor => matches!(permission, P::ResolveTickets | P::SuperviseSupport | P::PublishNews | P::SeeAdministration),
            Self::Agent | Self::MailAdministrator => matches!(permission, P::ResolveTickets),
            Self::Analyst => {
                matches!(permission, P::SeeAdministration | P::CompareMunicipalities | P::PublishNews | P::GuideMunicipalities)
            }
            Self::Administrator => matches!(
                permission,
                P::SeeAdministration | P::CompareMunicipalities | P::PublishNews | P::GuideMunicipalities | P::CloseMonth
            ),
        }
    }
}

/// Something that only some roles may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Permission {
    /// See the desk and the lists of the administration.
    SeeAdministration,
    /// Write, publish and withdraw news and pages.
    PublishNews,
    /// Record measurements and the state of criteria and activities.
    KeepPlan,
    /// Keep the sheets of trámites and services.
    KeepCatalogue,
    /// Read and answer what citizens filed.
    AnswerCases,
    /// Confirm that a colleague's reset is genuine.
    ConfirmReset,
    /// Open tickets at the help centre.
    AskForHelp,
    /// See who holds which role.
    KeepTeam,
    /// Work on the tickets of every municipality.
    ResolveTickets,
    /// Lead the help centre.
    SuperviseSupport,
    /// See the figures of every municipality before they are published.
    CompareMunicipalities,
    /// Close a month and publish its ranking.
    CloseMonth,
    /// Send circulars to municipalities, and grant the incentives.
    GuideMunicipalities,
}

impl Permission {
    /// Every permission with its word in the API's `Viewer.can`.
    pub const ALL: [(Self, &'static str); 13] = [
        (Self::SeeAdministration, "SEE_ADMINISTRATION"),
        (Self::PublishNews, "PUBLISH_NEWS"),
        (Self::KeepPlan, "KEEP_PLAN"),
        (Self::KeepCatalogue, "KEEP_CATALOGUE"),
        (Self::AnswerCases, "ANSWER_CASES"),
        (Self::ConfirmReset, "CONFIRM_RESET"),
        (Self::AskForHelp, "ASK_FOR_HELP"),
        (Self::KeepTeam, "KEEP_TEAM"),
        (Self::ResolveTickets, "RESOLVE_TICKETS"),
        (Self::SuperviseSupport, "SUPERVISE_SUPPORT"),
        (Self::CompareMunicipalities, "COMPARE_MUNICIPALITIES"),
        (Self::CloseMonth, "CLOSE_MONTH"),
        (Self::GuideMunicipalities, "GUIDE_MUNICIPALITIES"),
    ];
}

/// Who is looking: an account with its roles in the host's tenant, or nobody in particular.
#[derive(Debug, Clone, Default)]
pub struct Viewer {
    /// Present when somebody is signed in on this host.
    pub account: Option<SignedIn>,
}

/// A signed-in account.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The account.
    pub id: Uuid,
    /// The session's token hash, so that sign-out ends this session.
    pub session: Vec<u8>,
    /// The person's name.
    pub name: String,
    /// The person's e-mail, by which they sign in.
    pub email: String,
    /// Roles in the host's tenant.
    pub roles: Vec<Role>,
}

impl Viewer {
    /// Whether any role permits it.
    pub fn can(&self, permission: Permission) -> bool {
        self.account.as_ref().is_some_and(|account| account.roles.iter().any(|role| role.permits(permission)))
    }

    /// `Ok` when permitted; tells "sign in" apart from "not yours".
    pub fn require(&self, permission: Permission) -> crate::Result<&SignedIn> {
        let account = self.account.as_ref().ok_or(crate::Error::Unauthenticated)?;
        if self.can(permission) { Ok(account) } else { Err(crate::Error::Forbidden) }
    }

    /// The account's id.
    pub fn id(&self) -> Option<Uuid> {
        self.account.as_ref().map(|account| account.id)
    }
}

//! What makes a password good enough, which roles a host may give, and when a reset may go ahead.

use kernel::directory::Audience;
use kernel::error::Faults;
use kernel::search::plain;
use kernel::{Result, Role};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::model::{Enrolment, ProofRow, ProofState, ResetRow, ResetState};

/// A session ends this long after it was last used.
pub(crate) const SESSION: Duration = Duration::hours(12);
/// How long proofs may be gathered.
pub(crate) const GATHERING: Duration = Duration::hours(24);
/// How long the link of somebody who was enrolled holds.
pub(crate) const INVITATION: Duration = Duration::hours(72);
/// How long the link holds.
pub(crate) const LINK: Duration = Duration::minutes(30);
/// How long a code holds.
pub(crate) const CODE: Duration = Duration::minutes(15);
/// How often a code may be tried.
pub(crate) const TRIES: i32 = 5;

/// Long passwords that everybody tries first, without accents.
const COMMON: [&str; 10] = [
    "contrasena123",
    "contrasena1234",
    "contrasena2026",
    "123456789012",
    "1234567890123",
    "password1234",
    "password12345",
    "qwertyuiop12",
    "colombia2026",
    "bienvenido123",
];

/// An e-mail as accounts keep it.
pub(crate) fn email(typed: &str) -> String {
    typed.trim().to_lowercase()
}

/// Checks a new password: long enough, typed twice alike, not the account's own name or e-mail, not one that everybody uses.
pub(crate) fn password(password: &str, again: &str, name: &str, email: &str) -> Result<()> {
    let folded = plain(password);
    let own = [name, email, email.split('@').next().unwrap_or(email)].map(plain);
    let letters = password.chars().count();
    let mut faults = Faults::default();
    faults.require(letters >= 12, "password", "LENGTH", "La clave tiene al menos 12 letras o números; puede ser una frase");
    faults.require(letters <= 200, "password", "LENGTH", "La clave tiene más de 200 letras; acórtela");
    faults.require(
        !own.contains(&folded) && !COMMON.contains(&folded.as_str()) && password.chars().any(|letter| !password.starts_with(letter)),
        "password",
        "WEAK",
        "Esa clave se adivina fácilmente; escriba otra",
    );
    faults.require(password == again, "passwordAgain", "DIFFERENT", "Las dos claves no son iguales");
    faults.into_result()
}

/// Checks who is to be enrolled.
pub(crate) fn enrolment(draft: Enrolment, audience: Audience) -> Result<Enrolment> {
    let line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let draft = Enrolment {
        email: email(&draft.email),
        name: line(&draft.name),
        post: draft.post.as_deref().map(line).filter(|post| !post.is_empty()),
        ..draft
    };
    let short = |text: &str| (1..=160).contains(&text.chars().count()) && !text.contains('\0');
    let mut faults = Faults::default();
    faults.require(kernel::text::is_email(&draft.email), "email", "FORM", "Escriba el correo, como nombre@municipio.gov.co");
    faults.require(short(&draft.name), "name", "REQUIRED", "Escriba el nombre completo, hasta 160 letras");
    faults.require(draft.post.as_deref().is_none_or(short), "post", "LENGTH", "El cargo tiene más de 160 letras");
    faults.require(fits(draft.role, audience), "role", "ROLE", "Ese rol no existe en este sitio");
    faults.require((1..=100).contains(&draft.idempotency_key.len()), "idempotencyKey", "FORM", "Vuelva a abrir el formulario");
    faults.into_result().map(|()| draft)
}

/// Whether a tenant of that audience gives that role: an agent's powers cannot be had on a municipality's host.
pub(crate) fn fits(role: Role, audience: Audience) -> bool {
    match role {
        Role::Coordinator | Role::Editor | Role::Official | Role::Observer => audience == Audience::Municipality,
        Role::Agent | Role::Supervisor | Role::MailAdministrator => audience == Audience::Support,
        Role::Analyst | Role::Administrator => audience == Audience::Agency,
    }
}

/// Where a reset stands once these proofs are recorded: two of different kinds, at least one of them verified by the system or by a
/// second person, and a supervisor's approval where it is needed.
pub(crate) fn standing(proofs: &[ProofRow], needs_approval: bool, approved: bool) -> ResetState {
    let recorded = |proof: &&ProofRow| matches!(proof.state, ProofState::Verified | ProofState::Attested);
    let enough = proofs.iter().filter(recorded).count() >= 2 && proofs.iter().any(|proof| proof.state == ProofState::Verified);
    match (enough, needs_approval && !approved) {
        (false, _) => ResetState::Gathering,
        (true, true) => ResetState::AwaitingApproval,
        (true, false) => ResetState::Ready,
    }
}

/// The state as it is now: what was not used in time has expired.
pub(crate) fn state_at(reset: &ResetRow, now: OffsetDateTime) -> ResetState {
    if reset.state != ResetState::Used && reset.expires_at <= now { ResetState::Expired } else { reset.state }
}

/// The id of the account of an e-mail. Accounts belong to the platform, not to a town: the same person is the same account
/// wherever a pack is imported.
pub(crate) fn account_id(email: &str) -> Uuid {
    kernel::ids::named(Uuid::nil(), "account", email)
}

#[cfg(test)]
mod tests {
    use kernel::Role;
    use kernel::directory::Audience;
    use time::OffsetDateTime;

    use super::{enrolment, fits, password, standing};
    use crate::model::{Enrolment, ProofKind, ProofRow, ProofState, ResetState};

    fn proof(kind: ProofKind, state: ProofState) -> ProofRow {
        ProofRow {
            kind,
            state,
            recorded_by: None,
            recorded_by_name: None,
            evidence: None,
            at: OffsetDateTime::UNIX_EPOCH,
            code_hash: None,
            code_expires_at: None,
            tries: 0,
        }
    }

    #[test]
    fn the_agents_word_alone_is_never_enough() {
        let word = [proof(ProofKind::Act, ProofState::Attested), proof(ProofKind::CallbackCode, ProofState::Attested)];
        assert_eq!(standing(&word, false, false), ResetState::Gathering);
    }

    #[test]
    fn a_code_that_is_only_sent_proves_nothing() {
        let sent = [proof(ProofKind::Coordinator, ProofState::Verified), proof(ProofKind::MailboxCode, ProofState::Sent)];
        assert_eq!(standing(&sent, false, false), ResetState::Gathering);
    }

    #[test]
    fn a_coordinators_own_account_waits_for_a_supervisor() {
        let both = [proof(ProofKind::MailboxCode, ProofState::Verified), proof(ProofKind::Act, ProofState::Attested)];
        assert_eq!(standing(&both, true, false), ResetState::AwaitingApproval);
        assert_eq!(standing(&both, true, true), ResetState::Ready);
        assert_eq!(standing(&both, false, false), ResetState::Ready);
    }

    #[test]
    fn a_password_is_long_and_not_ones_own_name() {
        let check = |typed: &str| password(typed, typed, "Rosa Elvira Pérez", "rosa.elvira.perez@chipaque.gov.co");
        assert!(check("tres ovejas azules").is_ok());
        for weak in
            ["corta", "rosa elvira perez", "Rosa.Elvira.Perez", "rosa.elvira.perez@chipaque.gov.co", "aaaaaaaaaaaaaa", "Contraseña123"]
        {
            assert!(check(weak).is_err(), "{weak}");
        }
        assert!(password("tres ovejas azules", "tres ovejas rojas", "Rosa", "rosa@chipaque.gov.co").is_err());
    }

    #[test]
    fn whoever_is_enrolled_has_a_name_an_address_and_a_role_of_the_town() {
        let draft = |email: &str, name: &str, role| Enrolment {
            email: email.to_owned(),
            name: name.to_owned(),
            role,
            incoming: false,
            post: Some("  ".to_owned()),
            idempotency_key: "k".to_owned(),
        };
        let kept = enrolment(draft(" Rosa@Chipaque.gov.co ", " Rosa  Elvira ", Role::Editor), Audience::Municipality).expect("is complete");
        assert_eq!((kept.email.as_str(), kept.name.as_str(), kept.post), ("rosa@chipaque.gov.co", "Rosa Elvira", None));
        let Err(kernel::Error::Rejected(faults)) = enrolment(draft("rosa", " ", Role::Agent), Audience::Municipality) else {
            panic!("must be rejected")
        };
        assert_eq!(faults.len(), 3, "{faults:?}");
    }

    #[test]
    fn no_role_of_the_platform_is_had_in_a_municipality() {
        let had: Vec<_> = Role::ALL.into_iter().filter(|role| fits(*role, Audience::Municipality)).collect();
        assert_eq!(had, [Role::Coordinator, Role::Editor, Role::Official, Role::Observer]);
    }
}

//! One function a use case.

use futures::FutureExt;
use futures::future::BoxFuture;
use kernel::capability::{Event, Member, Registry};
use kernel::directory::TenantEntry;
use kernel::error::Faults;
use kernel::secret::{Secret, sha256};
use kernel::viewer::SignedIn;
use kernel::{Error, Platform, Result, Role, Scope, Tx, Viewer, text};
use serde_json::json;
use time::Duration;
use uuid::Uuid;

use crate::model::{AccountRow, Known, MembershipRow, ProofKind, ProofRow, ProofState, ResetCase, ResetRow, ResetState};
use crate::{password, rules, store};

/// The cookie that carries the session's token.
pub const COOKIE: &str = "cabildo_session";

/// A session in use is extended this often, so that reading pages seldom writes.
const EXTEND_EVERY: Duration = Duration::minutes(5);

fn roles(words: &[String]) -> Vec<Role> {
    words.iter().filter_map(|word| Role::from_word(word)).collect()
}

/// Who is looking, by the token of the cookie on this host; its own short transaction.
pub async fn viewer(platform: &Platform, tenant: &TenantEntry, host: &str, cookie_token: Option<&str>) -> Result<Viewer> {
    let Some(token) = cookie_token else { return Ok(Viewer::default()) };
    let (scope, hash) = (Scope::Tenant(tenant.id), sha256(token.as_bytes()).to_vec());
    let mut tx = scope.read(platform.db()).await?;
    let found = store::session(&mut tx, host, &hash).await?;
    tx.rollback().await?;
    let Some(session) = found else { return Ok(Viewer::default()) };
    let now = platform.clock().now();
    if now - session.last_seen >= EXTEND_EVERY {
        let mut tx = scope.write(platform.db()).await?;
        store::extend_session(&mut tx, &hash, now + rules::SESSION).await?;
        tx.commit().await?;
    }
    Ok(Viewer { account: Some(signed_in(session.account, &session.roles, hash)) })
}

fn signed_in(account: AccountRow, words: &[String], session: Vec<u8>) -> SignedIn {
    SignedIn { id: account.id, session, name: account.name, email: account.email, roles: roles(words) }
}

/// Opens a session under a new token; the token itself is kept nowhere.
pub(crate) async fn sign_in(tx: &mut Tx, registry: &Registry, known: Known, host: &str) -> Result<(SignedIn, String)> {
    let token = hex::encode(tx.secret());
    let hash = sha256(token.as_bytes()).to_vec();
    let expires_at = tx.now() + rules::SESSION;
    store::open_session(tx, &hash, known.account.id, host, expires_at).await?;
    tx.audit("identity.signed_in", "account", &known.account.id.to_string(), json!({ "host": host })).await?;
    if store::note_seen(tx, known.account.id).await? {
        registry.tell(tx, &Event { name: "identity.first_sign_in", payload: json!({ "account": known.account.id }) }).await?;
    }
    Ok((signed_in(known.account, &known.roles, hash), token))
}

/// Ends this session.
pub(crate) async fn sign_out(tx: &mut Tx, account: &SignedIn) -> Result<()> {
    store::close_session(tx, &account.session).await?;
    tx.audit("identity.signed_out", "account", &account.id.to_string(), json!({})).await
}

/// What somebody who cannot get in leaves.
#[derive(Debug)]
pub(crate) struct AccessRequest {
    pub(crate) email: String,
    pub(crate) phone: Option<String>,
    pub(crate) text: Option<String>,
    pub(crate) idempotency_key: String,
}

impl AccessRequest {
    /// Checks what was typed.
    pub(crate) fn checked(self) -> Result<Self> {
        let longest = |text: &Option<String>, most| text.as_ref().is_none_or(|text| text.chars().count() <= most && !text.contains('\0'));
        let mut faults = Faults::default();
        faults.require(text::is_email(&self.email), "email", "FORM", "Escriba su correo, como nombre@municipio.gov.co");
        faults.require(longest(&self.phone, 40), "phone", "LENGTH", "El teléfono tiene más de 40 letras");
        faults.require(longest(&self.text, 2000), "text", "LENGTH", "El mensaje tiene más de 2.000 letras; acórtelo");
        faults.require((1..=100).contains(&self.idempotency_key.len()), "idempotencyKey", "FORM", "Vuelva a abrir el formulario");
        faults.into_result().map(|()| self)
    }
}

/// Asks the help centre for access. The same work is done whether or not the account exists.
pub(crate) async fn request_access(tx: &mut Tx, registry: &Registry, request: AccessRequest) -> Result<()> {
    let account = store::member(tx, &request.email).await?.map(|(account, _)| account.id);
    let payload = json!({
        "email": request.email,
        "phone": request.phone,
        "text": request.text,
        "idempotencyKey": request.idempotency_key,
        "accountId": account,
    });
    registry.tell(tx, &Event { name: "identity.access_requested", payload }).await?;
    tx.audit(
        "identity.access_requested",
        "account",
        &account.map(|id| id.to_string()).unwrap_or_default(),
        json!({ "known": account.is_some() }),
    )
    .await
}

/// Whose ticket it is. Tickets are kept elsewhere: who keeps them hears `identity.ticket_asked` and leaves the tenant of an open ticket
/// in the transaction's setting `app.ticket_tenant`. Without an answer there is no such ticket.
pub(crate) async fn tenant_of_ticket(tx: &mut Tx, registry: &Registry, number: i64) -> Result<Uuid> {
    store::forget_asked_tenant(tx).await?;
    registry.tell(tx, &Event { name: "identity.ticket_asked", payload: json!({ "number": number }) }).await?;
    store::asked_tenant(tx).await?.ok_or_else(|| Error::field("ticketNumber", "NOT_FOUND", "No hay una solicitud abierta con ese número"))
}

/// Begins to gather proofs for an account of the ticket's own tenant; a second start of the same is the first.
pub(crate) async fn start_reset(tx: &mut Tx, number: i64, email: &str, agent: &SignedIn) -> Result<ResetCase> {
    let found = store::member(tx, &rules::email(email)).await?;
    let Some((account, words)) = found else {
        return Err(Error::field("accountEmail", "NOT_FOUND", "Esa cuenta no es del municipio de la solicitud"));
    };
    if account.id == agent.id {
        return Err(Error::field("accountEmail", "OWN", "Nadie reinicia su propia cuenta; pídalo a otra persona"));
    }
    if let Some(open) = store::open_reset(tx, number, account.id).await? {
        return case(tx, open).await;
    }
    let now = tx.now();
    let reset = ResetRow {
        id: tx.id(),
        ticket_number: number,
        account_id: account.id,
        account_name: account.name,
        account_email: account.email,
        state: ResetState::Gathering,
        needs_approval: roles(&words).contains(&Role::Coordinator),
        approved_by: None,
        started_by: agent.id,
        started_by_name: agent.name.clone(),
        created_at: now,
        expires_at: now + rules::GATHERING,
    };
    store::insert_reset(tx, &reset).await?;
    audit(tx, "identity.reset.started", &reset, json!({})).await?;
    tell_coordinators(tx, &reset).await?;
    Ok(ResetCase { row: reset, proofs: Vec::new() })
}

/// A reset with its proofs.
pub(crate) async fn case(tx: &mut Tx, id: Uuid) -> Result<ResetCase> {
    Ok(ResetCase { row: store::reset(tx, id).await?, proofs: store::proofs(tx, id).await? })
}

/// Sends a code to the institutional mailbox on file, never to an address that the ticket brings.
pub(crate) async fn send_proof_code(tx: &mut Tx, id: Uuid, kind: ProofKind, agent: &SignedIn) -> Result<ResetCase> {
    let case = gathering(tx, id).await?;
    if kind != ProofKind::MailboxCode {
        return Err(Error::field("kind", "NO_CODE", "Solo el buzón institucional recibe un código"));
    }
    let entry = tx.entry()?;
    match entry.email.as_deref() {
        None => return Err(Error::field("kind", "NO_MAILBOX", "El municipio no tiene un buzón institucional registrado")),
        Some(mailbox) if rules::email(mailbox) == case.row.account_email => {
            return Err(Error::field("kind", "SAME_WAY", "La cuenta usa ese mismo buzón; compruebe por otro camino"));
        }
        Some(_) => {}
    }
    if case.proofs.iter().any(|proof| proof.kind == kind && proof.state == ProofState::Verified) {
        return Err(Error::field("kind", "DONE", "El código ya se comprobó"));
    }
    store::put_proof(tx, id, &proof(tx, kind, ProofState::Sent, agent, None)).await?;
    tx.enqueue("identity.mail_code", json!({ "reset": id })).await?;
    audit(tx, "identity.reset.code_sent", &case.row, json!({})).await?;
    self::case(tx, id).await
}

/// How the hash of a code is made: under the platform's key, so that six letters cannot be found from it.
pub(crate) fn code_hash(secret: &Secret, reset: Uuid, code: &str) -> [u8; 32] {
    let plain: String = code.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_uppercase();
    secret.keyed("identity.code", &[reset.as_bytes(), plain.as_bytes()])
}

/// Records a proof. The inner result is the user's: a wrong code is counted, so it is committed and rejected at once.
pub(crate) async fn record_proof(
    tx: &mut Tx,
    secret: &Secret,
    id: Uuid,
    kind: ProofKind,
    code: Option<&str>,
    evidence: Option<&str>,
    agent: &SignedIn,
) -> Result<Result<ResetCase>> {
    let case = gathering(tx, id).await?;
    let recorded = match kind {
        ProofKind::Coordinator => {
            return Err(Error::field("kind", "NOT_YOURS", "Lo confirma el coordinador desde la administración de su municipio"));
        }
        ProofKind::MailboxCode => {
            let sent = case.proofs.into_iter().find(|proof| proof.kind == kind && proof.state == ProofState::Sent);
            let Some(mut sent) = sent else { return Err(Error::field("code", "NOT_SENT", "Envíe primero el código al buzón")) };
            if sent.tries >= rules::TRIES || sent.code_expires_at.is_some_and(|end| end <= tx.now()) {
                return Err(Error::field("code", "EXPIRED", "Ese código ya no sirve; envíe otro"));
            }
            let expected = code_hash(secret, id, code.unwrap_or_default());
            if sent.code_hash.as_deref() != Some(expected.as_slice()) {
                sent.tries += 1;
                store::put_proof(tx, id, &sent).await?;
                audit(tx, "identity.reset.code_refused", &case.row, json!({ "tries": sent.tries })).await?;
                let left = rules::TRIES - sent.tries;
                return Ok(Err(Error::field("code", "WRONG", format!("El código no corresponde; quedan {left} intentos"))));
            }
            proof(tx, kind, ProofState::Verified, agent, None)
        }
        ProofKind::CallbackCode | ProofKind::Act => {
            let evidence = evidence.map(str::trim).filter(|evidence| !evidence.is_empty());
            let Some(evidence) = evidence else { return Err(Error::field("evidence", "REQUIRED", "Escriba qué comprobó y cómo")) };
            proof(tx, kind, ProofState::Attested, agent, Some(evidence))
        }
    };
    store::put_proof(tx, id, &recorded).await?;
    advance(tx, id, recorded.kind, recorded.state).await.map(Ok)
}

/// A coordinator, signed in on their own municipality, confirms a colleague's reset.
pub(crate) async fn confirm_reset(tx: &mut Tx, id: Uuid, coordinator: &SignedIn) -> Result<ResetCase> {
    let case = gathering(tx, id).await?;
    if case.row.account_id == coordinator.id {
        return Err(Error::field("resetId", "OWN", "Nadie confirma el reinicio de su propia cuenta"));
    }
    let confirmed = proof(tx, ProofKind::Coordinator, ProofState::Verified, coordinator, None);
    store::put_proof(tx, id, &confirmed).await?;
    advance(tx, id, confirmed.kind, confirmed.state).await
}

/// A supervisor approves the reset of a coordinator's account; who worked on it may not.
pub(crate) async fn approve_reset(tx: &mut Tx, id: Uuid, supervisor: &SignedIn) -> Result<ResetCase> {
    let case = gathering(tx, id).await?;
    if !case.row.needs_approval {
        return Err(Error::field("resetId", "NOT_NEEDED", "Este reinicio no necesita aprobación"));
    }
    let worked_on_it = case.row.started_by == supervisor.id || case.proofs.iter().any(|proof| proof.recorded_by == Some(supervisor.id));
    if worked_on_it || case.row.account_id == supervisor.id {
        return Err(Error::field("resetId", "SAME_PERSON", "Lo aprueba una persona distinta de quien lo atendió"));
    }
    store::approve_reset(tx, id, supervisor.id).await?;
    audit(tx, "identity.reset.approved", &case.row, json!({})).await?;
    settle(tx, id).await
}

/// Who has a role in force here.
pub(crate) fn members(tx: &mut Tx) -> BoxFuture<'_, Result<Vec<Member>>> {
    store::members(tx).boxed()
}

/// Where the account of an e-mail has a role in force.
pub(crate) fn homes<'a>(tx: &'a mut Tx, email: &'a str) -> BoxFuture<'a, Result<Vec<(Uuid, Uuid)>>> {
    store::homes(tx, email).boxed()
}

/// Sets a new password by a single-use link and ends every session of the account, on every host.
pub(crate) async fn use_link(tx: &mut Tx, link_hash: &[u8], password_hash: &str) -> Result<()> {
    let (kind, (id, account)) = match (store::use_link(tx, link_hash).await?, store::use_invitation(tx, link_hash).await?) {
        (Some(reset), _) => ("reset", reset),
        (None, Some(invitation)) => ("invitation", invitation),
        (None, None) => return Err(dead_link()),
    };
    store::set_password(tx, account, password_hash).await?;
    store::close_sessions(tx, account).await?;
    tx.audit(&format!("identity.{kind}.used"), kind, &id.to_string(), json!({ "account": account })).await
}

/// What whoever opens a link hears that is used up, too old or never was one.
pub(crate) fn dead_link() -> Error {
    Error::whole("LINK", "Este enlace ya no sirve. Pida otro a la mesa de ayuda.")
}

/// Locks a reset on which work may go on.
async fn gathering(tx: &mut Tx, id: Uuid) -> Result<ResetCase> {
    store::lock_reset(tx, id).await?;
    let case = case(tx, id).await?;
    match rules::state_at(&case.row, tx.now()) {
        ResetState::Gathering | ResetState::AwaitingApproval => Ok(case),
        ResetState::Ready => Err(Error::whole("STATE", "El enlace ya se envió al correo de la cuenta.")),
        ResetState::Used => Err(Error::whole("STATE", "Este reinicio ya terminó.")),
        ResetState::Expired => Err(Error::whole("STATE", "Este reinicio venció. Inicie otro.")),
    }
}

async fn advance(tx: &mut Tx, id: Uuid, kind: ProofKind, state: ProofState) -> Result<ResetCase> {
    let row = store::reset(tx, id).await?;
    audit(tx, "identity.reset.proof_recorded", &row, json!({ "kind": format!("{kind:?}"), "state": format!("{state:?}") })).await?;
    settle(tx, id).await
}

/// Moves the reset on as far as its proofs allow; ready means that the link is on its way to the account's own e-mail.
async fn settle(tx: &mut Tx, id: Uuid) -> Result<ResetCase> {
    let mut case = case(tx, id).await?;
    let next = rules::standing(&case.proofs, case.row.needs_approval, case.row.approved_by.is_some());
    if next != case.row.state {
        store::advance_reset(tx, id, next).await?;
        case.row.state = next;
        if next == ResetState::Ready {
            audit(tx, "identity.reset.ready", &case.row, json!({})).await?;
            tx.enqueue("identity.mail_link", json!({ "reset": id })).await?;
            tell_coordinators(tx, &case.row).await?;
        }
    }
    Ok(case)
}

/// Tells every coordinator but the account's own holder, each by a mail of its own.
async fn tell_coordinators(tx: &mut Tx, reset: &ResetRow) -> Result<()> {
    for coordinator in store::coordinators(tx).await?.into_iter().filter(|coordinator| coordinator.id != reset.account_id) {
        tx.enqueue("identity.mail_coordinator", json!({ "reset": reset.id, "to": coordinator.id })).await?;
    }
    Ok(())
}

fn proof(tx: &Tx, kind: ProofKind, state: ProofState, by: &SignedIn, evidence: Option<&str>) -> ProofRow {
    ProofRow {
        kind,
        state,
        recorded_by: Some(by.id),
        recorded_by_name: Some(by.name.clone()),
        evidence: evidence.map(str::to_owned),
        at: tx.now(),
        code_hash: None,
        code_expires_at: None,
        tries: 0,
    }
}

async fn audit(tx: &mut Tx, action: &str, reset: &ResetRow, mut detail: serde_json::Value) -> Result<()> {
    detail["ticket"] = json!(reset.ticket_number);
    detail["account"] = json!(reset.account_id);
    tx.audit(action, "reset", &reset.id.to_string(), detail).await
}

/// Gives a person a role and a password in the transaction's tenant: the first accounts of `up` mode and of a new platform.
pub async fn seed_account(tx: &mut Tx, email: &str, name: &str, role: Role, password: &str) -> Result<()> {
    let entry = tx.entry()?;
    if !rules::fits(role, entry.kind.audience()) {
        return Err(Error::field("role", "ROLE", format!("El rol {} no existe en {}", role.word(), entry.name)));
    }
    let hash = password::hash(password).await?;
    let email = rules::email(email);
    let account = AccountRow { id: rules::account_id(&email), email, name: name.to_owned() };
    let id = store::upsert_account(tx, &account).await?;
    let since = tx.now();
    let membership = MembershipRow {
        account_id: id,
        email: account.email,
        name: account.name,
        role: role.word().to_owned(),
        since,
        until: None,
        first_seen: None,
        enrolled_as: None,
    };
    store::upsert_membership(tx, &membership).await?;
    store::set_password(tx, id, &hash).await?;
    tx.audit("identity.account.seeded", "account", &id.to_string(), json!({ "role": role.word() })).await
}

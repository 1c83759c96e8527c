//! Identity's queries and mutations.

use std::time::Duration;

use async_graphql::{ComplexObject, Context, ID, InputObject, Object, SimpleObject};
use http::{HeaderValue, header};
use kernel::capability::Holding;
use kernel::directory::Audience;
use kernel::graphql::{Can, Cx, DateTime, GqlResult, Municipality};
use kernel::live::LiveKey;
use kernel::secret::sha256;
use kernel::viewer::SignedIn;
use kernel::{Error, Permission, Result, Role, Scope, Tx, UserError};
use uuid::Uuid;

use crate::model::{Enrolment, ProofKind, ProofRow, ProofState, ResetCase, ResetRow, ResetState, TeamRow};
use crate::service::{AccessRequest, COOKIE};
use crate::{enrolment, password, rules, service, store};

const QUARTER: Duration = Duration::from_mins(15);
const HOUR: Duration = Duration::from_hours(1);

/// Who is signed in on this host.
pub struct Viewer(SignedIn);

/// Who is signed in on this host.
#[Object]
impl Viewer {
    /// The person's name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The e-mail by which they sign in.
    async fn email(&self) -> &str {
        &self.0.email
    }

    /// Their roles on this host.
    async fn memberships(&self, ctx: &Context<'_>) -> GqlResult<Vec<Membership>> {
        let cx = Cx::of(ctx)?;
        let municipality = || Municipality::of(cx, cx.tenant.id);
        Ok(self.0.roles.iter().map(|role| Membership { role: *role, municipality: municipality() }).collect())
    }

    /// What these roles permit, as words: `PUBLISH_NEWS`, `RESOLVE_TICKETS`.
    async fn can(&self) -> Vec<&'static str> {
        let permits = |permission| self.0.roles.iter().any(|role| role.permits(permission));
        Permission::ALL.into_iter().filter(|(permission, _)| permits(*permission)).map(|(_, word)| word).collect()
    }
}

/// A role that an account holds.
#[derive(SimpleObject)]
pub struct Membership {
    /// The role.
    role: Role,
    /// Where it holds; null for a role of the help centre or of the agency.
    municipality: Option<Municipality>,
}

/// Somebody who works on this site.
#[derive(SimpleObject)]
pub struct TeamMember {
    /// Their account.
    account_id: ID,
    /// The person's name.
    name: String,
    /// The e-mail by which they sign in.
    email: String,
    /// Their roles.
    roles: Vec<Role>,
    /// Since when they have the first of these roles.
    since: DateTime,
    /// Whether they have a password; who has none asks for access first.
    has_password: bool,
    /// When they were last seen signed in; null when their sessions are over.
    last_seen_at: Option<DateTime>,
    /// How many things they have in their hands: cases, tickets, tasks.
    holdings: i32,
}

impl TeamMember {
    fn of(row: TeamRow, holdings: &[Holding]) -> Self {
        let held = holdings.iter().filter(|holding| holding.account == row.account).count();
        Self {
            account_id: row.account.into(),
            holdings: i32::try_from(held).unwrap_or(i32::MAX),
            name: row.name,
            email: row.email,
            roles: row.roles.iter().filter_map(|word| Role::from_word(word)).collect(),
            since: DateTime(row.since),
            has_password: row.has_password,
            last_seen_at: row.last_seen.map(DateTime),
        }
    }
}

/// A verified reset of a lost password. It ends in a single-use link to the account's own e-mail; nobody ever sees a password.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct Reset {
    #[graphql(skip)]
    account: Uuid,
    /// Its id.
    id: ID,
    /// How far it has come.
    state: ResetState,
    /// Every kind of proof, with how far it has come: two are needed, one of them verified.
    proofs: Vec<Proof>,
    /// The ticket that asks for it.
    ticket_number: String,
    /// Whose account it is.
    account_name: String,
    /// The e-mail that the link goes to.
    account_email: String,
    /// Whether a supervisor has to approve it.
    needs_approval: bool,
    /// Whether a supervisor has approved it.
    approved: bool,
    /// Who started it.
    started_by: String,
    /// When it was started.
    started_at: DateTime,
    /// Until when proofs may be gathered, or the link holds.
    expires_at: DateTime,
}

#[ComplexObject]
impl Reset {
    /// Whether it is the viewer's own account, which somebody else has to confirm.
    async fn own(&self, ctx: &Context<'_>) -> GqlResult<bool> {
        Ok(Cx::of(ctx)?.viewer.id() == Some(self.account))
    }
}

/// A proof of a reset.
#[derive(SimpleObject)]
pub struct Proof {
    /// By which way.
    kind: ProofKind,
    /// How far it has come.
    state: ProofState,
    /// Who recorded it.
    recorded_by: Option<String>,
    /// What the agent saw or heard, where their word stands for it.
    evidence: Option<String>,
    /// When it was recorded.
    at: Option<DateTime>,
}

impl Proof {
    fn of(kind: ProofKind, row: Option<ProofRow>) -> Self {
        let Some(row) = row else { return Self { kind, state: ProofState::Missing, recorded_by: None, evidence: None, at: None } };
        Self { kind, state: row.state, recorded_by: row.recorded_by_name, evidence: row.evidence, at: Some(DateTime(row.at)) }
    }
}

impl Reset {
    fn of(cx: &Cx, case: ResetCase) -> Self {
        let ResetCase { row, proofs } = case;
        let proof = |kind| Proof::of(kind, proofs.iter().find(|proof| proof.kind == kind).cloned());
        Self {
            account: row.account_id,
            id: row.id.into(),
            state: rules::state_at(&row, cx.platform.clock().now()),
            proofs: ProofKind::ALL.into_iter().map(proof).collect(),
            ticket_number: row.ticket_number.to_string(),
            account_name: row.account_name,
            account_email: row.account_email,
            needs_approval: row.needs_approval,
            approved: row.approved_by.is_some(),
            started_by: row.started_by_name,
            started_at: DateTime(row.created_at),
            expires_at: DateTime(row.expires_at),
        }
    }
}

/// Queries of identity.
#[derive(Default)]
pub struct IdentityQuery;

/// Queries of identity.
#[Object]
impl IdentityQuery {
    /// Who is signed in on this host; null for everybody else.
    async fn viewer(&self, ctx: &Context<'_>) -> GqlResult<Option<Viewer>> {
        Ok(Cx::of(ctx)?.viewer.account.clone().map(Viewer))
    }

    /// Who works on this site, by name.
    #[graphql(guard = "Can(Permission::KeepTeam)")]
    async fn team(&self, ctx: &Context<'_>) -> GqlResult<Vec<TeamMember>> {
        let cx = Cx::of(ctx)?;
        let mut tx = cx.read().await?;
        let holdings = cx.platform.registry().holdings(&mut tx).await?;
        Ok(store::team(&mut tx).await?.into_iter().map(|row| TeamMember::of(row, &holdings)).collect())
    }

    /// The resets of a ticket, newest first.
    #[graphql(guard = "Can(Permission::ResolveTickets)")]
    async fn resets(&self, ctx: &Context<'_>, ticket_number: String) -> GqlResult<Vec<Reset>> {
        let cx = Cx::of(ctx)?;
        let Ok(number) = ticket_number.parse() else { return Ok(Vec::new()) };
        let mut tx = cx.read().await?;
        let rows = store::resets_of_ticket(&mut tx, number).await?;
        Ok(with_proofs(cx, &mut tx, rows).await?)
    }

    /// The resets of this municipality that wait for a coordinator's confirmation, oldest first.
    #[graphql(guard = "Can(Permission::ConfirmReset)")]
    async fn resets_to_confirm(&self, ctx: &Context<'_>) -> GqlResult<Vec<Reset>> {
        let cx = Cx::of(ctx)?;
        let mut tx = cx.read().await?;
        let rows = store::unconfirmed(&mut tx).await?;
        Ok(with_proofs(cx, &mut tx, rows).await?)
    }
}

async fn with_proofs(cx: &Cx, tx: &mut Tx, rows: Vec<ResetRow>) -> Result<Vec<Reset>> {
    let mut resets = Vec::with_capacity(rows.len());
    for row in rows {
        let proofs = store::proofs(tx, row.id).await?;
        resets.push(Reset::of(cx, ResetCase { row, proofs }));
    }
    Ok(resets)
}

/// What signs in.
#[derive(InputObject)]
pub struct SignInInput {
    /// The account's e-mail.
    email: String,
    /// The password.
    #[graphql(secret)]
    password: String,
}

/// What somebody who cannot get in tells the help centre.
#[derive(InputObject)]
pub struct RequestAccessInput {
    /// The e-mail of their account.
    email: String,
    /// A telephone at which they can be reached.
    phone: Option<String>,
    /// What happened, in their words.
    text: Option<String>,
    /// The same key is the same request, however often it is sent.
    idempotency_key: String,
}

/// A reset to begin.
#[derive(InputObject)]
pub struct StartResetInput {
    /// The ticket that asks for it.
    ticket_number: String,
    /// The account's e-mail; it must belong to the ticket's municipality.
    account_email: String,
}

/// A code to send.
#[derive(InputObject)]
pub struct SendProofCodeInput {
    /// The reset.
    reset_id: ID,
    /// The proof that the code is for: `MAILBOX_CODE`.
    kind: ProofKind,
}

/// A proof to record.
#[derive(InputObject)]
pub struct RecordProofInput {
    /// The reset.
    reset_id: ID,
    /// By which way.
    kind: ProofKind,
    /// The code that the person read back, for `MAILBOX_CODE`.
    #[graphql(secret)]
    code: Option<String>,
    /// What was seen or heard, for `CALLBACK_CODE` and `ACT`.
    evidence: Option<String>,
}

/// A colleague's reset to confirm.
#[derive(InputObject)]
pub struct ConfirmResetInput {
    /// The reset.
    reset_id: ID,
}

/// A coordinator's reset to approve.
#[derive(InputObject)]
pub struct ApproveResetInput {
    /// The reset.
    reset_id: ID,
}

/// A new password.
#[derive(InputObject)]
pub struct ResetPasswordInput {
    /// The token of the link.
    #[graphql(secret)]
    token: String,
    /// The new password, at least 12 letters.
    #[graphql(secret)]
    password: String,
    /// The same once more.
    #[graphql(secret)]
    password_again: String,
}

/// Somebody to take into the team.
#[derive(InputObject)]
pub struct EnrolMemberInput {
    /// The e-mail by which they will sign in.
    email: String,
    /// Their full name.
    name: String,
    /// The role that they take; of the incoming team, the one they take once the handover is closed.
    role: Role,
    /// Whether they are of the incoming team: then they only look on until the handover is closed.
    #[graphql(default)]
    incoming: bool,
    /// Their post, as the handover's document prints it.
    post: Option<String>,
    /// The same key is the same enrolment, however often it is sent.
    idempotency_key: String,
}

/// A member's new role.
#[derive(InputObject)]
pub struct ChangeRoleInput {
    /// The member's account.
    account_id: ID,
    /// The role, in the place of those that they have.
    role: Role,
}

/// A membership to end.
#[derive(InputObject)]
pub struct EndMembershipInput {
    /// The member's account.
    account_id: ID,
    /// Why, for the audit log.
    reason: String,
    /// Who receives what they have in their hands; needed when they hold something.
    successor_id: Option<ID>,
}

/// A coordinator for a town that has lost its own.
#[derive(InputObject)]
pub struct AppointCoordinatorInput {
    /// The municipality, by its slug.
    municipality: String,
    /// The e-mail by which they will sign in.
    email: String,
    /// Their full name.
    name: String,
    /// The act that designates them: its kind, number and date.
    act: String,
    /// The same key is the same appointment, however often it is sent.
    idempotency_key: String,
}

/// Somebody who was enrolled, in the words in which they were: whether they had an account already is not told.
#[derive(SimpleObject)]
pub struct EnrolledMember {
    /// Their e-mail.
    email: String,
    /// Their name.
    name: String,
    /// The role that they take.
    role: Role,
    /// Whether they are of the incoming team.
    incoming: bool,
}

impl From<Enrolment> for EnrolledMember {
    fn from(Enrolment { email, name, role, incoming, .. }: Enrolment) -> Self {
        Self { email, name, role, incoming }
    }
}

kernel::payload!(EnrolMemberPayload { member: EnrolledMember });
kernel::payload!(ChangeRolePayload { done: bool });
kernel::payload!(EndMembershipPayload { done: bool });
kernel::payload!(AppointCoordinatorPayload { member: EnrolledMember });
kernel::payload!(SignInPayload { viewer: Viewer });
kernel::payload!(RequestAccessPayload { received: bool });
kernel::payload!(StartResetPayload { reset: Reset });
kernel::payload!(SendProofCodePayload { reset: Reset });
kernel::payload!(RecordProofPayload { reset: Reset });
kernel::payload!(ConfirmResetPayload { reset: Reset });
kernel::payload!(ApproveResetPayload { reset: Reset });
kernel::payload!(ResetPasswordPayload { done: bool });

/// What signing out did.
#[derive(SimpleObject)]
pub struct SignOutPayload {
    /// What the user can mend; always empty.
    user_errors: Vec<UserError>,
}

/// Mutations of identity.
#[derive(Default)]
pub struct IdentityMutation;

/// Mutations of identity.
#[Object]
impl IdentityMutation {
    /// Opens a session on this host. An unknown account and a wrong password cannot be told apart.
    async fn sign_in(&self, ctx: &Context<'_>, input: SignInInput) -> GqlResult<SignInPayload> {
        SignInPayload::of(sign_in(Cx::of(ctx)?, input).await.map(Viewer))
    }

    /// Ends the session on this host.
    async fn sign_out(&self, ctx: &Context<'_>) -> GqlResult<SignOutPayload> {
        let cx = Cx::of(ctx)?;
        if let Some(account) = &cx.viewer.account {
            let mut tx = cx.write_as(Scope::Tenant(cx.tenant.id)).await?;
            let done = service::sign_out(&mut tx, account).await;
            tx.settle(done).await?;
        }
        set_cookie(cx, "", "; Max-Age=0")?;
        Ok(SignOutPayload { user_errors: Vec::new() })
    }

    /// Asks the help centre for access. The answer is the same whether or not the account exists.
    async fn request_access(&self, ctx: &Context<'_>, input: RequestAccessInput) -> GqlResult<RequestAccessPayload> {
        RequestAccessPayload::of(request_access(Cx::of(ctx)?, input).await)
    }

    /// Begins the reset of an account of the ticket's own municipality.
    #[graphql(guard = "Can(Permission::ResolveTickets)")]
    async fn start_reset(&self, ctx: &Context<'_>, input: StartResetInput) -> GqlResult<StartResetPayload> {
        let cx = Cx::of(ctx)?;
        StartResetPayload::of(start_reset(cx, input).await.map(|case| Reset::of(cx, case)))
    }

    /// Sends a code to the institutional mailbox on file; the person reads it back to the agent.
    #[graphql(guard = "Can(Permission::ResolveTickets)")]
    async fn send_proof_code(&self, ctx: &Context<'_>, input: SendProofCodeInput) -> GqlResult<SendProofCodePayload> {
        let cx = Cx::of(ctx)?;
        cx.throttle("proof-code", &input.reset_id, 4, HOUR).await?;
        let (id, mut tx) = reset_at_desk(cx, &input.reset_id).await?;
        let done = service::send_proof_code(&mut tx, id, input.kind, agent(cx)?).await;
        SendProofCodePayload::of(tx.settle(done).await.map(|case| Reset::of(cx, case)))
    }

    /// Records a proof. With two of different kinds, one of them verified, the link goes to the account's own e-mail.
    #[graphql(guard = "Can(Permission::ResolveTickets)")]
    async fn record_proof(&self, ctx: &Context<'_>, input: RecordProofInput) -> GqlResult<RecordProofPayload> {
        let cx = Cx::of(ctx)?;
        let (id, mut tx) = reset_at_desk(cx, &input.reset_id).await?;
        let secret = &cx.platform.secret;
        let done =
            service::record_proof(&mut tx, secret, id, input.kind, input.code.as_deref(), input.evidence.as_deref(), agent(cx)?).await;
        // A wrong code is committed, for it counts, and then rejected.
        RecordProofPayload::of(tx.settle(done).await.and_then(|judged| judged).map(|case| Reset::of(cx, case)))
    }

    /// Confirms that a colleague really asked for a new password.
    #[graphql(guard = "Can(Permission::ConfirmReset)")]
    async fn confirm_reset(&self, ctx: &Context<'_>, input: ConfirmResetInput) -> GqlResult<ConfirmResetPayload> {
        let cx = Cx::of(ctx)?;
        let id = reset_id(&input.reset_id)?;
        let mut tx = cx.write().await?;
        let done = service::confirm_reset(&mut tx, id, agent(cx)?).await;
        ConfirmResetPayload::of(tx.settle(done).await.map(|case| Reset::of(cx, case)))
    }

    /// Approves the reset of a coordinator's account; not by who worked on it.
    #[graphql(guard = "Can(Permission::SuperviseSupport)")]
    async fn approve_reset(&self, ctx: &Context<'_>, input: ApproveResetInput) -> GqlResult<ApproveResetPayload> {
        let cx = Cx::of(ctx)?;
        let (id, mut tx) = reset_at_desk(cx, &input.reset_id).await?;
        let done = service::approve_reset(&mut tx, id, agent(cx)?).await;
        ApproveResetPayload::of(tx.settle(done).await.map(|case| Reset::of(cx, case)))
    }

    /// Takes somebody into the team and mails them how to get in. The answer is the same whether or not they had an account.
    #[graphql(guard = "Can(Permission::KeepTeam)")]
    async fn enrol_member(&self, ctx: &Context<'_>, input: EnrolMemberInput) -> GqlResult<EnrolMemberPayload> {
        let cx = Cx::of(ctx)?;
        cx.throttle("enrol", &cx.tenant.slug, 120, HOUR).await?;
        let EnrolMemberInput { email, name, role, incoming, post, idempotency_key } = input;
        let mut tx = cx.write().await?;
        let draft = Enrolment { email, name, role, incoming, post, idempotency_key };
        let done = enrolment::enrol(&mut tx, cx.platform.registry(), draft).await;
        EnrolMemberPayload::of(tx.settle(done).await.map(EnrolledMember::from))
    }

    /// Gives a member another role. A town keeps somebody who coordinates it.
    #[graphql(guard = "Can(Permission::KeepTeam)")]
    async fn change_role(&self, ctx: &Context<'_>, input: ChangeRoleInput) -> GqlResult<ChangeRolePayload> {
        let cx = Cx::of(ctx)?;
        let mut tx = cx.write().await?;
        let done = match account_id(&input.account_id) {
            Ok(account) => enrolment::change_role(&mut tx, account, input.role).await,
            Err(error) => Err(error),
        };
        ChangeRolePayload::of(tx.settle(done).await.map(|()| true))
    }

    /// Ends what a member may do here, signs them out, and passes on what they have in their hands. Their roles elsewhere stay.
    #[graphql(guard = "Can(Permission::KeepTeam)")]
    async fn end_membership(&self, ctx: &Context<'_>, input: EndMembershipInput) -> GqlResult<EndMembershipPayload> {
        let cx = Cx::of(ctx)?;
        let mut tx = cx.write().await?;
        let named =
            account_id(&input.account_id).and_then(|account| Ok((account, input.successor_id.as_ref().map(account_id).transpose()?)));
        let done = match named {
            Ok((account, successor)) => enrolment::end(&mut tx, cx.platform.registry(), account, &input.reason, successor).await,
            Err(error) => Err(error),
        };
        EndMembershipPayload::of(tx.settle(done).await.map(|_| true))
    }

    /// Gives a town whose coordinator vanished a new one, by the act that designates them; the town's institutional mailbox is told.
    #[graphql(guard = "Can(Permission::SuperviseSupport)")]
    async fn appoint_coordinator(&self, ctx: &Context<'_>, input: AppointCoordinatorInput) -> GqlResult<AppointCoordinatorPayload> {
        let cx = Cx::of(ctx)?;
        AppointCoordinatorPayload::of(appoint_coordinator(cx, input).await.map(EnrolledMember::from))
    }

    /// Sets a new password by the single-use link and ends every session of the account.
    async fn reset_password(&self, ctx: &Context<'_>, input: ResetPasswordInput) -> GqlResult<ResetPasswordPayload> {
        ResetPasswordPayload::of(reset_password(Cx::of(ctx)?, input).await.map(|()| true))
    }
}

fn set_cookie(cx: &Cx, token: &str, more: &str) -> Result<()> {
    let secure = if cx.secure { "; Secure" } else { "" };
    let cookie = format!("{COOKIE}={token}; HttpOnly; SameSite=Lax; Path=/{secure}{more}");
    cx.respond_with(header::SET_COOKIE, HeaderValue::try_from(cookie).map_err(Error::broken)?);
    Ok(())
}

/// Wrong passwords that an account takes in a quarter of an hour. What is counted here locks nobody out of a reset.
const WRONG_PASSWORDS: u32 = 10;

async fn sign_in(cx: &Cx, input: SignInInput) -> Result<SignedIn> {
    let email = rules::email(&input.email);
    cx.throttle_client("sign-in", 300, QUARTER).await?;
    let wrong = LiveKey::of(cx.tenant.id, format_args!("wrong-password/{email}"));
    let (live, now) = (cx.platform.live(), cx.platform.clock().now());
    if live.count(&wrong, now).await.is_ok_and(|wrong| wrong >= u64::from(WRONG_PASSWORDS)) {
        return Err(Error::Throttled(QUARTER.as_secs()));
    }
    let scope = Scope::Tenant(cx.tenant.id);
    let mut tx = scope.read(cx.platform.db()).await?;
    let known = store::known(&mut tx, &email).await?;
    tx.rollback().await?;
    // No connection is held while the password is hashed.
    let right = password::matches(&input.password, known.as_ref().and_then(|known| known.password_hash.as_deref())).await?;
    let Some(known) = known.filter(|_| right) else {
        if let Err(error) = live.allow(&wrong, WRONG_PASSWORDS, QUARTER, now).await {
            tracing::error!(%error, "the rate counter is unreachable");
        }
        return Err(Error::whole("SIGN_IN", "El correo o la clave no corresponden."));
    };
    let mut tx = cx.write_as(scope).await?.acting_as(Some(known.account.id));
    let opened = service::sign_in(&mut tx, cx.platform.registry(), known, &cx.host).await;
    let (account, token) = tx.settle(opened).await?;
    set_cookie(cx, &token, "")?;
    Ok(account)
}

async fn request_access(cx: &Cx, input: RequestAccessInput) -> Result<bool> {
    let some = |text: Option<String>| text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let request = AccessRequest {
        email: rules::email(&input.email),
        phone: some(input.phone),
        text: some(input.text),
        idempotency_key: input.idempotency_key,
    };
    let request = request.checked()?;
    cx.throttle_client("access", 30, HOUR).await?;
    if let Err(Error::Throttled(_)) = cx.throttle("access-for", &request.email, 5, HOUR).await {
        // Somebody asks again and again for this e-mail: five tickets already wait, so it is received all the same.
        return Ok(true);
    }
    let mut tx = cx.write_as(Scope::Tenant(cx.tenant.id)).await?;
    let done = service::request_access(&mut tx, cx.platform.registry(), request).await;
    tx.settle(done).await.map(|()| true)
}

fn agent(cx: &Cx) -> Result<&SignedIn> {
    cx.viewer.account.as_ref().ok_or(Error::Unauthenticated)
}

fn account_id(id: &ID) -> Result<Uuid> {
    Uuid::try_parse(id).map_err(|_| Error::field("accountId", "NOT_FOUND", "Esa persona no hace parte del equipo"))
}

async fn appoint_coordinator(cx: &Cx, input: AppointCoordinatorInput) -> Result<Enrolment> {
    let AppointCoordinatorInput { municipality, email, name, act, idempotency_key } = input;
    at_desk(cx)?;
    let town = cx.platform.directory().by_slug(municipality.trim()).filter(|entry| entry.kind.audience() == Audience::Municipality);
    let town = town.ok_or_else(|| Error::field("municipality", "NOT_FOUND", "No hay un municipio con ese nombre"))?;
    let draft = Enrolment { email, name, role: Role::Coordinator, incoming: false, post: None, idempotency_key };
    let mut tx = desk_in(cx, town.id).await?;
    let done = enrolment::appoint(&mut tx, cx.platform.registry(), draft, &act).await;
    tx.settle(done).await
}

fn reset_id(id: &ID) -> Result<Uuid> {
    Uuid::try_parse(id).map_err(|_| Error::NotFound)
}

/// Only the help centre's staff, at work on its own host. Elsewhere what is named is unknown, never forbidden.
fn at_desk(cx: &Cx) -> Result<()> {
    if matches!(cx.scope(), Scope::Support(_)) { Ok(()) } else { Err(Error::NotFound) }
}

/// The help centre's staff in one municipality: with the help centre's rights and in that tenant's name.
async fn desk_in(cx: &Cx, tenant: Uuid) -> Result<Tx> {
    at_desk(cx)?;
    cx.write_as(Scope::Support(tenant)).await
}

async fn reset_at_desk(cx: &Cx, id: &ID) -> Result<(Uuid, Tx)> {
    let id = reset_id(id)?;
    let tenant = store::tenant_of_reset(&mut *cx.read().await?, id).await?;
    Ok((id, desk_in(cx, tenant).await?))
}

async fn start_reset(cx: &Cx, input: StartResetInput) -> Result<ResetCase> {
    let number = input.ticket_number.trim().parse();
    let number = number.map_err(|_| Error::field("ticketNumber", "FORM", "Escriba el número de la solicitud"))?;
    let tenant = service::tenant_of_ticket(&mut *cx.read().await?, cx.platform.registry(), number).await?;
    let mut tx = desk_in(cx, tenant).await?;
    let started = service::start_reset(&mut tx, number, &input.account_email, agent(cx)?).await;
    tx.settle(started).await
}

async fn reset_password(cx: &Cx, input: ResetPasswordInput) -> Result<()> {
    cx.throttle_client("new-password", 60, HOUR).await?;
    let (scope, link) = (Scope::Tenant(cx.tenant.id), sha256(input.token.trim().as_bytes()));
    let mut tx = scope.read(cx.platform.db()).await?;
    let account = store::account_of_link(&mut tx, &link).await?;
    tx.rollback().await?;
    let account = account.ok_or_else(service::dead_link)?;
    rules::password(&input.password, &input.password_again, &account.name, &account.email)?;
    let hash = password::hash(&input.password).await?;
    let mut tx = cx.write_as(scope).await?.acting_as(Some(account.id));
    let done = service::use_link(&mut tx, &link, &hash).await;
    tx.settle(done).await
}

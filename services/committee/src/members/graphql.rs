//! Queries and mutations of the seats.

use async_graphql::{Context, ID, InputObject, Object};
use kernel::graphql::{Can, Cx, GqlResult, LocalDate};
use kernel::{Error, Permission, Result, Tx};
use uuid::Uuid;

use super::model::{CommitteeOrgan, CommitteeRole, MemberRow};
use super::{service, store};
use crate::graphql::inside;
use crate::rules;

/// Somebody who sits in the committee. Names and posts are public; how to reach them is for the administration.
pub struct CommitteeMember(pub(crate) MemberRow);

/// Somebody who sits in the committee. Names and posts are public; how to reach them is for the administration.
#[Object]
impl CommitteeMember {
    /// Its id.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// The person's name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The person's post.
    async fn post(&self) -> Option<&str> {
        self.0.post.as_deref()
    }

    /// On whose behalf the person sits there.
    async fn organ(&self) -> CommitteeOrgan {
        self.0.organ
    }

    /// What the person does there.
    async fn role(&self) -> CommitteeRole {
        self.0.role
    }

    /// The act that designates the person.
    async fn act(&self) -> Option<&str> {
        self.0.act.as_deref()
    }

    /// Since when.
    async fn since(&self) -> LocalDate {
        LocalDate(self.0.since)
    }

    /// Until when; null while it is open.
    async fn until(&self) -> Option<LocalDate> {
        self.0.until.map(LocalDate)
    }

    /// Whether the person sits there today.
    async fn current(&self, ctx: &Context<'_>) -> GqlResult<bool> {
        Ok(self.0.sits(Cx::of(ctx)?.platform.clock().today()))
    }

    /// The person's e-mail; null for whoever is not of the administration.
    async fn email(&self, ctx: &Context<'_>) -> GqlResult<Option<&str>> {
        Ok(self.0.email.as_deref().filter(|_| inside(ctx)))
    }

    /// The person's account on this site; null for whoever has none, and outside the administration.
    async fn account_id(&self, ctx: &Context<'_>) -> GqlResult<Option<ID>> {
        Ok(self.0.account_id.filter(|_| inside(ctx)).map(ID::from))
    }
}

/// Queries of the seats.
#[derive(Default)]
pub struct MembersQuery;

/// Queries of the seats.
#[Object]
impl MembersQuery {
    /// Who sits in the committee: who presides first, then the secretary, then by name; with who sat there before when `former`.
    async fn committee_members(&self, ctx: &Context<'_>, former: Option<bool>) -> GqlResult<Vec<CommitteeMember>> {
        let mut tx = Cx::of(ctx)?.read().await?;
        let today = tx.today();
        let all = store::members(&mut tx).await?.into_iter();
        Ok(all.filter(|member| former == Some(true) || member.sits(today)).map(CommitteeMember).collect())
    }

    /// One seat.
    async fn committee_member(&self, ctx: &Context<'_>, id: ID) -> GqlResult<Option<CommitteeMember>> {
        let Ok(id) = rules::id(&id) else { return Ok(None) };
        let mut all = store::members(&mut *Cx::of(ctx)?.read().await?).await?.into_iter();
        Ok(all.find(|member| member.id == id).map(CommitteeMember))
    }
}

/// Somebody to give a seat to.
#[derive(InputObject)]
pub struct AddCommitteeMemberInput {
    /// The person's name, at most 160 letters.
    name: String,
    /// The person's post.
    post: Option<String>,
    /// On whose behalf the person sits there.
    organ: CommitteeOrgan,
    /// What the person does there.
    role: CommitteeRole,
    /// The act that designates the person.
    act: Option<String>,
    /// Since when; needed.
    since: Option<LocalDate>,
    /// The person's account on this site, as the team lists it.
    account_id: Option<ID>,
    /// Where reminders are sent.
    email: Option<String>,
}

/// A seat as it should be.
#[derive(InputObject)]
pub struct ChangeCommitteeMemberInput {
    /// The seat.
    id: ID,
    /// The person's name, at most 160 letters.
    name: String,
    /// The person's post.
    post: Option<String>,
    /// On whose behalf the person sits there.
    organ: CommitteeOrgan,
    /// What the person does there.
    role: CommitteeRole,
    /// The act that designates the person.
    act: Option<String>,
    /// Since when; needed.
    since: Option<LocalDate>,
    /// The last day; left empty while it is open.
    until: Option<LocalDate>,
    /// The person's account on this site, as the team lists it.
    account_id: Option<ID>,
    /// Where reminders are sent.
    email: Option<String>,
}

/// The account that was chosen, if any.
pub(crate) fn account(typed: Option<&ID>) -> Result<Option<Uuid>> {
    typed
        .filter(|id| !id.is_empty())
        .map(|id| Uuid::try_parse(id).map_err(|_| Error::field("accountId", "FORM", "Elija la cuenta de la lista")))
        .transpose()
}

fn since(typed: Option<LocalDate>) -> Result<time::Date> {
    typed.map(|day| day.0).ok_or_else(|| Error::field("since", "REQUIRED", "Escriba desde cuándo"))
}

async fn add(cx: &Cx, tx: &mut Tx, input: AddCommitteeMemberInput) -> Result<MemberRow> {
    let typed = MemberRow {
        id: tx.id(),
        account_id: account(input.account_id.as_ref())?,
        name: input.name,
        post: input.post,
        organ: input.organ,
        role: input.role,
        email: input.email,
        act: input.act,
        since: since(input.since)?,
        until: None,
    };
    service::add(tx, cx.platform.registry(), typed).await
}

async fn change(cx: &Cx, tx: &mut Tx, input: ChangeCommitteeMemberInput) -> Result<MemberRow> {
    let typed = MemberRow {
        id: rules::id(&input.id)?,
        account_id: account(input.account_id.as_ref())?,
        name: input.name,
        post: input.post,
        organ: input.organ,
        role: input.role,
        email: input.email,
        act: input.act,
        since: since(input.since)?,
        until: input.until.map(|day| day.0),
    };
    service::change(tx, cx.platform.registry(), typed).await
}

kernel::payload!(AddCommitteeMemberPayload { committee_member: CommitteeMember });
kernel::payload!(ChangeCommitteeMemberPayload { committee_member: CommitteeMember });

/// Mutations of the seats.
#[derive(Default)]
pub struct MembersMutation;

/// Mutations of the seats.
#[Object]
impl MembersMutation {
    /// Gives somebody a seat in the committee.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn add_committee_member(&self, ctx: &Context<'_>, input: AddCommitteeMemberInput) -> GqlResult<AddCommitteeMemberPayload> {
        let cx = Cx::of(ctx)?;
        let mut tx = cx.write().await?;
        let done = add(cx, &mut tx, input).await;
        AddCommitteeMemberPayload::of(tx.settle(done).await.map(CommitteeMember))
    }

    /// Corrects a seat, or says since when it is empty; minutes that name the person stay as they were.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn change_committee_member(
        &self,
        ctx: &Context<'_>,
        input: ChangeCommitteeMemberInput,
    ) -> GqlResult<ChangeCommitteeMemberPayload> {
        let cx = Cx::of(ctx)?;
        let mut tx = cx.write().await?;
        let done = change(cx, &mut tx, input).await;
        ChangeCommitteeMemberPayload::of(tx.settle(done).await.map(CommitteeMember))
    }
}

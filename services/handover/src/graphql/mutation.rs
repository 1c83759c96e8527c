//! The handover's mutations with what is typed in them.

use async_graphql::{Context, ID, InputObject, Object};
use kernel::graphql::{Can, Cx, GqlResult, LocalDate};
use kernel::viewer::SignedIn;
use kernel::{Error, Permission, Result, Tx};
use uuid::Uuid;

use super::Handover;
use crate::model::{HandoverCause, HandoverEvent, HandoverItemState, HandoverRow, ItemRow};
use crate::rules::{Kept, Opening};
use crate::service::{self, Keeping, Pen};

/// A handover to open by hand.
#[derive(InputObject)]
pub struct OpenHandoverInput {
    /// Why whoever leads the municipality leaves.
    cause: HandoverCause,
    /// Their last day in office.
    leaves_on: LocalDate,
    /// What is to be noted; for another cause, which.
    note: Option<String>,
}

/// A handover to call off.
#[derive(InputObject)]
pub struct CancelHandoverInput {
    /// Why.
    reason: String,
}

/// What is said of an item.
#[derive(InputObject)]
pub struct KeepHandoverItemInput {
    /// The item.
    key: String,
    /// How far it has come.
    state: HandoverItemState,
    /// Why it does not apply.
    reason: Option<String>,
    /// What is handed over, in words.
    note: Option<String>,
    /// Who answers for it from now on; only a coordinator changes it.
    owner_id: Option<ID>,
    /// Uploads to attach.
    files: Option<Vec<ID>>,
}

/// A file to take off an item.
#[derive(InputObject)]
pub struct RemoveHandoverFileInput {
    /// The file.
    file_id: ID,
}

/// Somebody to take off the incoming team.
#[derive(InputObject)]
pub struct RemoveIncomingInput {
    /// Their account.
    account_id: ID,
}

/// Who signs for either side.
#[derive(InputObject)]
pub struct DesignateSignersInput {
    /// Somebody of today's team.
    outgoing_id: ID,
    /// Somebody of the incoming team.
    incoming_id: ID,
}

/// Whether somebody of today's team leaves.
#[derive(InputObject)]
pub struct DecideDepartureInput {
    /// Their account.
    account_id: ID,
    /// Whether they leave with the closing act.
    leaves: bool,
    /// Who receives what they have in their hands; whoever coordinates next when left out.
    successor_id: Option<ID>,
}

/// A signature.
#[derive(InputObject)]
pub struct SignHandoverInput {
    /// The signer's full name.
    name: String,
    /// Their post.
    post: String,
    /// The number of their identity card; it is not published.
    #[graphql(secret)]
    document_number: Option<String>,
    /// The hash of the document that they read; none where they are the first to sign.
    hash: Option<String>,
}

/// A handover to take up again after a signature.
#[derive(InputObject)]
pub struct ReopenHandoverInput {
    /// Why.
    reason: String,
}

/// Something done outside the platform.
#[derive(InputObject)]
pub struct RecordHandoverInput {
    /// `SOCIALISED` or `VERIFIED`.
    kind: HandoverEvent,
    /// The day on which it was done.
    on: LocalDate,
    /// How it was done, and with whom.
    text: String,
    /// Uploads that prove it; everybody may fetch them.
    files: Option<Vec<ID>>,
}

/// The act that closes a handover.
#[derive(InputObject)]
pub struct CloseHandoverInput {
    /// What the new administration is called; made from the term when left out.
    label: Option<String>,
}

kernel::payload!(OpenHandoverPayload { handover: Handover });
kernel::payload!(CancelHandoverPayload { handover: Handover });
kernel::payload!(KeepHandoverItemPayload { done: bool });
kernel::payload!(RemoveHandoverFilePayload { done: bool });
kernel::payload!(RemoveIncomingPayload { handover: Handover });
kernel::payload!(DesignateSignersPayload { handover: Handover });
kernel::payload!(DecideDeparturePayload { handover: Handover });
kernel::payload!(SignHandoverPayload { handover: Handover });
kernel::payload!(ReopenHandoverPayload { handover: Handover });
kernel::payload!(PublishHandoverPayload { handover: Handover });
kernel::payload!(RecordHandoverPayload { handover: Handover });
kernel::payload!(CloseHandoverPayload { handover: Handover });

fn account(field: &str, id: &ID) -> Result<Uuid> {
    Uuid::try_parse(id).map_err(|_| Error::field(field, "NOT_FOUND", "Elija a una persona"))
}

fn uploads(ids: Option<&Vec<ID>>) -> Result<Vec<Uuid>> {
    let parsed = ids.into_iter().flatten().map(|id| Uuid::try_parse(id)).collect::<std::result::Result<_, _>>();
    parsed.map_err(|_| Error::field("files", "NOT_FOUND", "Ese archivo no se recibió; adjúntelo de nuevo"))
}

fn signer(cx: &Cx) -> Result<&SignedIn> {
    cx.viewer.account.as_ref().ok_or(Error::Unauthenticated)
}

/// Ends a write, and reads the handover as it is now.
async fn settled(cx: &Cx, tx: Tx, done: Result<HandoverRow>) -> Result<Handover> {
    let row = tx.settle(done).await?;
    let mut tx = cx.read().await?;
    Handover::read(cx, &mut tx, row).await
}

/// Mutations of the handover.
#[derive(Default)]
pub struct HandoverMutation;

/// Mutations of the handover.
#[Object]
impl HandoverMutation {
    /// Opens a handover by hand. One is open at a time; opened again in the same words, it is the same.
    #[graphql(guard = "Can(Permission::KeepTeam)")]
    async fn open_handover(&self, ctx: &Context<'_>, input: OpenHandoverInput) -> GqlResult<OpenHandoverPayload> {
        let cx = Cx::of(ctx)?;
        let mut tx = cx.write().await?;
        let members = cx.platform.registry().members(&mut tx).await?;
        let opening = Opening { cause: input.cause, leaves_on: input.leaves_on.0, note: input.note };
        let done = service::open(&mut tx, &members, opening, Some(signer(cx)?)).await;
        OpenHandoverPayload::of(settled(cx, tx, done).await)
    }

    /// Calls a handover off, with a reason; it stays on record.
    #[graphql(guard = "Can(Permission::KeepTeam)")]
    async fn cancel_handover(&self, ctx: &Context<'_>, input: CancelHandoverInput) -> GqlResult<CancelHandoverPayload> {
        let cx = Cx::of(ctx)?;
        let mut tx = cx.write().await?;
        let done = service::cancel(&mut tx, &input.reason, signer(cx)?).await;
        CancelHandoverPayload::of(settled(cx, tx, done).await)
    }

    /// Says how an item of the list stands: its owner, or a coordinator, who also says whose it is.
    #[graphql(guard = "Can(Permission::SeeAdministration)")]
    async fn keep_handover_item(&self, ctx: &Context<'_>, input: KeepHandoverItemInput) -> GqlResult<KeepHandoverItemPayload> {
        let cx = Cx::of(ctx)?;
        let mut tx = cx.write().await?;
        let done = keep_item(cx, &mut tx, input).await;
        KeepHandoverItemPayload::of(tx.settle(done).await.map(|_| true))
    }

    /// Takes a file off an item.
    #[graphql(guard = "Can(Permission::KeepTeam)")]
    async fn remove_handover_file(&self, ctx: &Context<'_>, input: RemoveHandoverFileInput) -> GqlResult<RemoveHandoverFilePayload> {
        let cx = Cx::of(ctx)?;
        let mut tx = cx.write().await?;
        let done = match Uuid::try_parse(&input.file_id) {
            Ok(id) => service::remove_file(&mut tx, id).await,
            Err(_) => Err(Error::field("fileId", "NOT_FOUND", "Ese archivo ya no está")),
        };
        RemoveHandoverFilePayload::of(tx.settle(done).await.map(|()| true))
    }

    /// Takes somebody off the incoming team.
    #[graphql(guard = "Can(Permission::KeepTeam)")]
    async fn remove_incoming(&self, ctx: &Context<'_>, input: RemoveIncomingInput) -> GqlResult<RemoveIncomingPayload> {
        let cx = Cx::of(ctx)?;
        let mut tx = cx.write().await?;
        let done = match account("accountId", &input.account_id) {
            Ok(id) => service::remove_incoming(&mut tx, id).await,
            Err(error) => Err(error),
        };
        RemoveIncomingPayload::of(settled(cx, tx, done).await)
    }

    /// Says who signs for either side.
    #[graphql(guard = "Can(Permission::KeepTeam)")]
    async fn designate_signers(&self, ctx: &Context<'_>, input: DesignateSignersInput) -> GqlResult<DesignateSignersPayload> {
        let cx = Cx::of(ctx)?;
        let mut tx = cx.write().await?;
        let members = cx.platform.registry().members(&mut tx).await?;
        let sides = account("outgoingId", &input.outgoing_id).and_then(|out| Ok((out, account("incomingId", &input.incoming_id)?)));
        let done = match sides {
            Ok((outgoing, incoming)) => service::designate(&mut tx, &members, outgoing, incoming).await,
            Err(error) => Err(error),
        };
        DesignateSignersPayload::of(settled(cx, tx, done).await)
    }

    /// Decides whether somebody of today's team leaves with the closing act, and to whom what they hold passes.
    #[graphql(guard = "Can(Permission::KeepTeam)")]
    async fn decide_departure(&self, ctx: &Context<'_>, input: DecideDepartureInput) -> GqlResult<DecideDeparturePayload> {
        let cx = Cx::of(ctx)?;
        let mut tx = cx.write().await?;
        let members = cx.platform.registry().members(&mut tx).await?;
        let successor = || input.successor_id.as_ref().map(|id| account("successorId", id)).transpose();
        let done = match account("accountId", &input.account_id).and_then(|id| Ok((id, successor()?))) {
            Ok((id, successor)) => service::decide(&mut tx, &members, id, input.leaves, successor).await,
            Err(error) => Err(error),
        };
        DecideDeparturePayload::of(settled(cx, tx, done).await)
    }

    /// Signs the document for the side for which the viewer was named. The first signature freezes it.
    #[graphql(guard = "Can(Permission::SeeAdministration)")]
    async fn sign_handover(&self, ctx: &Context<'_>, input: SignHandoverInput) -> GqlResult<SignHandoverPayload> {
        let cx = Cx::of(ctx)?;
        let mut tx = cx.write().await?;
        let pen = Pen { name: input.name, post: input.post, document_number: input.document_number, hash: input.hash };
        let done = service::sign(&mut tx, cx.platform.registry(), cx.platform.directory(), pen, signer(cx)?).await;
        SignHandoverPayload::of(settled(cx, tx, done).await)
    }

    /// Takes a handover up again after a signature: the signatures fall, and what was published is withdrawn.
    #[graphql(guard = "Can(Permission::KeepTeam)")]
    async fn reopen_handover(&self, ctx: &Context<'_>, input: ReopenHandoverInput) -> GqlResult<ReopenHandoverPayload> {
        let cx = Cx::of(ctx)?;
        let mut tx = cx.write().await?;
        let done = service::reopen(&mut tx, &input.reason, signer(cx)?).await;
        ReopenHandoverPayload::of(settled(cx, tx, done).await)
    }

    /// Publishes the document that both sides have signed.
    #[graphql(guard = "Can(Permission::KeepTeam)")]
    async fn publish_handover(&self, ctx: &Context<'_>) -> GqlResult<PublishHandoverPayload> {
        let cx = Cx::of(ctx)?;
        let mut tx = cx.write().await?;
        let done = service::publish(&mut tx, signer(cx)?).await;
        PublishHandoverPayload::of(settled(cx, tx, done).await)
    }

    /// Writes down that the document was told to the community, or verified on the spot.
    #[graphql(guard = "Can(Permission::KeepTeam)")]
    async fn record_handover(&self, ctx: &Context<'_>, input: RecordHandoverInput) -> GqlResult<RecordHandoverPayload> {
        let cx = Cx::of(ctx)?;
        let mut tx = cx.write().await?;
        let done = match uploads(input.files.as_ref()) {
            Ok(files) => service::record(&mut tx, input.kind, input.on.0, &input.text, &files, signer(cx)?).await,
            Err(error) => Err(error),
        };
        RecordHandoverPayload::of(settled(cx, tx, done).await)
    }

    /// Closes the handover: what everybody who leaves holds passes on, who comes takes their role, who leaves loses theirs, and a new
    /// administration begins. At once or not at all.
    #[graphql(guard = "Can(Permission::KeepTeam)")]
    async fn close_handover(&self, ctx: &Context<'_>, input: CloseHandoverInput) -> GqlResult<CloseHandoverPayload> {
        let cx = Cx::of(ctx)?;
        let mut tx = cx.write().await?;
        let done = service::close(&mut tx, cx.platform.registry(), input.label.as_deref(), signer(cx)?).await;
        CloseHandoverPayload::of(settled(cx, tx, done).await)
    }
}

async fn keep_item(cx: &Cx, tx: &mut Tx, input: KeepHandoverItemInput) -> Result<ItemRow> {
    let files = uploads(input.files.as_ref())?;
    let owner = input.owner_id.as_ref().map(|id| account("ownerId", id)).transpose()?;
    let members = cx.platform.registry().members(tx).await?;
    let kept = Kept { state: input.state, reason: input.reason, note: input.note };
    service::keep_item(tx, &members, Keeping { key: &input.key, kept, owner, files: &files }, signer(cx)?).await
}

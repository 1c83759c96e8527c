//! Circulars, what a town received of them, and the thread, as the API shows them.

use async_graphql::{Context, Object};
use kernel::graphql::{Cx, DateTime, File, GqlResult, LocalDate, Municipality};
use kernel::{Permission, file, text};
use uuid::Uuid;

use crate::model::{Attachment, CircularAuthor, CircularRow, DeliveryRow, DeliveryState, MessageRow, Tally};
use crate::{rules, service, store};

/// Guidance from the agency to municipalities.
pub struct Circular(pub(super) CircularRow, pub(super) Option<Tally>);

/// Guidance from the agency to municipalities.
#[Object]
impl Circular {
    /// Its name in addresses: year and number, as `2026-3`.
    async fn slug(&self) -> String {
        rules::slug(self.0.year, self.0.number)
    }

    /// What it is about.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// Its text, in Markdown.
    async fn body(&self) -> &str {
        &self.0.body
    }

    /// Its text as HTML without script.
    async fn body_html(&self) -> String {
        text::markdown(&self.0.body)
    }

    /// Its beginning in plain text.
    async fn summary(&self) -> String {
        text::summary(&self.0.body, 180)
    }

    /// What each municipality has to answer; null where it is for their information.
    async fn ask(&self) -> Option<&str> {
        self.0.ask.as_deref()
    }

    /// By when.
    async fn due_on(&self) -> Option<LocalDate> {
        self.0.due_on.map(LocalDate)
    }

    /// To whom it went, in words.
    async fn audience_text(&self) -> &str {
        &self.0.audience_text
    }

    /// Whether everybody may read it on the portal.
    async fn public(&self) -> bool {
        self.0.public
    }

    /// When it was sent.
    async fn sent_at(&self) -> DateTime {
        DateTime(self.0.sent_at)
    }

    /// When it was withdrawn; null where it was not.
    async fn withdrawn_at(&self) -> Option<DateTime> {
        self.0.withdrawn_at.map(DateTime)
    }

    /// Why it was withdrawn.
    async fn withdraw_reason(&self) -> Option<&str> {
        self.0.withdraw_reason.as_deref()
    }

    /// Its attachments.
    async fn files(&self, ctx: &Context<'_>) -> GqlResult<Vec<File>> {
        let files = file::of(&mut *Cx::of(ctx)?.read().await?, &service::subject(self.0.id)).await?;
        Ok(files.into_iter().map(File::from).collect())
    }

    /// How many municipalities it was sent to, and how they stand; null for whoever does not work for the agency.
    async fn tally(&self, ctx: &Context<'_>) -> GqlResult<Option<CircularTally>> {
        let cx = Cx::of(ctx)?;
        if !cx.viewer.can(Permission::GuideMunicipalities) {
            return Ok(None);
        }
        let tally = if let Some(tally) = self.1 {
            tally
        } else {
            let mut tx = cx.read().await?;
            let today = tx.today();
            store::tallies(&mut tx, today).await?.remove(&self.0.id).unwrap_or_default()
        };
        Ok(Some(CircularTally { recipients: self.0.recipients.len(), tally }))
    }
}

/// How the municipalities of a circular stand.
pub struct CircularTally {
    recipients: usize,
    tally: Tally,
}

/// How the municipalities of a circular stand.
#[Object]
impl CircularTally {
    /// To how many it was sent.
    async fn recipients(&self) -> i32 {
        self.recipients as i32
    }

    /// How many of them have it on their desk; the rest are on their way.
    async fn delivered(&self) -> i32 {
        self.tally.delivered as i32
    }

    /// How many have said that they read it.
    async fn read(&self) -> i32 {
        self.tally.read as i32
    }

    /// How many have answered.
    async fn answered(&self) -> i32 {
        self.tally.answered as i32
    }

    /// How many owe an answer whose date has passed.
    async fn late(&self) -> i32 {
        self.tally.late as i32
    }
}

kernel::connection!(CircularConnection, Circular);

/// A circular as one municipality received it, with its receipt and the thread.
pub struct CircularDelivery(pub(super) DeliveryRow);

/// A circular as one municipality received it, with its receipt and the thread.
#[Object]
impl CircularDelivery {
    /// The circular's name in addresses.
    async fn slug(&self) -> String {
        rules::slug(self.0.year, self.0.number)
    }

    /// What it is about.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// Its text as HTML without script.
    async fn body_html(&self) -> String {
        text::markdown(&self.0.body)
    }

    /// What is asked; null where it is for their information.
    async fn ask(&self) -> Option<&str> {
        self.0.ask.as_deref()
    }

    /// By when.
    async fn due_on(&self) -> Option<LocalDate> {
        self.0.due_on.map(LocalDate)
    }

    /// Its attachments, under their address on the agency's host.
    async fn files(&self) -> Vec<File> {
        self.0.files.iter().cloned().map(attachment).collect()
    }

    /// The municipality.
    async fn municipality(&self, ctx: &Context<'_>) -> GqlResult<Option<Municipality>> {
        Ok(Municipality::of(Cx::of(ctx)?, self.0.tenant_id))
    }

    /// How it stands today.
    async fn state(&self, ctx: &Context<'_>) -> GqlResult<DeliveryState> {
        Ok(rules::state(&self.0, Cx::of(ctx)?.platform.clock().today()))
    }

    /// When it was sent.
    async fn sent_at(&self) -> DateTime {
        DateTime(self.0.sent_at)
    }

    /// When somebody said that it was read; null until then.
    async fn read_at(&self) -> Option<DateTime> {
        self.0.read_at.map(DateTime)
    }

    /// Who said so.
    async fn reader_name(&self) -> Option<&str> {
        self.0.reader_name.as_deref()
    }

    /// When the municipality answered first; null until then.
    async fn answered_at(&self) -> Option<DateTime> {
        self.0.answered_at.map(DateTime)
    }

    /// By how many days the answer came after its date; zero where it came in time.
    async fn days_late(&self) -> i32 {
        rules::days_late(&self.0) as i32
    }

    /// Why the agency withdrew it; null where it did not.
    async fn withdraw_reason(&self) -> Option<&str> {
        self.0.withdraw_reason.as_deref()
    }

    /// The thread, oldest first.
    async fn messages(&self, ctx: &Context<'_>) -> GqlResult<Vec<CircularMessage>> {
        let messages = store::messages(&mut *Cx::of(ctx)?.read().await?, self.0.tenant_id, Some(self.0.circular_id)).await?;
        Ok(messages.into_iter().map(|message| CircularMessage(message, self.0.tenant_id)).collect())
    }
}

fn attachment(of: Attachment) -> File {
    let Attachment { id, name, media_type, bytes, url, attached_at } = of;
    File { id: id.into(), name, media_type, bytes, url, attached_at: DateTime(attached_at) }
}

kernel::connection!(CircularDeliveryConnection, CircularDelivery);

/// A message of the thread.
pub struct CircularMessage(MessageRow, Uuid);

/// A message of the thread.
#[Object]
impl CircularMessage {
    /// Who wrote it: the agency or the municipality.
    async fn author(&self) -> CircularAuthor {
        self.0.author
    }

    /// The person's name.
    async fn author_name(&self) -> &str {
        &self.0.author_name
    }

    /// When.
    async fn at(&self) -> DateTime {
        DateTime(self.0.at)
    }

    /// What it says.
    async fn text(&self) -> &str {
        &self.0.text
    }

    /// Its files; the municipality's administration and the agency may download them.
    async fn files(&self, ctx: &Context<'_>) -> GqlResult<Vec<File>> {
        let files = file::of_tenant(&mut *Cx::of(ctx)?.read().await?, self.1, &service::message_subject(self.0.id)).await?;
        Ok(files.into_iter().map(File::from).collect())
    }
}

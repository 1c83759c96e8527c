//! Mail that the platform sends: through a relay in production, into a maildir where there is none.

use std::{
    fmt, io,
    path::PathBuf,
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Tokio1Executor,
    address::AddressError,
    message::{
        Mailbox, MultiPart, SinglePart,
        header::{HeaderName, HeaderValue as Written},
    },
    transport::smtp,
};
use mail_parser::{Address, HeaderValue, MessageParser};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use tokio::{fs, io::AsyncWriteExt};
use uuid::Uuid;

/// Why a mail was not sent or not read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A header would hold a control character, as an injected line needs.
    #[error("control character in the mail's {0}")]
    Header(&'static str),
    /// Sender or recipient is not one address.
    #[error("not a mail address")]
    Address(#[from] AddressError),
    /// The mail cannot be put together.
    #[error("the mail cannot be put together")]
    Compose(#[from] lettre::error::Error),
    /// The relay refused or is out of reach.
    #[error("the mail relay failed")]
    Smtp(#[from] smtp::Error),
    /// The maildir failed, or holds no such mail.
    #[error("the maildir failed")]
    Maildir(#[from] io::Error),
}

impl Error {
    /// Whether trying again is in vain.
    pub fn permanent(&self) -> bool {
        match self {
            Self::Header(_) | Self::Address(_) | Self::Compose(_) => true,
            Self::Smtp(error) => error.is_permanent(),
            Self::Maildir(_) => false,
        }
    }
}

/// The result of a mail operation.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// One mail to one person. It is the same mail each time it is tried, so its id and date belong to it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Becomes its Message-ID.
    pub id: Uuid,
    /// When it was written.
    #[serde(with = "time::serde::rfc3339")]
    pub date: OffsetDateTime,
    /// The recipient, as `name@place` or `Name <name@place>`.
    pub to: String,
    /// The subject line.
    pub subject: String,
    /// The body as plain text.
    pub text: String,
    /// The same body as HTML.
    pub html: Option<String>,
    /// A stable word for what it is about, as `credential-reset`.
    pub kind: String,
    /// The conversation that it belongs to, where it may be answered.
    #[serde(default)]
    pub thread: Option<Thread>,
}

/// Where a mail stands in a conversation. Message-IDs come without their angle brackets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thread {
    /// Where answers go.
    pub reply_to: String,
    /// The mail that this one answers.
    pub in_reply_to: Option<String>,
    /// The mails before it, the oldest first.
    pub references: Vec<String>,
}

/// The Message-ID, without angle brackets, of a mail that is sent from a domain.
pub fn message_id(id: Uuid, domain: &str) -> String {
    format!("{id}@{domain}")
}

/// The bodies stay out: they carry links and tokens, which no log may hold.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message").field("id", &self.id).field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl Message {
    fn compose(&self, from: &Mailbox) -> Result<lettre::Message> {
        for (header, value) in [("recipient", &self.to), ("subject", &self.subject), ("kind", &self.kind)] {
            if value.chars().any(char::is_control) {
                return Err(Error::Header(header));
            }
        }
        let ids = self.thread.iter().flat_map(|thread| thread.in_reply_to.iter().chain(&thread.references));
        if ids.into_iter().any(|id| !id.chars().all(|c| c.is_ascii_graphic()) || id.contains(['<', '>'])) {
            return Err(Error::Header("thread"));
        }
        let raw = |name, value: &str| Written::new(HeaderName::new_from_ascii_str(name), value.to_owned());
        let mut mail = lettre::Message::builder()
            .from(from.clone())
            .to(self.to.parse()?)
            .subject(&self.subject)
            .date(SystemTime::from(self.date.max(OffsetDateTime::UNIX_EPOCH)))
            .message_id(Some(format!("<{}>", message_id(self.id, from.email.domain()))))
            .raw_header(raw("Auto-Submitted", "auto-generated"))
            .raw_header(raw(KIND, &self.kind));
        if let Some(thread) = &self.thread {
            mail = mail.reply_to(thread.reply_to.parse()?);
            if let Some(id) = &thread.in_reply_to {
                mail = mail.in_reply_to(format!("<{id}>"));
            }
            if !thread.references.is_empty() {
                let ids: Vec<String> = thread.references.iter().map(|id| format!("<{id}>")).collect();
                mail = mail.references(ids.join(" "));
            }
        }
        let text = SinglePart::plain(self.text.clone());
        Ok(match &self.html {
            None => mail.singlepart(text)?,
            Some(html) => {
                let parts = MultiPart::alternative().boundary(self.id.simple().to_string());
                mail.multipart(parts.singlepart(text).singlepart(SinglePart::html(html.clone())))?
            }
        })
    }
}

const KIND: &str = "X-Cabildo-Kind";

/// Sends mail.
#[async_trait]
pub trait Mail: Send + Sync {
    /// Hands the mail over; on success the other side answers for it.
    async fn send(&self, message: &Message) -> Result<()>;

    /// The domain that it sends from, which its Message-IDs end in.
    fn domain(&self) -> &str;
}

/// Mail through an SMTP relay.
pub struct Smtp {
    from: Mailbox,
    relay: AsyncSmtpTransport<Tokio1Executor>,
}

impl Smtp {
    /// Sends as `from` through the relay at `url`: `smtps://user:password@host`, `smtp://…?tls=required` for STARTTLS,
    /// or bare `smtp://host:port` inside a trusted network.
    pub fn new(url: &SecretString, from: &str) -> Result<Self> {
        let relay = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.expose_secret())?;
        Ok(Self { from: from.parse()?, relay: relay.timeout(Some(Duration::from_secs(20))).build() })
    }
}

#[async_trait]
impl Mail for Smtp {
    async fn send(&self, message: &Message) -> Result<()> {
        self.relay.send(message.compose(&self.from)?).await?;
        tracing::info!(id = %message.id, kind = message.kind, "mail sent");
        Ok(())
    }

    fn domain(&self) -> &str {
        self.from.email.domain()
    }
}

/// Mail into a folder, in the maildir layout.
pub struct Maildir {
    from: Mailbox,
    root: PathBuf,
}

/// A mail as it lies in the maildir.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Received {
    /// The name to read it by.
    pub name: String,
    /// The sender.
    pub from: String,
    /// The recipient.
    pub to: String,
    /// The subject line.
    pub subject: String,
    /// Its Message-ID, without angle brackets.
    pub message_id: String,
    /// Where answers go; empty where that is the sender.
    pub reply_to: String,
    /// The mails before it in its conversation, the oldest first.
    pub references: Vec<String>,
    /// The sender's word for what it is about.
    pub kind: String,
    /// When it was written.
    #[serde(with = "time::serde::rfc3339::option")]
    pub date: Option<OffsetDateTime>,
    /// The body as plain text.
    pub text: String,
    /// The body as HTML, if it has one.
    pub html: Option<String>,
}

impl Maildir {
    /// Delivers as `from` into the maildir at `root`, made if need be, which only its owner can read.
    pub async fn new(root: impl Into<PathBuf>, from: &str) -> Result<Self> {
        let root = root.into();
        for room in ["tmp", "new", "cur"] {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(root.join(room)).await?;
        }
        Ok(Self { from: from.parse()?, root })
    }

    /// The newest mails, newest first.
    pub async fn list(&self, limit: usize) -> Result<Vec<Received>> {
        let mut names = Vec::new();
        for room in ["new", "cur"] {
            let mut entries = fs::read_dir(self.root.join(room)).await?;
            while let Some(entry) = entries.next_entry().await? {
                names.extend(entry.file_name().into_string());
            }
        }
        names.sort_unstable_by(|one, other| other.cmp(one));
        futures::future::try_join_all(names.iter().take(limit).map(|name| self.read(name))).await
    }

    /// One mail, by the name that the list gave.
    pub async fn read(&self, name: &str) -> Result<Received> {
        if name.starts_with('.') || name.contains('/') {
            return Err(io::Error::from(io::ErrorKind::NotFound).into());
        }
        let raw = match fs::read(self.root.join("new").join(name)).await {
            Err(error) if error.kind() == io::ErrorKind::NotFound => fs::read(self.root.join("cur").join(name)).await?,
            other => other?,
        };
        let mail = MessageParser::new().parse(&raw).ok_or(io::ErrorKind::InvalidData).map_err(io::Error::from)?;
        Ok(Received {
            name: name.to_owned(),
            from: address(mail.from()),
            to: address(mail.to()),
            subject: mail.subject().unwrap_or_default().to_owned(),
            message_id: mail.message_id().unwrap_or_default().to_owned(),
            reply_to: address(mail.reply_to()),
            references: message_ids(mail.references()),
            kind: mail.header(KIND).and_then(|kind| kind.as_text()).unwrap_or_default().to_owned(),
            date: mail.date().and_then(|date| OffsetDateTime::from_unix_timestamp(date.to_timestamp()).ok()),
            text: mail.body_text(0).unwrap_or_default().replace("\r\n", "\n").trim_end().to_owned(),
            html: mail.html_bodies().find(|part| part.is_text_html()).and_then(|part| part.text_contents()).map(str::to_owned),
        })
    }
}

/// The Message-IDs of a header, without their angle brackets.
pub fn message_ids(header: &HeaderValue<'_>) -> Vec<String> {
    match header {
        HeaderValue::Text(id) => vec![id.to_string()],
        HeaderValue::TextList(ids) => ids.iter().map(ToString::to_string).collect(),
        _ => Vec::new(),
    }
}

fn address(header: Option<&Address<'_>>) -> String {
    let Some(first) = header.and_then(Address::first) else { return String::new() };
    let address = first.address().unwrap_or_default();
    first.name().map_or_else(|| address.to_owned(), |name| format!("{name} <{address}>"))
}

#[async_trait]
impl Mail for Maildir {
    async fn send(&self, message: &Message) -> Result<()> {
        let mail = message.compose(&self.from)?.formatted();
        let name = format!("{}.{}.cabildo", message.date.unix_timestamp(), message.id);
        let written = self.root.join("tmp").join(&name);
        let mut file = fs::File::create(&written).await?;
        file.write_all(&mail).await?;
        file.sync_all().await?;
        Ok(fs::rename(written, self.root.join("new").join(name)).await?)
    }

    fn domain(&self) -> &str {
        self.from.email.domain()
    }
}

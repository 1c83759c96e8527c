//! What stands in a mail. Of HTML only its text is taken: no script, picture or address in it is ever followed or shown.

use kernel::mail::message_ids;
use kernel::secret::sha256_hex;
use mail_parser::decoders::html::html_to_text;
use mail_parser::{Address, HeaderName, Message, MessageParser, MessagePart, MimeHeaders, PartType};

use super::model::{Envelope, IncomingMailReason};
use super::rules::{self, Signs};

/// How much of a text is read; it is more than what is kept.
const READ: usize = 200_000;
/// How much of a page is looked through for text.
const READ_HTML: usize = 2_000_000;

/// A mail, taken apart.
#[derive(Debug, Clone)]
pub(crate) struct Mail {
    /// Its Message-ID, or a digest of what it holds.
    pub(crate) reference: String,
    /// Who it says it is from; empty where it does not say.
    pub(crate) sender: String,
    pub(crate) recipients: Vec<String>,
    pub(crate) subject: String,
    pub(crate) text: String,
    /// The Message-IDs that it answers, the nearest first.
    pub(crate) follows: Vec<String>,
    /// The names of what hung on it, each with the reason why it is not kept.
    pub(crate) left_out: Vec<String>,
    /// Why no person wrote it.
    pub(crate) automatic: Option<IncomingMailReason>,
    pub(crate) bounce: Option<Bounce>,
}

/// A mail server says that a mail did not arrive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bounce {
    /// The mail's Message-ID.
    pub(crate) of: Vec<String>,
    /// Whom it did not reach.
    pub(crate) address: String,
    /// What the server said.
    pub(crate) detail: String,
}

/// Takes a mail apart; none where it is no mail. `domain` is the one that we send from.
pub(crate) fn read(raw: &[u8], envelope: &Envelope, domain: &str) -> Option<Mail> {
    let mail = MessageParser::new().parse(raw)?;
    if mail.headers().is_empty() {
        return None;
    }
    let header = |name: &'static str| mail.header_raw(name).map(|value| value.trim().to_lowercase());
    let reference = mail.message_id().map(str::trim).filter(|id| is_message_id(id)).map(str::to_owned);
    let reference = reference.unwrap_or_else(|| format!("sin-identificador/{}", sha256_hex(raw)));
    let sender = mail.from().and_then(Address::first).and_then(|from| from.address()).map(str::to_lowercase);
    let sender = sender.map(|address| address.trim().to_owned()).filter(|address| is_address(address)).unwrap_or_default();
    let named = mail.all_to().chain(mail.header_values(HeaderName::Cc).filter_map(|cc| cc.as_address()));
    let recipients: Vec<String> = if envelope.recipients.is_empty() {
        let delivered = ["Delivered-To", "X-Original-To"].into_iter().filter_map(header);
        let named = named.flat_map(Address::iter).filter_map(|to| to.address()).map(str::to_lowercase);
        named.chain(delivered).collect()
    } else {
        envelope.recipients.iter().map(|to| to.to_lowercase()).collect()
    };
    let text: Vec<String> = mail.text_bodies().filter_map(text_of).collect();
    let mut follows: Vec<String> = message_ids(mail.references()).into_iter().rev().collect();
    follows.splice(0..0, message_ids(mail.in_reply_to()));
    follows.retain(|id| is_message_id(id));
    follows.truncate(50);
    let subject = clean(mail.subject().unwrap_or_default()).split_whitespace().collect::<Vec<_>>().join(" ");
    let subject: String = subject.chars().take(160).collect();
    let signs = Signs {
        auto_submitted: header("Auto-Submitted"),
        precedence: header("Precedence"),
        suppress: header("X-Auto-Response-Suppress"),
        replied: header("X-Autoreply").or_else(|| header("X-Autorespond")).is_some(),
        listed: header("List-Id").is_some(),
        return_path: envelope.sender.clone().or_else(|| header("Return-Path")),
    };
    Some(Mail {
        automatic: rules::automatic(&signs, &sender, &reference, domain),
        bounce: bounce(&mail),
        left_out: mail.attachments().filter_map(left_out).take(50).collect(),
        subject: if subject.is_empty() { "(sin asunto)".to_owned() } else { subject },
        text: clean(&text.join("\n")).trim().chars().take(READ).collect(),
        reference,
        sender,
        recipients,
        follows,
    })
}

/// What fits between angle brackets, and into a header of ours.
fn is_message_id(id: &str) -> bool {
    (3..=250).contains(&id.len()) && id.contains('@') && id.chars().all(|c| c.is_ascii_graphic()) && !id.contains(['<', '>'])
}

fn is_address(address: &str) -> bool {
    let (local, domain) = address.rsplit_once('@').unwrap_or_default();
    address.len() <= 254
        && !local.is_empty()
        && !domain.is_empty()
        && !address.chars().any(|c| c.is_control() || c.is_whitespace() || "<>,;\"".contains(c))
}

/// Text without what shows nothing, turns its direction, or could not be stored.
fn clean(text: &str) -> String {
    let unseen = |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    text.replace("\r\n", "\n").chars().filter(|c| *c == '\n' || *c == '\t' || !(c.is_control() || unseen(*c))).collect()
}

fn text_of(part: &MessagePart<'_>) -> Option<String> {
    match &part.body {
        PartType::Text(text) => Some(text.chars().take(2 * READ).collect()),
        PartType::Html(html) => {
            // Blocks end a line, which the library does for paragraphs alone.
            let html = ["</div>", "</DIV>", "</tr>", "</TR>", "</li>", "</LI>", "</h1>", "</h2>", "</h3>"]
                .iter()
                .fold(html.chars().take(READ_HTML).collect::<String>(), |html, end| html.replace(end, &format!("{end}<br>")));
            Some(html_to_text(&html))
        }
        _ => None,
    }
}

/// What hung on a mail, and why it is not kept.
fn left_out(part: &MessagePart<'_>) -> Option<String> {
    if part.is_content_type("message", "delivery-status") {
        return None;
    }
    let name = clean(part.attachment_name().unwrap_or("adjunto sin nombre")).replace(['\n', '\t'], " ");
    let name: String = name.trim().chars().take(120).collect();
    Some(format!("{name} ({} KB)", part.len().div_ceil(1024)))
}

/// What a mail server says of a mail that did not arrive (RFC 3464). One that is only late is no bounce.
fn bounce(mail: &Message<'_>) -> Option<Bounce> {
    if !mail.is_content_type("multipart", "report") {
        return None;
    }
    let status = mail.parts.iter().find(|part| part.is_content_type("message", "delivery-status"))?;
    let status = String::from_utf8_lossy(status.contents()).into_owned();
    let field = |name: &str| {
        let named = |line: &str| {
            line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name)).then(|| line[name.len()..].trim().to_owned())
        };
        status.lines().find_map(named)
    };
    if !field("Action:")?.eq_ignore_ascii_case("failed") {
        return None;
    }
    let plain = |value: String| clean(value.rsplit(';').next().unwrap_or_default()).trim().to_owned();
    let returned = mail.parts.iter().filter_map(|part| match &part.body {
        PartType::Message(message) => message.message_id().map(str::to_owned),
        PartType::Text(text) if part.is_content_type("text", "rfc822-headers") => {
            MessageParser::new().parse(text.as_bytes()).and_then(|head| head.message_id().map(str::to_owned))
        }
        _ => None,
    });
    let address = field("Final-Recipient:").or_else(|| field("Original-Recipient:")).map(plain).unwrap_or_default();
    let detail = [field("Status:").map(plain), field("Diagnostic-Code:").map(plain)].into_iter().flatten().collect::<Vec<_>>().join(": ");
    Some(Bounce {
        of: returned.filter(|id| is_message_id(id)).collect(),
        address: address.chars().take(254).collect(),
        detail: detail.chars().take(500).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::{Bounce, read};
    use crate::mailing::model::{Envelope, IncomingMailReason};

    fn mail(raw: &str) -> super::Mail {
        read(raw.replace('\n', "\r\n").as_bytes(), &Envelope::default(), "cabildo.example").expect("is a mail")
    }

    #[test]
    fn a_mail_is_taken_apart() {
        let found = mail(
            "From: =?utf-8?q?Rosa_Pulido?= <Rosa@Chipaque.example>\nTo: soporte@cabildo.example\nCc: Otra <otra@example.org>\n\
             Subject: =?utf-8?b?RWwgUERGIG5vIGNhcmdhIPCfmJ4=?=\nMessage-ID: <a1@chipaque.example>\nIn-Reply-To: <b2@cabildo.example>\n\
             References: <b1@cabildo.example> <b2@cabildo.example>\nContent-Type: text/plain; charset=iso-8859-1\n\
             Content-Transfer-Encoding: quoted-printable\n\nNo se puede a=F1adir.\n",
        );
        assert_eq!((found.sender.as_str(), found.reference.as_str()), ("rosa@chipaque.example", "a1@chipaque.example"));
        assert_eq!((found.subject.as_str(), found.text.as_str()), ("El PDF no carga 😞", "No se puede añadir."));
        assert_eq!(found.follows, ["b2@cabildo.example", "b2@cabildo.example", "b1@cabildo.example"]);
        assert_eq!(found.recipients, ["soporte@cabildo.example", "otra@example.org"]);
        assert_eq!(found.automatic, None);
    }

    #[test]
    fn of_html_only_its_text_is_taken() {
        let found = mail(
            "From: a@b.co\nContent-Type: text/html\n\n<html><head><style>p{}</style></head><body><div>Hola</div><script>alert(1)</script>\
             <p>No <b>carga</b> &lt;script&gt;</p><img src=\"http://espia.example/1.gif\"><a href=\"javascript:x\">aquí</a></body></html>\n",
        );
        assert_eq!(found.text.split_whitespace().collect::<Vec<_>>().join(" "), "Hola No carga <script> aquí");
        assert!(found.reference.starts_with("sin-identificador/"));
    }

    #[test]
    fn what_cannot_be_trusted_in_a_header_is_left_out() {
        let found = mail("From: <a b@c>\nMessage-ID: <con espacio@x>\nSubject:\n\nHola\n");
        assert_eq!((found.sender.as_str(), found.subject.as_str()), ("", "(sin asunto)"));
        assert!(found.reference.starts_with("sin-identificador/"), "{}", found.reference);
        assert!(read(b"", &Envelope::default(), "x").is_none());
    }

    #[test]
    fn attachments_are_named() {
        let found = mail(
            "From: a@b.co\nContent-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/plain\n\nVa el acta\n--x\nContent-Type: application/pdf\n\
             Content-Disposition: attachment; filename=\"acta.pdf\"\nContent-Transfer-Encoding: base64\n\nJVBERi0=\n--x--\n",
        );
        assert_eq!((found.text.as_str(), found.left_out), ("Va el acta", vec!["acta.pdf (1 KB)".to_owned()]));
    }

    #[test]
    fn a_bounce_tells_whom_it_did_not_reach_and_which_mail_it_was() {
        let report = "From: MAILER-DAEMON@mx.example\nContent-Type: multipart/report; report-type=delivery-status; boundary=x\n\n--x\n\nNo llegó\n--x\n\
             Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; rosa@chipaque.example\nAction: failed\n\
             Status: 5.1.1\nDiagnostic-Code: smtp; 550 No such user\n\n--x\nContent-Type: text/rfc822-headers\n\nMessage-ID: <m1@cabildo.example>\nSubject: x\n\n--x--\n";
        let expected = Bounce {
            of: vec!["m1@cabildo.example".to_owned()],
            address: "rosa@chipaque.example".to_owned(),
            detail: "5.1.1: 550 No such user".to_owned(),
        };
        assert_eq!(mail(report).bounce, Some(expected.clone()));
        let whole = report.replace("text/rfc822-headers", "message/rfc822").replace("Subject: x\n\n", "Subject: x\n\nHola\n");
        assert_eq!(mail(&whole).bounce, Some(expected));
        assert_eq!(mail(&report.replace("failed", "delayed")).bounce, None);
        assert_eq!(mail(report).automatic, Some(IncomingMailReason::MailServer));
    }
}

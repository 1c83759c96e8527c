//! What a mail is: a person's word or a program's, whose, and of which conversation.

use uuid::Uuid;

use super::model::IncomingMailReason;
use crate::model::TicketCategory;

/// Mails of one address within an hour; what comes beyond is kept and not taken up.
pub(crate) const PER_SENDER: i64 = 20;
/// Mails to one ticket within an hour: two programs that answer each other stop here.
pub(crate) const PER_THREAD: i64 = 10;

/// What the headers say of how a mail came to be, in lower case.
#[derive(Debug, Clone, Default)]
pub(crate) struct Signs {
    pub(crate) auto_submitted: Option<String>,
    pub(crate) precedence: Option<String>,
    pub(crate) suppress: Option<String>,
    pub(crate) replied: bool,
    pub(crate) listed: bool,
    pub(crate) return_path: Option<String>,
}

/// Why no person wrote a mail, if none did (RFC 3834, and what programs do that are older).
pub(crate) fn automatic(signs: &Signs, sender: &str, reference: &str, domain: &str) -> Option<IncomingMailReason> {
    use IncomingMailReason as R;
    let local = sender.split('@').next().unwrap_or_default();
    let said = signs.auto_submitted.as_deref().map(|said| said.split(';').next().unwrap_or_default().trim());
    let at_home = |address: &str| address.rsplit_once('@').is_some_and(|(_, at)| at.eq_ignore_ascii_case(domain));
    let own = at_home(reference) || at_home(sender) && local.starts_with("soporte");
    [
        (own, R::OwnMail),
        (["mailer-daemon", "postmaster"].contains(&local), R::MailServer),
        (signs.replied || said.is_some_and(|said| said != "no"), R::AutoSubmitted),
        (signs.listed || signs.precedence.as_deref().is_some_and(|said| ["bulk", "junk", "list", "auto_reply"].contains(&said)), R::Bulk),
        (signs.suppress.as_deref().is_some_and(|said| !["", "none"].contains(&said)), R::SuppressesAnswers),
        (signs.return_path.as_deref().is_some_and(|path| ["", "<>"].contains(&path.trim())), R::EmptyReturnPath),
    ]
    .into_iter()
    .find_map(|(is, reason)| is.then_some(reason))
}

/// A ticket that a mail leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Thread {
    pub(crate) tenant: Uuid,
    pub(crate) number: i64,
    pub(crate) closed: bool,
    /// Whether the mail was written to the ticket's own address.
    pub(crate) by_address: bool,
    /// Whether its sender is whoever asked.
    pub(crate) by_contact: bool,
    /// Mails to it within the last hour.
    pub(crate) recent: i64,
}

/// What is known of a mail.
#[derive(Debug, Clone, Default)]
pub(crate) struct Facts {
    pub(crate) automatic: Option<IncomingMailReason>,
    pub(crate) thread: Option<Thread>,
    /// The municipalities in which its address has an account, each with the account.
    pub(crate) homes: Vec<(Uuid, Uuid)>,
    /// The municipality to whose address it was written.
    pub(crate) town: Option<Uuid>,
    /// Mails of its address within the last hour.
    pub(crate) recent: i64,
}

/// Where a mail goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Way {
    /// It is a word of this ticket.
    Thread { tenant: Uuid, number: i64, stranger: bool },
    /// It opens a ticket of this municipality, which may go on from one that is closed.
    Open { tenant: Uuid, account: Option<Uuid>, after: Option<i64> },
    /// Somebody has to decide, perhaps between these municipalities.
    Wait(IncomingMailReason, Vec<Uuid>),
    /// No person wrote it.
    Automatic(IncomingMailReason),
}

/// Where a mail goes. The sender's address is a claim: it opens a ticket, and does nothing else.
pub(crate) fn way(facts: &Facts) -> Way {
    use IncomingMailReason as R;
    if let Some(reason) = facts.automatic {
        return Way::Automatic(reason);
    }
    if facts.recent >= PER_SENDER {
        return Way::Automatic(R::SenderRate);
    }
    let account = |tenant: Uuid| facts.homes.iter().find(|(home, _)| *home == tenant).map(|(_, account)| *account);
    if let Some(thread) = facts.thread {
        let known = thread.by_contact || account(thread.tenant).is_some();
        if thread.recent >= PER_THREAD {
            return Way::Automatic(R::ThreadRate);
        }
        return match (thread.closed, known) {
            (false, _) if known || thread.by_address => Way::Thread { tenant: thread.tenant, number: thread.number, stranger: !known },
            (true, true) => Way::Open { tenant: thread.tenant, account: account(thread.tenant), after: Some(thread.number) },
            _ => Way::Wait(R::StrangerInThread, vec![thread.tenant]),
        };
    }
    match (facts.town, &facts.homes[..]) {
        (_, []) => Way::Wait(R::UnknownSender, facts.town.into_iter().collect()),
        (Some(town), _) => match account(town) {
            Some(account) => Way::Open { tenant: town, account: Some(account), after: None },
            None => Way::Wait(R::NotOfThatMunicipality, std::iter::once(town).chain(facts.homes.iter().map(|(home, _)| *home)).collect()),
        },
        (None, [(tenant, account)]) => Way::Open { tenant: *tenant, account: Some(*account), after: None },
        (None, several) => Way::Wait(R::SeveralMunicipalities, several.iter().map(|(home, _)| *home).collect()),
    }
}

/// What a mail is about, by its words. An agent sees it and may think otherwise; nothing hangs on it but what the page says.
pub(crate) fn category(subject: &str, text: &str) -> TicketCategory {
    let plain = kernel::search::plain(&format!("{subject}\n{text}"));
    let words: Vec<&str> = plain.split(|c: char| !c.is_alphanumeric()).collect();
    let has = |stems: &[&str]| words.iter().any(|word| stems.iter().any(|stem| word.starts_with(stem)));
    let cannot_enter =
        ["no puedo entrar", "no puedo ingresar", "no deja entrar", "no deja ingresar"].iter().any(|said| plain.contains(said));
    if has(&["clave", "contrasen", "password", "reinici", "restablec", "reset"]) || cannot_enter {
        TicketCategory::Credentials
    } else if has(&["buzon", "correo"]) {
        TicketCategory::EmailAccess
    } else if has(&["publi", "noticia", "pagina", "sitio", "documento", "pdf"]) {
        TicketCategory::Publishing
    } else {
        TicketCategory::Other
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::{Facts, PER_SENDER, PER_THREAD, Signs, Thread, Way, automatic, category, way};
    use crate::mailing::model::IncomingMailReason as R;
    use crate::model::TicketCategory;

    const CHIPAQUE: Uuid = Uuid::from_u128(1);
    const FILANDIA: Uuid = Uuid::from_u128(2);
    const ROSA: Uuid = Uuid::from_u128(3);

    #[test]
    fn what_no_person_wrote_is_told_by_its_signs() {
        let signs = |change: fn(&mut Signs)| {
            let mut signs = Signs::default();
            change(&mut signs);
            automatic(&signs, "rosa@chipaque.example", "1@chipaque.example", "cabildo.example")
        };
        assert_eq!(signs(|_| {}), None);
        assert_eq!(signs(|it| it.auto_submitted = Some("no".to_owned())), None);
        assert_eq!(signs(|it| it.auto_submitted = Some("auto-replied; owner=x".to_owned())), Some(R::AutoSubmitted));
        assert_eq!(signs(|it| it.replied = true), Some(R::AutoSubmitted));
        for word in ["bulk", "junk", "list", "auto_reply"] {
            let signs = Signs { precedence: Some(word.to_owned()), ..Signs::default() };
            assert_eq!(automatic(&signs, "a@b.co", "1@b.co", "cabildo.example"), Some(R::Bulk), "{word}");
        }
        assert_eq!(signs(|it| it.precedence = Some("first-class".to_owned())), None);
        assert_eq!(signs(|it| it.listed = true), Some(R::Bulk));
        assert_eq!(signs(|it| it.suppress = Some("all".to_owned())), Some(R::SuppressesAnswers));
        assert_eq!(signs(|it| it.suppress = Some("none".to_owned())), None);
        assert_eq!(signs(|it| it.return_path = Some("<>".to_owned())), Some(R::EmptyReturnPath));
        assert_eq!(signs(|it| it.return_path = Some(String::new())), Some(R::EmptyReturnPath));
        assert_eq!(signs(|it| it.return_path = Some("rosa@chipaque.example".to_owned())), None);
        let of = |sender, reference| automatic(&Signs::default(), sender, reference, "cabildo.example");
        assert_eq!(of("a@b.co", "0199@cabildo.example"), Some(R::OwnMail));
        assert_eq!(of("soporte+10001.aa@cabildo.example", "1@b.co"), Some(R::OwnMail));
        assert_eq!(of("mailer-daemon@mx.example", "1@mx.example"), Some(R::MailServer));
    }

    fn thread() -> Thread {
        Thread { tenant: CHIPAQUE, number: 10_001, closed: false, by_address: true, by_contact: true, recent: 0 }
    }

    #[test]
    fn a_mail_goes_to_the_conversation_that_it_belongs_to() {
        let to = |thread, homes: &[(Uuid, Uuid)]| way(&Facts { thread: Some(thread), homes: homes.to_vec(), ..Facts::default() });
        let word = |stranger| Way::Thread { tenant: CHIPAQUE, number: 10_001, stranger };
        assert_eq!(to(thread(), &[]), word(false));
        assert_eq!(to(Thread { by_contact: false, ..thread() }, &[(CHIPAQUE, ROSA)]), word(false), "a colleague");
        assert_eq!(
            to(Thread { by_contact: false, ..thread() }, &[(FILANDIA, ROSA)]),
            word(true),
            "who has the address may write, and is marked"
        );
        assert_eq!(to(Thread { by_address: false, ..thread() }, &[]), word(false));
        let stranger = Thread { by_address: false, by_contact: false, ..thread() };
        assert_eq!(to(stranger, &[]), Way::Wait(R::StrangerInThread, vec![CHIPAQUE]), "a Message-ID is no secret");
        assert_eq!(to(Thread { recent: PER_THREAD, ..thread() }, &[]), Way::Automatic(R::ThreadRate));
        let closed = Thread { closed: true, ..thread() };
        assert_eq!(to(closed, &[(CHIPAQUE, ROSA)]), Way::Open { tenant: CHIPAQUE, account: Some(ROSA), after: Some(10_001) });
        assert_eq!(to(Thread { by_contact: false, ..closed }, &[]), Way::Wait(R::StrangerInThread, vec![CHIPAQUE]));
    }

    #[test]
    fn a_new_mail_goes_to_the_only_municipality_or_to_the_one_that_it_names() {
        let to = |homes: &[(Uuid, Uuid)], town| way(&Facts { homes: homes.to_vec(), town, ..Facts::default() });
        let (one, two) = ([(CHIPAQUE, ROSA)], [(CHIPAQUE, ROSA), (FILANDIA, ROSA)]);
        let opens = |tenant| Way::Open { tenant, account: Some(ROSA), after: None };
        assert_eq!(to(&one, None), opens(CHIPAQUE));
        assert_eq!(to(&two, None), Way::Wait(R::SeveralMunicipalities, vec![CHIPAQUE, FILANDIA]));
        assert_eq!(to(&two, Some(FILANDIA)), opens(FILANDIA));
        assert_eq!(to(&one, Some(FILANDIA)), Way::Wait(R::NotOfThatMunicipality, vec![FILANDIA, CHIPAQUE]));
        assert_eq!(to(&[], None), Way::Wait(R::UnknownSender, vec![]));
        assert_eq!(to(&[], Some(FILANDIA)), Way::Wait(R::UnknownSender, vec![FILANDIA]));
        let many = Facts { homes: one.to_vec(), recent: PER_SENDER, ..Facts::default() };
        assert_eq!(way(&many), Way::Automatic(R::SenderRate));
        let automatic = Facts { automatic: Some(R::Bulk), thread: Some(thread()), ..Facts::default() };
        assert_eq!(way(&automatic), Way::Automatic(R::Bulk), "not even in a conversation");
    }

    #[test]
    fn a_mail_about_a_password_is_one_about_credentials() {
        for asks in [
            "Olvidé mi contraseña",
            "Necesito el reinicio de la CLAVE del correo",
            "No puedo entrar a la administración",
            "please reset my password",
        ] {
            assert_eq!(category(asks, ""), TicketCategory::Credentials, "{asks}");
        }
        assert_eq!(category("El buzón está lleno", ""), TicketCategory::EmailAccess);
        assert_eq!(category("Ayuda", "No puedo publicar la noticia"), TicketCategory::Publishing);
        assert_eq!(category("Certificado", "¿Cómo se declara?"), TicketCategory::Other);
    }
}

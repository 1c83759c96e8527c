//! What may be asked, and where a ticket stands after each word.

use kernel::error::Faults;
use kernel::{Error, Result};

use crate::model::{MessageAuthor, MessageRow, TicketStatus};

/// Checks what was typed in a ticket; subject and body without blanks around them.
pub(crate) fn draft(subject: &str, body: &str, idempotency_key: &str) -> Result<(String, String)> {
    let (subject, body) = (subject.trim(), body.trim());
    let mut faults = Faults::default();
    faults.require(!subject.is_empty(), "subject", "REQUIRED", "Escriba el asunto");
    faults.require(subject.chars().count() <= 160, "subject", "LENGTH", "El asunto tiene más de 160 letras; acórtelo");
    faults.require(!body.is_empty(), "body", "REQUIRED", "Cuente qué pasa y qué esperaba");
    faults.require(body.chars().count() <= 8000, "body", "LENGTH", "El texto tiene más de 8.000 letras; acórtelo");
    faults.require(!subject.contains('\0') && !body.contains('\0'), "body", "FORM", "El texto trae un carácter que no se puede guardar");
    faults.require((1..=100).contains(&idempotency_key.len()), "idempotencyKey", "FORM", "Vuelva a abrir el formulario");
    faults.into_result()?;
    Ok((subject.to_owned(), body.to_owned()))
}

/// Checks a message.
pub(crate) fn text(typed: &str) -> Result<&str> {
    let typed = typed.trim();
    let mut faults = Faults::default();
    faults.require(!typed.is_empty(), "text", "REQUIRED", "Escriba el mensaje");
    faults.require(typed.chars().count() <= 8000, "text", "LENGTH", "El mensaje tiene más de 8.000 letras; acórtelo");
    faults.require(!typed.contains('\0'), "text", "FORM", "El mensaje trae un carácter que no se puede guardar");
    faults.into_result().map(|()| typed)
}

/// Refuses a word that was written before others had come, so that two people do not answer at once. Sent again with them in sight, it goes.
pub(crate) fn nobody_else_wrote(messages: &[MessageRow], seen: i32, name: &str) -> Result<()> {
    let new = messages.get(usize::try_from(seen).unwrap_or_default()..).unwrap_or_default();
    match new.iter().rev().find(|message| message.author_name.as_deref() != Some(name)) {
        None => Ok(()),
        Some(message) => {
            let who = message.author_name.as_deref().unwrap_or("Cabildo");
            let told = format!("Mientras usted escribía, {who} dejó otro mensaje. Léalo; si el suyo todavía sirve, envíelo de nuevo.");
            Err(Error::field("text", "COLLISION", told))
        }
    }
}

/// Checks what was said of the help: a score from 1 to 5, and why.
pub(crate) fn rating(score: i32, text: Option<&str>) -> Result<(i16, Option<String>)> {
    let text = text.map(str::trim).filter(|text| !text.is_empty());
    let known = i16::try_from(score).ok().filter(|score| (1..=5).contains(score));
    let mut faults = Faults::default();
    faults.require(known.is_some(), "score", "RANGE", "Elija de 1 a 5");
    faults.require(text.is_none_or(|text| text.chars().count() <= 2000), "text", "LENGTH", "El texto tiene más de 2.000 letras; acórtelo");
    faults.require(text.is_none_or(|text| !text.contains('\0')), "text", "FORM", "El texto trae un carácter que no se puede guardar");
    faults.into_result()?;
    Ok((known.unwrap_or_default(), text.map(str::to_owned)))
}

/// Where a ticket stands after a word of `author`, who may wish for a state.
pub(crate) fn after_word(now: TicketStatus, author: MessageAuthor, wish: Option<TicketStatus>) -> Result<TicketStatus> {
    use TicketStatus::{Closed, New, Open, Resolved, WaitingMunicipality, WaitingThirdParty};
    match (now, author, wish) {
        (Closed, _, _) => Err(Error::field("number", "CLOSED", "La solicitud está cerrada. Abra otra y mencione este número.")),
        (_, MessageAuthor::Agent, Some(wish @ (Open | WaitingMunicipality | WaitingThirdParty))) => Ok(wish),
        (_, _, Some(_)) => Err(Error::field("status", "STATE", "Con una respuesta, la solicitud queda en curso o en espera")),
        (Resolved, _, None) | (New, MessageAuthor::Agent, None) | (WaitingMunicipality, MessageAuthor::Municipality, None) => Ok(Open),
        (now, _, None) => Ok(now),
    }
}

#[cfg(test)]
mod tests {
    use super::{after_word, draft, rating, text};
    use crate::model::MessageAuthor::{Agent, Municipality};
    use crate::model::TicketStatus::{Closed, New, Open, Resolved, WaitingMunicipality, WaitingThirdParty};

    #[test]
    fn everything_wrong_is_told_at_once() {
        let Err(kernel::Error::Rejected(faults)) = draft(" ", "", "") else { panic!("must be rejected") };
        assert_eq!(faults.len(), 3, "{faults:?}");
        assert!(text(" \n").is_err());
    }

    #[test]
    fn the_municipalitys_word_brings_a_ticket_back_to_the_desk() {
        for (now, after) in
            [(New, New), (Open, Open), (WaitingMunicipality, Open), (WaitingThirdParty, WaitingThirdParty), (Resolved, Open)]
        {
            assert_eq!(after_word(now, Municipality, None).ok(), Some(after), "{now:?}");
        }
    }

    #[test]
    fn an_agents_word_takes_up_a_ticket_and_may_pause_it() {
        assert_eq!(after_word(New, Agent, None).ok(), Some(Open));
        assert_eq!(after_word(Resolved, Agent, None).ok(), Some(Open));
        assert_eq!(after_word(WaitingMunicipality, Agent, None).ok(), Some(WaitingMunicipality));
        assert_eq!(after_word(Open, Agent, Some(WaitingMunicipality)).ok(), Some(WaitingMunicipality));
        assert!(after_word(Open, Agent, Some(Closed)).is_err());
        assert!(after_word(Open, Municipality, Some(WaitingThirdParty)).is_err());
    }

    #[test]
    fn a_score_is_from_one_to_five() {
        assert_eq!(rating(5, Some(" Muy bien ")).ok(), Some((5, Some("Muy bien".to_owned()))));
        assert_eq!(rating(1, Some("  ")).ok(), Some((1, None)));
        for score in [0, 6, -1, 70_000] {
            assert!(rating(score, None).is_err(), "{score}");
        }
        assert!(rating(3, Some(&"a".repeat(2001))).is_err());
    }

    #[test]
    fn what_is_closed_stays_closed() {
        assert!(after_word(Closed, Agent, None).is_err() && after_word(Closed, Municipality, None).is_err());
    }
}

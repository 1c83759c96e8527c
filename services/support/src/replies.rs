//! Ready answers: what is said and how the ticket is left, as national data.

use std::sync::LazyLock;

use async_graphql::SimpleObject;
use serde::Deserialize;

use crate::model::{TicketCategory, TicketRow, TicketStatus};

const FILE: &str = "support-replies.yaml";
const TEXT: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tenants/national/support-replies.yaml"));

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReplyFile {
    replies: Vec<Reply>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reply {
    key: String,
    name: String,
    category: Option<TicketCategory>,
    status: TicketStatus,
    text: String,
}

/// A file that does not parse is a broken build: a test reads it.
static REPLIES: LazyLock<Vec<Reply>> =
    LazyLock::new(|| kernel::pack::parse_yaml::<ReplyFile>(FILE, TEXT).map(|file| file.replies).unwrap_or_default());

/// A ready answer, filled in for one ticket. The agent reads and changes it before it is sent.
#[derive(Debug, Clone, PartialEq, Eq, SimpleObject)]
pub struct ReadyReply {
    /// Its key.
    key: String,
    /// What it is for.
    name: String,
    /// Where it leaves the ticket.
    status: TicketStatus,
    /// What it says.
    text: String,
}

/// The answers that fit a ticket, those of its own category first.
pub(crate) fn ready(ticket: &TicketRow, municipality: Option<&str>, agent: &str) -> Vec<ReadyReply> {
    let fits = REPLIES.iter().filter(|reply| reply.category.is_none_or(|category| category == ticket.category));
    fits.map(|reply| ReadyReply {
        key: reply.key.clone(),
        name: reply.name.clone(),
        status: reply.status,
        text: filled(&reply.text, ticket, municipality, agent),
    })
    .collect()
}

/// What a person typed goes in last, so that a brace in it stays a brace.
fn filled(text: &str, ticket: &TicketRow, municipality: Option<&str>, agent: &str) -> String {
    let (number, asker) = (ticket.number.to_string(), ticket.opened_by_name.as_deref().unwrap_or("quien nos escribe"));
    let known =
        [("{numero}", number.as_str()), ("{municipio}", municipality.unwrap_or("su municipio")), ("{agente}", agent), ("{nombre}", asker)];
    known.iter().fold(text.to_owned(), |text, (word, value)| text.replace(word, value))
}

#[cfg(test)]
mod tests {
    use super::REPLIES;
    use crate::model::TicketStatus;

    #[test]
    fn every_ready_answer_can_be_sent() {
        assert!(!REPLIES.is_empty());
        for reply in REPLIES.iter() {
            let leaves = [TicketStatus::Open, TicketStatus::WaitingMunicipality, TicketStatus::WaitingThirdParty];
            assert!(leaves.contains(&reply.status), "{}", reply.key);
            assert!(crate::rules::text(&reply.text).is_ok(), "{}", reply.key);
            let rest =
                ["{nombre}", "{numero}", "{municipio}", "{agente}"].iter().fold(reply.text.clone(), |text, word| text.replace(word, ""));
            assert!(!rest.contains(['{', '}']), "{}: {rest}", reply.key);
        }
    }
}

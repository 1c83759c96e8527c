//! The addresses of the help centre: its own, one for each ticket, which cannot be guessed, and one for each municipality.

use kernel::secret::{Secret, same_code};

/// The part before the at sign.
const LOCAL: &str = "soporte";

/// What an address of the help centre leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Leads {
    /// A ticket, by a token that only who was written to can know.
    Ticket(i64),
    /// A municipality, by the name of its site.
    Town(String),
    /// The help centre.
    Desk,
}

fn token(secret: &Secret, number: i64) -> String {
    hex::encode(&secret.keyed("support-mail-address", &[&number.to_be_bytes()])[..10])
}

/// Where the answers to mails about a ticket go.
pub(crate) fn of_ticket(secret: &Secret, domain: &str, number: i64) -> String {
    format!("{LOCAL}+{number}.{}@{domain}", token(secret, number))
}

/// Whether an address is of a domain.
pub(crate) fn at(domain: &str, address: &str) -> bool {
    address.rsplit_once('@').is_some_and(|(local, at)| !local.is_empty() && at.eq_ignore_ascii_case(domain))
}

/// What a recipient's address leads to; none where it is not the help centre's. A wrong token leads to the help centre and no further.
pub(crate) fn leads(secret: &Secret, domain: &str, address: &str) -> Option<Leads> {
    let address = address.trim().to_lowercase();
    let (local, _) = address.rsplit_once('@').filter(|_| at(domain, &address))?;
    let Some((name, detail)) = local.split_once('+') else { return (local == LOCAL).then_some(Leads::Desk) };
    if name != LOCAL {
        return None;
    }
    Some(match detail.split_once('.') {
        Some((number, given)) => match number.parse() {
            Ok(number) if given.len() == 20 && same_code(given, &token(secret, number)) => Leads::Ticket(number),
            _ => Leads::Desk,
        },
        None => Leads::Town(detail.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use kernel::secret::Secret;

    use super::{Leads, leads, of_ticket};

    #[test]
    fn a_tickets_address_leads_to_it_and_cannot_be_guessed() {
        let secret = Secret::new("0123456789abcdef0123456789abcdef");
        let address = of_ticket(&secret, "cabildo.example", 10_001);
        assert!(address.split('@').next().is_some_and(|local| local.len() <= 64), "{address}");
        let to = |address: &str| leads(&secret, "cabildo.example", address);
        assert_eq!(to(&address), Some(Leads::Ticket(10_001)));
        assert_eq!(to(&address.to_uppercase()), Some(Leads::Ticket(10_001)), "case is lost on the way");
        // The same token for another ticket, another secret's, one cut short, one that is missing, a number alone.
        let other = of_ticket(&Secret::new("another secret of the platform...."), "cabildo.example", 10_001);
        for wrong in [&address.replace("10001", "10002"), &other, &address.replacen('.', ".0", 1), "soporte+10001.@cabildo.example"] {
            assert_eq!(to(wrong), Some(Leads::Desk), "{wrong}");
        }
        assert_eq!(to("soporte+10001@cabildo.example"), Some(Leads::Town("10001".to_owned())), "a number is no token");
        assert_eq!(to("soporte+chipaque-cundinamarca@cabildo.example"), Some(Leads::Town("chipaque-cundinamarca".to_owned())));
        assert_eq!(to("Soporte@Cabildo.example"), Some(Leads::Desk));
        for foreign in ["soporte@example.org", "alcaldia@cabildo.example", "soporte", "", "x+10001.aa@cabildo.example"] {
            assert_eq!(to(foreign), None, "{foreign}");
        }
    }
}

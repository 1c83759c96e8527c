//! Who is who: people come with a document or with their name alone, and are counted once.

use std::collections::HashSet;

use kernel::search::plain;

/// Somebody who came, as they were written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attendee {
    pub(crate) name: String,
    pub(crate) document: Option<String>,
}

/// A name as it is compared: accents, case and blanks do not matter.
pub(crate) fn same_name(name: &str) -> String {
    plain(name).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// How many people they are. A document is one person, whatever the spelling of the name; whoever gave none is the person of that name,
/// and whoever bears the name of somebody with a document is taken for that person.
pub(crate) fn distinct(attendees: &[Attendee]) -> usize {
    let documents: HashSet<&str> = attendees.iter().filter_map(|one| one.document.as_deref()).collect();
    let documented: HashSet<String> = attendees.iter().filter(|one| one.document.is_some()).map(|one| same_name(&one.name)).collect();
    let names: HashSet<String> = attendees.iter().filter(|one| one.document.is_none()).map(|one| same_name(&one.name)).collect();
    documents.len() + names.difference(&documented).count()
}

/// The names of a pasted list, one a line: numbering and blanks around them are left out, and a name that comes twice comes once.
pub(crate) fn listed(pasted: &str) -> Vec<String> {
    let mut seen = HashSet::new();
    let mut names = Vec::new();
    for line in pasted.lines() {
        let name = line.trim_start_matches(|c: char| c.is_ascii_digit() || c.is_whitespace() || ".)-•*\t".contains(c));
        let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
        if !name.is_empty() && seen.insert(same_name(&name)) {
            names.push(name);
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Attendee, distinct, listed};

    fn one(name: &str, document: Option<&str>) -> Attendee {
        Attendee { name: name.into(), document: document.map(str::to_owned) }
    }

    #[test]
    fn a_person_is_counted_once() {
        let all = [
            one("Ana Ríos", Some("CC 1")),
            one("ANA RIOS", None),
            one("Ana Rios Díaz", Some("CC 1")),
            one("Ana Ríos", Some("CC 2")),
            one("Luis Mora", None),
            one("  luis   mora ", None),
        ];
        assert_eq!(distinct(&all), 3, "two called Ana Ríos by their documents, and Luis Mora");
        assert_eq!(distinct(&[]), 0);
    }

    #[test]
    fn a_list_is_read_as_it_is_pasted() {
        assert_eq!(listed("1. Ana Ríos\r\n2) Luis  Mora \n\n- ana rios\n• José Peña\n3."), ["Ana Ríos", "Luis Mora", "José Peña"]);
    }

    prop_compose! {
        fn attendee()(name in 0..4_u8, document in proptest::option::of(0..3_u8)) -> Attendee {
            Attendee { name: format!("Persona {name}"), document: document.map(|number| format!("CC {number}")) }
        }
    }

    proptest! {
        #[test]
        fn order_and_repetition_do_not_matter(mut all in proptest::collection::vec(attendee(), 0..12)) {
            let counted = distinct(&all);
            prop_assert!(counted <= all.len());
            all.reverse();
            prop_assert_eq!(distinct(&all), counted);
            let twice: Vec<Attendee> = all.iter().chain(&all).cloned().collect();
            prop_assert_eq!(distinct(&twice), counted);
        }

        #[test]
        fn a_list_pasted_again_is_the_same_list(pasted in "[a-zñ0-9. \n]{0,80}") {
            let names = listed(&pasted);
            prop_assert_eq!(listed(&names.join("\n")), names);
        }
    }
}

//! What may be published, and the legal menu of Res. MinTIC 1519 de 2020.

use std::sync::LazyLock;

use kernel::error::Faults;
use kernel::{Error, Result, text};
use time::OffsetDateTime;

use crate::model::ReadablePage;

/// The legal menu, Anexo 2 of Res. MinTIC 1519 de 2020; the file carries legal basis and confidence of each row.
const MENU: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tenants/national/res1519-menu.csv"));

/// A row of the legal menu.
#[derive(Debug, Clone, serde::Deserialize)]
pub(crate) struct MenuRow {
    pub(crate) code: String,
    pub(crate) title: String,
    pub(crate) parent: String,
    pub(crate) legal_basis: String,
    pub(crate) content_note: String,
    pub(crate) confidence: String,
}

/// The rows in the order of the law. A file that does not parse is a broken build: a test reads it.
pub(crate) static LEGAL_MENU: LazyLock<Vec<MenuRow>> =
    LazyLock::new(|| csv::Reader::from_reader(MENU.as_bytes()).deserialize().filter_map(std::result::Result::ok).collect());

/// How many of the named pages (`1.1`, or several as `terminos+privacidad`), by address or by their place in the legal menu, had something to
/// read at a moment; nothing where one was changed since: nobody knows whether it had before.
pub(crate) fn with_content(pages: &[ReadablePage], wanted: &str, at: OffsetDateTime) -> Option<usize> {
    let stands_at = |page: &ReadablePage, key: &str| {
        let below = |section: &str| section.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        page.slug == key || page.section.as_deref().is_some_and(below)
    };
    let since = wanted.split('+').filter_map(|key| pages.iter().filter(|page| stands_at(page, key)).map(|page| page.updated_at).min());
    since.into_iter().try_fold(0, |there, since| (since <= at).then_some(there + 1))
}

/// A news item as it will be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Draft {
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) slug: String,
}

/// Checks what was typed and gives the news item its address.
pub(crate) fn draft(title: &str, body: &str, slug: Option<&str>) -> Result<Draft> {
    let (title, body) = (title.trim(), body.trim());
    let slug = slug.map(str::trim).filter(|slug| !slug.is_empty());
    let mut faults = Faults::default();
    faults.require(!title.is_empty(), "title", "REQUIRED", "Escriba el título");
    faults.require(title.chars().count() <= 160, "title", "LENGTH", "El título tiene más de 160 letras; acórtelo");
    faults.require(!body.is_empty(), "body", "REQUIRED", "Escriba el texto de la noticia");
    faults.require(body.chars().count() <= 60_000, "body", "LENGTH", "El texto tiene más de 60.000 letras; divídalo");
    faults.require(!title.contains('\0') && !body.contains('\0'), "body", "FORM", "El texto trae un carácter que no se puede guardar");
    faults.require(
        slug.is_none_or(|slug| slug == text::slug(slug) && slug.len() <= 120),
        "slug",
        "FORM",
        "La dirección lleva letras sin tilde, números y guiones",
    );
    let made = text::slug(title);
    faults.require(
        slug.is_some() || title.is_empty() || !made.is_empty(),
        "title",
        "FORM",
        "El título necesita al menos una letra o un número",
    );
    faults.into_result()?;
    Ok(Draft { title: title.to_owned(), body: body.to_owned(), slug: slug.map_or(made, str::to_owned) })
}

/// What was searched for, brought to the form of the index; nothing to search is a bad request.
pub(crate) fn query(typed: &str) -> Result<Option<String>> {
    if typed.chars().count() > 200 {
        return Err(Error::BadRequest("La búsqueda tiene más de 200 letras.".into()));
    }
    let plain = kernel::search::plain(typed);
    let words: Vec<&str> = plain.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).take(12).collect();
    Ok((!words.is_empty()).then(|| words.join(" ")))
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use super::{LEGAL_MENU, MENU, draft, query, with_content};
    use crate::model::ReadablePage;

    #[test]
    fn the_whole_legal_menu_is_read() {
        assert_eq!(LEGAL_MENU.len(), MENU.lines().count() - 1);
        assert!(LEGAL_MENU.iter().any(|row| row.code == "T"));
    }

    #[test]
    fn a_page_is_found_by_its_address_or_its_place_in_the_menu() {
        let page = |slug: &str, section: Option<&str>, at| ReadablePage {
            slug: slug.to_owned(),
            section: section.map(str::to_owned),
            updated_at: OffsetDateTime::UNIX_EPOCH + time::Duration::days(at),
        };
        let pages = [
            page("mision", Some("1.1"), 1),
            page("vision", Some("1.1.2"), 2),
            page("horarios", Some("1.10"), 3),
            page("terminos", None, 9),
        ];
        let on = |wanted, day| with_content(&pages, wanted, OffsetDateTime::UNIX_EPOCH + time::Duration::days(day));
        assert_eq!(on("1.1", 5), Some(1), "several pages of one place are one");
        assert_eq!(on("1.1+1.10+1.3", 5), Some(2), "1.10 does not stand below 1.1");
        assert_eq!((on("terminos", 5), on("terminos", 9)), (None, Some(1)), "who knows whether it said anything before");
        assert_eq!(on("privacidad", 5), Some(0));
    }

    #[test]
    fn a_title_gives_the_address() {
        let draft = draft(" Chipaque y el SENA ", "Texto", None).expect("is complete");
        assert_eq!(draft.slug, "chipaque-y-el-sena");
    }

    #[test]
    fn everything_wrong_is_told_at_once() {
        let Err(kernel::Error::Rejected(faults)) = draft("", "", Some("No Vale")) else { panic!("must be rejected") };
        assert_eq!(faults.len(), 3, "{faults:?}");
    }

    #[test]
    fn a_query_is_words_only() {
        assert_eq!(query("Trámite & 'predial").expect("short"), Some("tramite predial".to_owned()));
        assert_eq!(query("¿?").expect("short"), None);
    }
}

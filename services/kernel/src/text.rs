//! Text that people wrote: Markdown to safe HTML, slugs, the first sentence.

use comrak::{Options, markdown_to_html};

use crate::search::plain;

/// Markdown to HTML that cannot carry script: comrak renders, ammonia keeps what is harmless.
/// Headings begin at level two, for the page has the only `h1`.
pub fn markdown(source: &str) -> String {
    let mut options = Options::default();
    options.extension.table = true;
    options.extension.autolink = true;
    options.extension.strikethrough = true;
    let html = markdown_to_html(source, &options);
    let mut cleaner = ammonia::Builder::default();
    cleaner.rm_tags(["h1", "img"]).link_rel(Some("noopener noreferrer"));
    cleaner.clean(&html).to_string()
}

/// A title as an address: `Chipaque y el SENA` → `chipaque-y-el-sena`; at most 80 characters, cut at a word.
pub fn slug(title: &str) -> String {
    let mut slug = String::new();
    for word in plain(title).split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()) {
        if !slug.is_empty() && slug.len() + word.len() >= 80 {
            break;
        }
        if !slug.is_empty() {
            slug.push('-');
        }
        slug.extend(word.chars().take(80));
    }
    slug
}

/// The plain text of Markdown up to about `limit` characters, cut at a word, for lists and feeds.
pub fn summary(source: &str, limit: usize) -> String {
    let html = markdown_to_html(source, &Options::default());
    let text = ammonia::Builder::empty().clean(&html).to_string();
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&nbsp;", " ").replace("&amp;", "&");
    let mut out = String::new();
    for word in text.split_whitespace() {
        if !out.is_empty() && out.chars().count() + word.chars().count() >= limit {
            out.push('…');
            break;
        }
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// Whether this looks like an e-mail address: something, an at sign, a host with a dot, no blanks.
pub fn is_email(text: &str) -> bool {
    lettre::Address::try_from(text.to_owned()).is_ok_and(|address| address.domain().contains('.')) && text.len() <= 254
}

/// Text of a URL with its `%XX` taken back; what is not UTF-8 becomes the replacement character.
pub fn percent_decode(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// Text as one part of a URL's path or query.
pub fn percent_encode(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC)
        .to_string()
        .replace("%2D", "-")
        .replace("%5F", "_")
        .replace("%2E", ".")
}

/// A moment of the demonstration overlay: so many days before `now`, at `at` (`10:18`) in Bogotá, never later than `now`.
pub fn days_ago(now: time::OffsetDateTime, days: i64, at: Option<&str>) -> time::OffsetDateTime {
    let day = crate::clock::local(now - time::Duration::days(days));
    let clock = at
        .and_then(|at| at.split_once(':'))
        .and_then(|(hour, minute)| time::Time::from_hms(hour.parse().ok()?, minute.parse().ok()?, 0).ok());
    clock.map_or(day, |clock| day.replace_time(clock)).min(now).to_offset(time::UtcOffset::UTC)
}

#[cfg(test)]
mod tests {
    use super::{is_email, markdown, slug, summary};

    #[test]
    fn script_never_survives() {
        let html = markdown("Hola <script>alert(1)</script> [x](javascript:alert(1)) <img src=x onerror=alert(1)>");
        assert!(!html.contains("script") && !html.contains("onerror"), "{html}");
    }

    #[test]
    fn titles_become_addresses() {
        assert_eq!(slug("¿Qué enseñará el SENA?"), "que-ensenara-el-sena");
        assert_eq!(slug(&"ñ".repeat(160)), "n".repeat(80), "a word without end is cut");
    }

    #[test]
    fn a_summary_ends_at_a_word() {
        assert_eq!(summary("**Uno** dos tres cuatro", 10), "Uno dos…");
    }

    #[test]
    fn an_address_needs_a_host_with_a_dot() {
        assert!(is_email("rosa@chipaque.gov.co") && !is_email("rosa@") && !is_email("rosa@localhost"));
    }
}

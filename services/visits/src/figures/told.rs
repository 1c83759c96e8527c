//! What a request tells for the figures, brought down to what says nothing of a person.

use kernel::search::plain;

/// Sorts of figures. Their order is that of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    Page,
    Entry,
    Search,
    Unmet,
    Referrer,
    Device,
    Download,
    /// How visits are made: `SECOND`, those with a second page.
    Shape,
}

impl Kind {
    const ALL: [(Self, &'static str); 8] = [
        (Self::Page, "PAGE"),
        (Self::Entry, "ENTRY"),
        (Self::Search, "SEARCH"),
        (Self::Unmet, "UNMET"),
        (Self::Referrer, "REFERRER"),
        (Self::Device, "DEVICE"),
        (Self::Download, "DOWNLOAD"),
        (Self::Shape, "SHAPE"),
    ];

    /// Its word in the database.
    pub(crate) fn word(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("", |(_, word)| word)
    }

    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == word).map(|(kind, _)| *kind)
    }
}

/// From what sort of place a visit came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Referrer {
    Direct,
    Search,
    Social,
    Government,
    Other,
}

const SEARCH_ENGINES: [&str; 7] = ["google.", "bing.", "duckduckgo.", "yahoo.", "yandex.", "ecosia.", "search.brave."];
const SOCIAL: [&str; 12] =
    ["facebook.", "fb.", "instagram.", "twitter.", "x.com", "t.co", "whatsapp.", "wa.me", "youtube.", "tiktok.", "linkedin.", "telegram."];

impl Referrer {
    const ALL: [(Self, &'static str, &'static str); 5] = [
        (Self::Direct, "DIRECT", "Directo o sin decir de dónde"),
        (Self::Search, "SEARCH", "Buscadores"),
        (Self::Social, "SOCIAL", "Redes sociales y mensajería"),
        (Self::Government, "GOVERNMENT", "Entidades públicas (gov.co)"),
        (Self::Other, "OTHER", "Otros sitios"),
    ];

    /// The sort of the address that a browser names.
    pub(crate) fn of(address: Option<&str>) -> Self {
        let host = address
            .and_then(|address| address.split_once("://"))
            .map(|(_, rest)| rest.split(['/', '?', ':', '#']).next().unwrap_or_default());
        let Some(host) = host.filter(|host| !host.is_empty()).map(str::to_ascii_lowercase) else { return Self::Direct };
        // `www.google.com.co` begins with one of them after a dot; `notgoogle.com` does not.
        let is = |names: &[&str]| names.iter().any(|name| host.starts_with(name) || host.contains(&format!(".{name}")) || host == *name);
        if is(&SEARCH_ENGINES) {
            Self::Search
        } else if is(&SOCIAL) {
            Self::Social
        } else if host == "gov.co" || host.ends_with(".gov.co") {
            Self::Government
        } else {
            Self::Other
        }
    }

    pub(crate) fn number(self) -> u8 {
        Self::ALL.iter().position(|(kind, ..)| *kind == self).map_or(0, |at| at as u8)
    }

    pub(crate) fn from_number(number: u8) -> Self {
        Self::ALL.get(usize::from(number)).map_or(Self::Other, |(kind, ..)| *kind)
    }

    pub(crate) fn word(self) -> &'static str {
        Self::ALL[usize::from(self.number())].1
    }

    /// What a word of the database is in Spanish.
    pub(crate) fn text(word: &str) -> Option<&'static str> {
        Self::ALL.iter().find(|(_, known, _)| *known == word).map(|(.., text)| *text)
    }
}

/// What sort of device it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Device {
    Phone,
    Tablet,
    Computer,
}

impl Device {
    const ALL: [(Self, &'static str, &'static str); 3] =
        [(Self::Phone, "PHONE", "Teléfono"), (Self::Tablet, "TABLET", "Tableta"), (Self::Computer, "COMPUTER", "Computador")];

    /// The sort that a browser says that it is on.
    pub(crate) fn of(user_agent: &str) -> Self {
        let android = user_agent.contains("Android");
        if user_agent.contains("iPad") || user_agent.contains("Tablet") || (android && !user_agent.contains("Mobile")) {
            Self::Tablet
        } else if android || user_agent.contains("iPhone") || user_agent.contains("Mobile") {
            Self::Phone
        } else {
            Self::Computer
        }
    }

    pub(crate) fn number(self) -> u8 {
        Self::ALL.iter().position(|(kind, ..)| *kind == self).map_or(0, |at| at as u8)
    }

    pub(crate) fn from_number(number: u8) -> Self {
        Self::ALL.get(usize::from(number)).map_or(Self::Computer, |(kind, ..)| *kind)
    }

    pub(crate) fn word(self) -> &'static str {
        Self::ALL[usize::from(self.number())].1
    }

    /// What a word of the database is in Spanish.
    pub(crate) fn text(word: &str) -> Option<&'static str> {
        Self::ALL.iter().find(|(_, known, _)| *known == word).map(|(.., text)| *text)
    }
}

/// How long a name may be, in letters.
const LONGEST: usize = 120;

/// The beginning of a text, as long as a name may be.
pub(crate) fn shortened(text: &str) -> &str {
    text.char_indices().nth(LONGEST).map_or(text, |(end, _)| &text[..end])
}

/// The words of a search as they are counted, without accents and capitals. What may be a person's number or address is not kept.
pub(crate) fn search_words(typed: &str) -> Option<String> {
    let words = plain(typed).split_whitespace().collect::<Vec<_>>().join(" ");
    let digits = words.chars().filter(char::is_ascii_digit).count();
    let letters = words.chars().any(char::is_alphabetic);
    (letters && digits < 6 && !words.contains('@') && !words.contains('\0')).then(|| shortened(&words).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_referrer_is_a_sort_of_place_and_no_address() {
        for (address, sort) in [
            (None, Referrer::Direct),
            (Some(""), Referrer::Direct),
            (Some("android-app"), Referrer::Direct),
            (Some("https://www.google.com.co/search?q=chipaque"), Referrer::Search),
            (Some("https://notgoogle.co/"), Referrer::Other),
            (Some("https://l.facebook.com/"), Referrer::Social),
            (Some("https://t.co/abc"), Referrer::Social),
            (Some("https://www.cundinamarca.gov.co:443/x"), Referrer::Government),
            (Some("https://gov.co.example.com/"), Referrer::Other),
            (Some("http://elespectador.com"), Referrer::Other),
        ] {
            assert_eq!(Referrer::of(address), sort, "{address:?}");
            assert_eq!(Referrer::from_number(sort.number()), sort);
        }
    }

    #[test]
    fn a_device_is_one_of_three() {
        let phone = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36";
        let tablet = "Mozilla/5.0 (Linux; Android 14; SM-X200) AppleWebKit/537.36 Chrome/140.0 Safari/537.36";
        for (name, device) in [
            (phone, Device::Phone),
            (tablet, Device::Tablet),
            ("Mozilla/5.0 (iPhone; x)", Device::Phone),
            ("Mozilla/5.0 (iPad; x)", Device::Tablet),
            ("Mozilla/5.0 (X11; Linux x86_64)", Device::Computer),
        ] {
            assert_eq!(Device::of(name), device, "{name}");
            assert_eq!(Device::from_number(device.number()), device);
        }
    }

    #[test]
    fn what_may_be_somebodys_is_not_kept_of_a_search() {
        assert_eq!(search_words("  Impuesto  PREDIAL Útica ").as_deref(), Some("impuesto predial utica"));
        assert_eq!(search_words("decreto 045 de 2026"), None, "seven digits may be a number of somebody's");
        assert_eq!(search_words("plan 2026").as_deref(), Some("plan 2026"));
        for kept_out in ["", "  ", "1.072.345.678", "cédula 79123456", "ana@example.org", "¿?"] {
            assert_eq!(search_words(kept_out), None, "{kept_out}");
        }
        assert_eq!(search_words(&"á".repeat(500)).map(|words| words.chars().count()), Some(LONGEST));
    }
}

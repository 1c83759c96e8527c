//! What may be uploaded, told by its first bytes and not by what the browser says; and names fit to be shown and downloaded.

use unicode_normalization::UnicodeNormalization;

/// How many of the first bytes tell what a file is.
pub const HEAD: usize = 16 * 1024;

/// A kind of file that may be uploaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Media {
    /// Its media type.
    pub media_type: &'static str,
    /// The endings of its names, the usual one first.
    pub endings: &'static [&'static str],
}

const fn media(media_type: &'static str, endings: &'static [&'static str]) -> Media {
    Media { media_type, endings }
}

const PDF: Media = media("application/pdf", &["pdf"]);
const JPEG: Media = media("image/jpeg", &["jpg", "jpeg", "jfif"]);
const PNG: Media = media("image/png", &["png"]);
const WEBP: Media = media("image/webp", &["webp"]);
const CSV: Media = media("text/csv", &["csv"]);
const TEXT: Media = media("text/plain", &["txt"]);
/// Office files are ZIP archives: `OpenDocument` names its type in the first entry, Office Open XML by the folder of its parts.
const OPEN_DOCUMENT: [Media; 3] = [
    media("application/vnd.oasis.opendocument.text", &["odt"]),
    media("application/vnd.oasis.opendocument.spreadsheet", &["ods"]),
    media("application/vnd.oasis.opendocument.presentation", &["odp"]),
];
const OFFICE_OPEN_XML: [(&[u8], Media); 3] = [
    (b"word/", media("application/vnd.openxmlformats-officedocument.wordprocessingml.document", &["docx"])),
    (b"xl/", media("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", &["xlsx"])),
    (b"ppt/", media("application/vnd.openxmlformats-officedocument.presentationml.presentation", &["pptx"])),
];

/// What may be uploaded, for whoever was refused.
pub const ALLOWED: &str = "PDF, fotos (JPEG, PNG, WebP), documentos de Word, Excel, PowerPoint u OpenDocument, CSV o texto";

impl Media {
    /// What a file is, by its first bytes; text has no signature and is told by its name too. `None` when it may not be uploaded.
    pub fn of(name: &str, head: &[u8]) -> Option<Self> {
        match head {
            [b'%', b'P', b'D', b'F', b'-', ..] => Some(PDF),
            [0xff, 0xd8, 0xff, ..] => Some(JPEG),
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(PNG),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(WEBP),
            [b'P', b'K', 3, 4, ..] => office(head),
            _ => [CSV, TEXT].into_iter().find(|text| text.names(name)).filter(|_| is_text(head)),
        }
    }

    /// Whether a name ends as names of this kind do.
    fn names(self, name: &str) -> bool {
        name.rsplit_once('.').is_some_and(|(_, ending)| self.endings.contains(&ending.to_ascii_lowercase().as_str()))
    }

    /// The name without path, control characters and excess, with an ending that tells the truth.
    pub fn name(self, given: &str) -> String {
        let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
        let plain: String =
            last.nfc().map(|c| if c.is_control() || "\"<>:|?*".contains(c) { ' ' } else { c }).filter(|c| !unseen(*c)).collect();
        let plain = plain.split_whitespace().collect::<Vec<_>>().join(" ");
        let (stem, ending) = match plain.rsplit_once('.') {
            Some((stem, ending)) if self.names(&plain) => (stem, ending),
            _ => (plain.as_str(), self.endings[0]),
        };
        let stem: String = stem.trim_matches(['.', ' ']).chars().take(120).collect();
        format!("{}.{ending}", if stem.is_empty() { "archivo" } else { &stem })
    }
}

/// Marks that turn the direction of a text, or show nothing, could hide a name's true ending.
fn unseen(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

fn office(head: &[u8]) -> Option<Media> {
    if let Some(mimetype) = head.get(30..).and_then(|rest| rest.strip_prefix(b"mimetype")) {
        return OPEN_DOCUMENT.into_iter().find(|media| mimetype.starts_with(media.media_type.as_bytes()));
    }
    let entries = || head.windows(4).enumerate().filter(|(_, mark)| mark == b"PK\x03\x04").filter_map(|(at, _)| head.get(at + 30..));
    let (_, media) = OFFICE_OPEN_XML.into_iter().find(|(folder, _)| entries().any(|entry| entry.starts_with(folder)))?;
    // Another archive with a folder of that name is no office file.
    entries().any(|entry| entry.starts_with(b"[Content_Types].xml") || entry.starts_with(b"_rels/.rels")).then_some(media)
}

/// Text that no program would take for a page, a drawing or a script.
fn is_text(head: &[u8]) -> bool {
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    !text.starts_with(b"<") && !text.starts_with(b"#!") && head.iter().all(|byte| *byte >= b' ' || b"\t\n\r\x0c".contains(byte))
}

#[cfg(test)]
mod tests {
    use super::{Media, PDF};

    fn archive(names: &[&str]) -> Vec<u8> {
        names.iter().flat_map(|name| [b"PK\x03\x04".as_slice(), &[0; 26], name.as_bytes(), b"...."].concat()).collect()
    }

    fn ending(name: &str, head: &[u8]) -> Option<&'static str> {
        Media::of(name, head).map(|media| media.endings[0])
    }

    #[test]
    fn the_first_bytes_tell_what_it_is_whatever_its_name() {
        assert_eq!(ending("x.exe", b"%PDF-1.7\n"), Some("pdf"));
        assert_eq!(ending("x", b"\xff\xd8\xff\xe0"), Some("jpg"));
        assert_eq!(ending("x", b"RIFF\0\0\0\0WEBPVP8 "), Some("webp"));
        assert_eq!(ending("x", &archive(&["mimetypeapplication/vnd.oasis.opendocument.spreadsheet"])), Some("ods"));
        assert_eq!(ending("x", &archive(&["[Content_Types].xml", "_rels/.rels", "word/document.xml"])), Some("docx"));
        let libreoffice = archive(&["_rels/.rels", "docProps/core.xml", "docProps/app.xml", "xl/_rels/workbook.xml.rels"]);
        assert_eq!(ending("x", &libreoffice), Some("xlsx"));
    }

    #[test]
    fn what_could_run_or_be_shown_as_a_page_is_refused() {
        assert_eq!(ending("x.pdf", b"MZ\x90\0"), None);
        assert_eq!(ending("x.pdf", b"\x7fELF"), None);
        assert_eq!(ending("x.zip", &archive(&["word/virus.exe"])), None);
        assert_eq!(ending("x.html", b"hola"), None);
        assert_eq!(ending("x.txt", b"\xef\xbb\xbf \n<svg onload=alert(1)>"), None);
        assert_eq!(ending("x.csv", b"#!/bin/sh"), None);
        assert_eq!(ending("x.csv", b"a;b\0"), None);
        assert_eq!(ending("x.csv", "año;valor\n2026;12,5\n".as_bytes()), Some("csv"));
    }

    #[test]
    fn a_name_is_one_line_and_its_ending_tells_the_truth() {
        assert_eq!(PDF.name("C:\\Users\\Rosa\\Acta  n.º 3.PDF"), "Acta n.º 3.PDF");
        assert_eq!(PDF.name("../../etc/acta.exe"), "acta.exe.pdf");
        assert_eq!(PDF.name("a\r\nb\u{202e}fdp.exe"), "a bfdp.exe.pdf");
        assert_eq!(PDF.name(".."), "archivo.pdf");
        assert_eq!(PDF.name(""), "archivo.pdf");
        assert_eq!(PDF.name(&"ñ".repeat(300)).chars().count(), 124);
    }
}

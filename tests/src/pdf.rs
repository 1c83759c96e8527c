//! What a machine can say about a PDF/UA-1: each check has a name, told in `docs/pdf.md`.

use std::collections::{BTreeMap, BTreeSet};

use lopdf::content::Content;
use lopdf::{Dictionary, Document, Object, ObjectId, Stream};

/// The renderer that `infra/install` made.
pub fn renderer() -> web::Pdf {
    let python = std::env::var_os("CABILDO_PDF_PYTHON").map_or_else(|| crate::root().join("target/pdf/bin/python3"), Into::into);
    web::Pdf::new(python)
}

/// The element types that PDF 1.7 knows; any other would need a role map.
const TYPES: &str = "Document Part Art Sect Div BlockQuote Caption NonStruct P H1 H2 H3 H4 H5 H6 L LI Lbl LBody \
                     Table TR TH TD THead TBody TFoot Span Link Figure";
/// The operators that put something on paper.
const PAINTING: &[&str] = &["Tj", "TJ", "'", "\"", "f", "F", "f*", "S", "s", "B", "B*", "b", "b*", "Do", "sh", "EI"];

/// A marked piece of a page's content: page and number.
type Mark = (ObjectId, i64);

/// An element of the structure tree.
struct Element {
    kind: String,
    id: Option<ObjectId>,
    dictionary: Dictionary,
    kids: Vec<Kid>,
}

enum Kid {
    Element(Element),
    Mark(Mark),
    Annotation(ObjectId),
}

/// Faults of a PDF, each with the name of its check; none is as it should be.
pub fn check(bytes: &[u8]) -> Vec<String> {
    let paper = match Paper::read(bytes) {
        Ok(paper) => paper,
        Err(error) => return vec![format!("file: {error}")],
    };
    let mut faults = Vec::new();
    paper.declared(&mut faults);
    paper.content(&mut faults);
    paper.headings(&mut faults);
    paper.tables(&mut faults);
    paper.lists(&mut faults);
    paper.figures_and_links(&mut faults);
    paper.fonts(&mut faults);
    faults
}

/// The text in the order of its tags, a line for each block; what is no part of the document (running heads) is left out.
pub fn text(bytes: &[u8]) -> String {
    let paper = Paper::read(bytes).expect("a tagged PDF");
    let blocks = paper.all().into_iter().filter(|element| {
        let blockless = |kid: &Kid| !matches!(kid, Kid::Element(kid) if !["Span", "Link", "NonStruct"].contains(&kid.kind.as_str()));
        !["Span", "Link", "NonStruct"].contains(&element.kind.as_str()) && element.kids.iter().all(blockless)
    });
    blocks.map(|element| paper.words(element)).filter(|words| !words.is_empty()).collect::<Vec<_>>().join("\n")
}

struct Paper {
    document: Document,
    root: Element,
    pages: Vec<ObjectId>,
    /// What each piece of content says.
    said: BTreeMap<Mark, String>,
    /// The pieces in the order in which they are drawn.
    drawn: Vec<Mark>,
    loose: Vec<String>,
}

impl Paper {
    fn read(bytes: &[u8]) -> Result<Self, lopdf::Error> {
        let document = Document::load_mem(bytes)?;
        let pages: Vec<ObjectId> = document.get_pages().into_values().collect();
        let tree = follow(&document, document.catalog()?.get(b"StructTreeRoot")?).as_dict()?;
        let top = match follow(&document, tree.get(b"K")?) {
            Object::Array(kids) => kids.first().ok_or(lopdf::Error::DictKey("K".to_owned()))?,
            only => only,
        };
        let root = element(&document, top, pages[0])?;
        let mut paper = Self { root, pages, said: BTreeMap::new(), drawn: Vec::new(), loose: Vec::new(), document };
        for page in paper.pages.clone() {
            paper.draw(page)?;
        }
        Ok(paper)
    }

    /// Follows a page's content: which piece says what, and what lies outside any.
    fn draw(&mut self, page: ObjectId) -> Result<(), lopdf::Error> {
        let fonts = self.document.get_page_fonts(page)?.into_iter();
        let fonts: BTreeMap<Vec<u8>, (BTreeMap<u16, String>, u16)> =
            fonts.map(|(name, font)| (name, (unicode(&self.document, font), glyphs(&self.document, font).unwrap_or(u16::MAX)))).collect();
        let mut font = Vec::new();
        let mut open: Vec<Option<i64>> = Vec::new();
        for operation in Content::decode(&self.document.get_page_content(page))?.operations {
            match operation.operator.as_str() {
                "BMC" => open.push(None),
                "BDC" => {
                    let mark = operation.operands.get(1).and_then(|list| list.as_dict().ok()?.get(b"MCID").ok()?.as_i64().ok());
                    open.push(mark);
                    if let Some(mark) = mark {
                        self.drawn.push((page, mark));
                        self.said.entry((page, mark)).or_default();
                    }
                }
                "EMC" => drop(open.pop()),
                "Tf" => font = operation.operands[0].as_name()?.to_vec(),
                painting if PAINTING.contains(&painting) => {
                    if open.is_empty() {
                        self.loose.push(format!("content: {painting} on page {} is neither tagged nor an artifact", self.number(page)));
                    }
                    if open.len() > 1 && open.iter().any(Option::is_some) {
                        self.loose.push(format!("content: {painting} on page {} is tagged twice", self.number(page)));
                    }
                    let codes = operation.operands.iter().flat_map(codes).collect::<Vec<_>>();
                    for code in &codes {
                        let (letters, glyphs) = &fonts[&font];
                        let letter = letters.get(code);
                        if *code == 0 || code >= glyphs || letter.is_none_or(String::is_empty) {
                            self.loose.push(format!("fonts: {letter:?} on page {} has no glyph or no letter", self.number(page)));
                        }
                        if let (Some(letter), Some(mark)) = (letter, open.iter().flatten().next()) {
                            self.said.entry((page, *mark)).or_default().push_str(letter);
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn number(&self, page: ObjectId) -> usize {
        self.pages.iter().position(|known| *known == page).map_or(0, |at| at + 1)
    }

    /// Every element, parents before their kids.
    fn all(&self) -> Vec<&Element> {
        fn walk<'a>(element: &'a Element, out: &mut Vec<&'a Element>) {
            out.push(element);
            for kid in &element.kids {
                if let Kid::Element(kid) = kid {
                    walk(kid, out);
                }
            }
        }
        let mut out = Vec::new();
        walk(&self.root, &mut out);
        out
    }

    fn words(&self, element: &Element) -> String {
        let said: String = marks(element).iter().filter_map(|mark| self.said.get(mark)).fold(String::new(), |out, words| out + words + " ");
        said.replace(['\u{ad}', '\u{2010}'], "").split_whitespace().collect::<Vec<_>>().join(" ")
    }

    fn get<'a>(&'a self, dictionary: &'a Dictionary, key: &str) -> Option<&'a Object> {
        dictionary.get(key.as_bytes()).ok().map(|found| follow(&self.document, found))
    }

    /// `declared`, `language`, `title`, `marked`, `outline`: what the file says of itself.
    fn declared(&self, faults: &mut Vec<String>) {
        let mut need = |holds: bool, what: &str| {
            if !holds {
                faults.push(what.to_owned());
            }
        };
        let catalog = self.document.catalog().expect("read already");
        let meta = self.get(catalog, "Metadata").and_then(|meta| meta.as_stream().ok());
        let meta = meta.map(|meta| meta.decompressed_content().unwrap_or_else(|_| meta.content.clone()));
        let meta = String::from_utf8(meta.unwrap_or_default()).unwrap_or_default();
        need(meta.contains("pdfuaid:part=\"1\"") || meta.contains("<pdfuaid:part>1<"), "declared: pdfuaid:part is not 1");
        need(self.get(catalog, "Lang").is_some_and(|lang| lang.as_str().is_ok_and(|lang| lang == b"es-CO")), "language: not es-CO");
        let flag = |key: &str, name: &str| {
            let inner = self.get(catalog, key).and_then(|inner| self.get(inner.as_dict().ok()?, name));
            inner.is_some_and(|value| value.as_bool().unwrap_or_default())
        };
        need(flag("ViewerPreferences", "DisplayDocTitle"), "title: not shown in place of the file's name");
        need(flag("MarkInfo", "Marked") && !flag("MarkInfo", "Suspects"), "marked: MarkInfo");
        need(self.root.kind == "Document", "marked: the tree does not begin with a document");
        need(self.document.trailer.get(b"Encrypt").is_err(), "declared: encrypted");
        let info = self.document.trailer.get(b"Info").ok().and_then(|info| follow(&self.document, info).as_dict().ok());
        let title =
            info.and_then(|info| self.get(info, "Title")).and_then(|title| lopdf::decode_text_string(title).ok()).unwrap_or_default();
        let escaped = title.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        need(!title.trim().is_empty() && meta.contains(&format!(">{escaped}<")), "title: missing, or not the same in the metadata");
        let bookmarks = self.get(catalog, "Outlines").and_then(|outlines| outlines.as_dict().ok()).map(|top| self.bookmarks(top));
        let headings = self.all().into_iter().filter(|element| level(element).is_some()).map(|element| self.words(element));
        let plain = |text: &String| text.split_whitespace().collect::<String>();
        let headings: Vec<String> = headings.map(|text| plain(&text)).collect();
        need(bookmarks.unwrap_or_default().iter().map(plain).collect::<Vec<_>>() == headings, "outline: bookmarks are not the headings");
    }

    fn bookmarks(&self, parent: &Dictionary) -> Vec<String> {
        let mut out = Vec::new();
        let mut next = self.get(parent, "First");
        while let Some(item) = next.and_then(|item| item.as_dict().ok()) {
            out.extend(self.get(item, "Title").and_then(|title| lopdf::decode_text_string(title).ok()));
            out.extend(self.bookmarks(item));
            next = self.get(item, "Next");
        }
        out
    }

    /// `content`, `order`, `types`: everything drawn is tagged once or an artifact, and is read in the order in which it is drawn.
    fn content(&self, faults: &mut Vec<String>) {
        faults.extend(self.loose.iter().cloned());
        let read = marks(&self.root);
        let (known, drawn): (BTreeSet<_>, BTreeSet<_>) = (read.iter().copied().collect(), self.drawn.iter().copied().collect());
        if known.len() != read.len() {
            faults.push("content: a piece is read twice".to_owned());
        }
        for (page, mark) in drawn.symmetric_difference(&known) {
            faults.push(format!("content: piece {mark} of page {} is drawn and not read, or read and not drawn", self.number(*page)));
        }
        // The label of a list's item stands outside its line and is drawn after it.
        let labels: BTreeSet<Mark> = self.all().into_iter().filter(|element| element.kind == "Lbl").flat_map(marks).collect();
        let read: Vec<Mark> = read.into_iter().filter(|mark| !labels.contains(mark)).collect();
        let place = |mark: &Mark| self.drawn.iter().position(|drawn| drawn == mark);
        for pair in read.windows(2).filter(|pair| place(&pair[0]) > place(&pair[1])) {
            let words = |mark: &Mark| self.said.get(mark).cloned().unwrap_or_default();
            faults.push(format!("order: «{}» is drawn after «{}» and read before", words(&pair[0]), words(&pair[1])));
        }
        for element in self.all().iter().filter(|element| !TYPES.split_whitespace().any(|known| known == element.kind)) {
            faults.push(format!("types: {} is no type of PDF 1.7", element.kind));
        }
    }

    /// `headings`: they begin with the only H1 and skip no level, and none is empty.
    fn headings(&self, faults: &mut Vec<String>) {
        let mut last = 0;
        for heading in self.all() {
            let Some(level) = level(heading) else { continue };
            let words = self.words(heading);
            if level > last + 1 || (level == 1) != (last == 0) {
                faults.push(format!("headings: H{level} «{words}» follows H{last}"));
            }
            if words.is_empty() {
                faults.push(format!("headings: an empty H{level}"));
            }
            last = level;
        }
        if last == 0 {
            faults.push("headings: none".to_owned());
        }
    }

    /// `tables`: a caption, rows of one width, header cells with a scope, data cells with headers that exist.
    fn tables(&self, faults: &mut Vec<String>) {
        for table in self.all().into_iter().filter(|element| element.kind == "Table") {
            let mut cells = Vec::new();
            let mut widths: BTreeMap<usize, i64> = BTreeMap::new();
            for (at, row) in below(table, "TR").into_iter().enumerate() {
                for cell in row.kids.iter().filter_map(Kid::element) {
                    let attributes = self.get(&cell.dictionary, "A").and_then(|found| found.as_dict().ok());
                    let span = |key| attributes.and_then(|found| self.get(found, key)).and_then(|span| span.as_i64().ok()).unwrap_or(1);
                    for further in 0..span("RowSpan") {
                        *widths.entry(at + usize::try_from(further).unwrap_or_default()).or_default() += span("ColSpan");
                    }
                    cells.push((cell, attributes));
                }
            }
            let name = cells.first().map(|(cell, _)| self.words(cell)).unwrap_or_default();
            let mut need = |holds: bool, what: &str| {
                if !holds {
                    faults.push(format!("tables: {what} («{name}»)"));
                }
            };
            need(!below(table, "TH").is_empty(), "no header");
            need(widths.values().collect::<BTreeSet<_>>().len() == 1, "rows of unequal width");
            let names = cells.iter().filter_map(|(cell, _)| cell.dictionary.get(b"ID").ok()?.as_str().ok()).collect::<BTreeSet<_>>();
            for (cell, attributes) in &cells {
                need(["TH", "TD"].contains(&cell.kind.as_str()), "a row holds something else than cells");
                let value = |key| attributes.and_then(|found| self.get(found, key));
                if cell.kind == "TH" {
                    let scope = value("Scope").and_then(|scope| scope.as_name().ok()).unwrap_or_default();
                    need([b"Row".as_slice(), b"Column", b"Both"].contains(&scope), "a header without scope");
                    need(!self.words(cell).is_empty(), "an empty header");
                } else {
                    let headers = value("Headers").and_then(|headers| headers.as_array().ok());
                    let known = |header: &Object| header.as_str().is_ok_and(|header| names.contains(header));
                    need(headers.is_some_and(|headers| !headers.is_empty() && headers.iter().all(known)), "a cell without header");
                }
            }
        }
    }

    /// `lists`: a list holds items and lists, an item its label and its body.
    fn lists(&self, faults: &mut Vec<String>) {
        for element in self.all() {
            let allowed: &[&str] = match element.kind.as_str() {
                "L" => &["LI", "L", "Caption"],
                "LI" => &["Lbl", "LBody"],
                _ => continue,
            };
            if let Some(kid) = element.kids.iter().filter_map(Kid::element).find(|kid| !allowed.contains(&kid.kind.as_str())) {
                faults.push(format!("lists: {} in {} «{}»", kid.kind, element.kind, self.words(element)));
            }
        }
    }

    /// `figures`, `links`: a figure has an alternative text; a link is tagged, described and reached in the tags' order.
    fn figures_and_links(&self, faults: &mut Vec<String>) {
        let all = self.all();
        let filled = |dictionary: &Dictionary, key: &str| {
            self.get(dictionary, key).and_then(|text| lopdf::decode_text_string(text).ok()).is_some_and(|text| !text.trim().is_empty())
        };
        for figure in all.iter().filter(|element| element.kind == "Figure" && !filled(&element.dictionary, "Alt")) {
            faults.push(format!("figures: no alternative text {:?}", figure.id));
        }
        let annotations = |element: &&Element| {
            element.kids.iter().filter_map(|kid| if let Kid::Annotation(id) = kid { Some(*id) } else { None }).collect::<Vec<_>>()
        };
        let tagged: BTreeSet<ObjectId> = all.iter().filter(|element| element.kind == "Link").flat_map(annotations).collect();
        for page in &self.pages {
            let dictionary = self.document.get_dictionary(*page).expect("a page");
            if self.get(dictionary, "Tabs").and_then(|tabs| tabs.as_name().ok()) != Some(b"S") {
                faults.push(format!("links: page {} is not tabbed in the tags' order", self.number(*page)));
            }
            let list = self.get(dictionary, "Annots").and_then(|list| list.as_array().ok());
            for id in list.into_iter().flatten().filter_map(|annotation| annotation.as_reference().ok()) {
                let annotation = self.document.get_dictionary(id).expect("an annotation");
                if !tagged.contains(&id) || !filled(annotation, "Contents") || !annotation.has(b"StructParent") {
                    faults.push(format!("links: one of page {} is not tagged or not described", self.number(*page)));
                }
            }
        }
    }

    /// `fonts`: every font is embedded and tells the letter of each glyph.
    fn fonts(&self, faults: &mut Vec<String>) {
        for page in &self.pages {
            for (name, font) in self.document.get_page_fonts(*page).unwrap_or_default() {
                if embedded(&self.document, font).is_none() || !font.has(b"ToUnicode") {
                    faults.push(format!("fonts: {} is not embedded or has no letters", String::from_utf8_lossy(&name)));
                }
            }
        }
    }
}

impl Kid {
    fn element(&self) -> Option<&Element> {
        if let Self::Element(element) = self { Some(element) } else { None }
    }
}

fn follow<'a>(document: &'a Document, object: &'a Object) -> &'a Object {
    document.dereference(object).map_or(object, |(_, found)| found)
}

fn element(document: &Document, object: &Object, page: ObjectId) -> Result<Element, lopdf::Error> {
    let dictionary = follow(document, object).as_dict()?.clone();
    let page = dictionary.get(b"Pg").and_then(Object::as_reference).unwrap_or(page);
    let kids = match dictionary.get(b"K").map(|kids| follow(document, kids)) {
        Ok(Object::Array(kids)) => kids.clone(),
        Ok(kid) => vec![kid.clone()],
        Err(_) => Vec::new(),
    };
    let kids = kids.iter().map(|kid| match follow(document, kid) {
        Object::Integer(mark) => Ok(Kid::Mark((page, *mark))),
        Object::Dictionary(inner) if inner.has_type(b"OBJR") => Ok(Kid::Annotation(inner.get(b"Obj")?.as_reference()?)),
        Object::Dictionary(inner) if inner.has_type(b"MCR") => {
            let page = inner.get(b"Pg").and_then(Object::as_reference).unwrap_or(page);
            Ok(Kid::Mark((page, inner.get(b"MCID")?.as_i64()?)))
        }
        _ => element(document, kid, page).map(Kid::Element),
    });
    let kind = String::from_utf8_lossy(dictionary.get(b"S")?.as_name()?).into_owned();
    Ok(Element { kind, id: object.as_reference().ok(), kids: kids.collect::<Result<_, lopdf::Error>>()?, dictionary })
}

/// The pieces of content below an element, in the order in which they are read.
fn marks(element: &Element) -> Vec<Mark> {
    let of = |kid: &Kid| match kid {
        Kid::Element(kid) => marks(kid),
        Kid::Mark(mark) => vec![*mark],
        Kid::Annotation(_) => Vec::new(),
    };
    element.kids.iter().flat_map(of).collect()
}

/// The elements of a type below a table, those of inner tables left out.
fn below<'a>(element: &'a Element, kind: &str) -> Vec<&'a Element> {
    let kids = element.kids.iter().filter_map(Kid::element).filter(|kid| kid.kind != "Table");
    kids.flat_map(|kid| if kid.kind == kind { vec![kid] } else { below(kid, kind) }).collect()
}

fn level(element: &Element) -> Option<u32> {
    element.kind.strip_prefix('H').and_then(|level| level.parse().ok())
}

/// The codes that a text operator shows: two bytes each, as composite fonts have them.
fn codes(operand: &Object) -> Vec<u16> {
    match operand {
        Object::String(bytes, _) => bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect(),
        Object::Array(items) => items.iter().flat_map(codes).collect(),
        _ => Vec::new(),
    }
}

/// The file of a composite font.
fn embedded<'a>(document: &'a Document, font: &'a Dictionary) -> Option<&'a Stream> {
    let dictionary = |object: &'a Object| follow(document, object).as_dict().ok();
    let descendant = dictionary(follow(document, font.get(b"DescendantFonts").ok()?).as_array().ok()?.first()?)?;
    let descriptor = dictionary(descendant.get(b"FontDescriptor").ok()?)?;
    let file = [b"FontFile2".as_slice(), b"FontFile3"].iter().find_map(|key| descriptor.get(key).ok())?;
    follow(document, file).as_stream().ok()
}

/// How many glyphs the file of a TrueType font has (table `maxp`); whoever shows another shows an empty box.
fn glyphs(document: &Document, font: &Dictionary) -> Option<u16> {
    let file = embedded(document, font)?;
    let bytes = file.decompressed_content().ok()?;
    let entry = bytes.get(12..)?.chunks_exact(16).find(|entry| entry.starts_with(b"maxp"))?;
    let at = u32::from_be_bytes(entry[8..12].try_into().ok()?) as usize;
    Some(u16::from_be_bytes(bytes.get(at + 4..at + 6)?.try_into().ok()?))
}

/// A font's codes and their letters, from the `bfchar` lines of its map.
fn unicode(document: &Document, font: &Dictionary) -> BTreeMap<u16, String> {
    let map = font.get(b"ToUnicode").ok().and_then(|map| follow(document, map).as_stream().ok());
    let map = map.and_then(|map| map.decompressed_content().ok()).unwrap_or_default();
    let map = String::from_utf8_lossy(&map).into_owned();
    let line = |line: &str| {
        let (code, letters) = line.trim().strip_prefix('<')?.strip_suffix('>')?.split_once("> <")?;
        let units: Option<Vec<u16>> =
            letters.as_bytes().chunks(4).map(|unit| u16::from_str_radix(std::str::from_utf8(unit).ok()?, 16).ok()).collect();
        Some((u16::from_str_radix(code, 16).ok()?, String::from_utf16_lossy(&units?)))
    };
    map.lines().filter_map(line).collect()
}

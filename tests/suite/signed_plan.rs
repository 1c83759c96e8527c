//! Chipaque's pages of the plan, held against the text that was signed, in both directions: what is marked as signed stands there word for word,
//! and every part of what was signed is shown. Words count, not line breaks: the copy that was signed breaks cells where a sheet of paper ends.

use std::collections::BTreeSet;

use http::StatusCode;
use kernel::search::plain;
use suite::{CHIPAQUE, World, root};

/// The words of a text, in lower case.
fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

/// Markup taken away; what it parts stays parted.
fn text_of(html: &str, between: &str) -> String {
    let mut out = String::new();
    let mut rest = html;
    while let Some((before, tag)) = rest.split_once('<') {
        out.push_str(before);
        out.push_str(between);
        rest = tag.split_once('>').map_or("", |(_, after)| after);
    }
    out.push_str(rest);
    [("&quot;", "\""), ("&#39;", "'"), ("&lt;", "<"), ("&gt;", ">"), ("&nbsp;", " "), ("&amp;", "&")]
        .iter()
        .fold(out, |text, (entity, letter)| text.replace(entity, letter))
}

/// The cells of a page that say of themselves that they were signed.
fn signed_cells(html: &str) -> Vec<String> {
    let mut cells = Vec::new();
    for (at, _) in html.match_indices(" data-signed") {
        let opening = html[..at].rfind('<').unwrap();
        let name: String = html[opening + 1..].chars().take_while(char::is_ascii_alphanumeric).collect();
        let inside = &html[opening + html[opening..].find('>').unwrap() + 1..];
        let (open, close) = (format!("<{name}"), format!("</{name}>"));
        let (mut depth, mut end) = (1, 0);
        while depth > 0 {
            let next_close = inside[end..].find(&close).unwrap() + end;
            let next_open = inside[end..].find(&open).map_or(usize::MAX, |found| found + end);
            (depth, end) = if next_open < next_close { (depth + 1, next_open + open.len()) } else { (depth - 1, next_close + close.len()) };
        }
        cells.push(text_of(&inside[..end - close.len()], " "));
    }
    cells
}

/// What was signed: its words in one row, and where its lines, cells and bullets begin.
struct Source {
    words: Vec<String>,
    begins: BTreeSet<usize>,
    segments: Vec<String>,
}

impl Source {
    fn read() -> Self {
        let path = root().join("tenants").join(CHIPAQUE).join("source/plan-de-accion.txt");
        let text = text_of(&std::fs::read_to_string(path).unwrap(), "\n").replace(" - ", "\n").replace('\t', "\n");
        let segments: Vec<String> = text.lines().filter(|line| !words(line).is_empty()).map(str::to_owned).collect();
        let (mut all, mut begins) = (Vec::new(), BTreeSet::new());
        for segment in &segments {
            begins.insert(all.len());
            all.extend(words(segment));
        }
        begins.insert(all.len());
        Self { words: all, begins, segments }
    }

    /// Whether the words stand there: in one piece, or broken where a line of the copy ends and another begins.
    fn holds(&self, cell: &[String], pieces: usize) -> bool {
        let from = |at: usize| {
            let same = cell.iter().zip(&self.words[at..]).take_while(|(cell, word)| cell == word).count();
            let broken = || (1..=same).any(|cut| self.begins.contains(&(at + cut)) && pieces > 1 && self.goes_on(&cell[cut..], pieces - 1));
            same == cell.len() || broken()
        };
        (0..self.words.len()).any(from)
    }

    fn goes_on(&self, rest: &[String], pieces: usize) -> bool {
        let from = |at: usize| {
            let same = rest.iter().zip(&self.words[at..]).take_while(|(cell, word)| cell == word).count();
            same == rest.len()
                || (1..=same).any(|cut| self.begins.contains(&(at + cut)) && pieces > 1 && self.goes_on(&rest[cut..], pieces - 1))
        };
        self.begins.iter().any(|at| from(*at))
    }
}

/// The plan and its action lines, as a citizen's browser gets them.
async fn pages() -> Vec<String> {
    let world = World::new().await;
    let browser = world.front().browser(CHIPAQUE);
    let mut pages = Vec::new();
    for path in std::iter::once("/plan".to_owned()).chain((1..=6).map(|number| format!("/plan/acciones/{number}"))) {
        let shown = browser.get(&path).await;
        assert_eq!(shown.status, StatusCode::OK, "{path}");
        pages.push(shown.body);
    }
    pages
}

#[tokio::test]
async fn nothing_that_is_shown_as_signed_is_invented() {
    let source = Source::read();
    let cells: Vec<String> = pages().await.iter().flat_map(|page| signed_cells(page)).collect();
    assert!(cells.len() > 200, "the pages mark what was signed: {}", cells.len());
    let invented: BTreeSet<_> = cells.iter().filter(|cell| words(cell).is_empty() || !source.holds(&words(cell), 3)).collect();
    assert!(invented.is_empty(), "{invented:#?}");
    for other in ["Palabras que nadie firmó", "Ofrecer más y mejores oportunidades de empleo", "200%"] {
        assert!(!source.holds(&words(other), 3), "{other}");
    }
}

#[tokio::test]
async fn nothing_that_was_signed_is_missing() {
    let source = Source::read();
    let shown: Vec<String> = pages().await.iter().map(|page| words(&plain(&text_of(page, " "))).join(" ")).collect();
    let shown = format!(" {} ", shown.join(" "));
    let missing: Vec<_> =
        source.segments.iter().filter(|segment| !shown.contains(&format!(" {} ", words(&plain(segment)).join(" ")))).collect();
    assert!(source.segments.len() > 150, "{}", source.segments.len());
    assert!(missing.is_empty(), "{missing:#?}");
}

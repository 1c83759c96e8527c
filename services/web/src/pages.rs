//! Pages as found in the crates' `pages/` folders: documents with their variables and operations, checked at start.

use std::collections::{BTreeMap, HashMap};

use async_graphql_parser::types::{DocumentOperations, OperationType, Type};
use include_dir::{Dir, include_dir};

/// The folders that web embeds: its own and each capability's.
pub(crate) static FOLDERS: &[(&str, Dir<'static>)] = &[
    ("web", include_dir!("$CARGO_MANIFEST_DIR/pages")),
    ("identity", include_dir!("$CARGO_MANIFEST_DIR/../identity/pages")),
    ("site", include_dir!("$CARGO_MANIFEST_DIR/../site/pages")),
    ("plan", include_dir!("$CARGO_MANIFEST_DIR/../plan/pages")),
    ("agreements", include_dir!("$CARGO_MANIFEST_DIR/../agreements/pages")),
    ("training", include_dir!("$CARGO_MANIFEST_DIR/../training/pages")),
    ("committee", include_dir!("$CARGO_MANIFEST_DIR/../committee/pages")),
    ("tramites", include_dir!("$CARGO_MANIFEST_DIR/../tramites/pages")),
    ("cases", include_dir!("$CARGO_MANIFEST_DIR/../cases/pages")),
    ("support", include_dir!("$CARGO_MANIFEST_DIR/../support/pages")),
    ("visits", include_dir!("$CARGO_MANIFEST_DIR/../visits/pages")),
    ("circulars", include_dir!("$CARGO_MANIFEST_DIR/../circulars/pages")),
    ("incentives", include_dir!("$CARGO_MANIFEST_DIR/../incentives/pages")),
    ("handover", include_dir!("$CARGO_MANIFEST_DIR/../handover/pages")),
];

/// An operation of a document.
#[derive(Debug, Clone)]
pub(crate) struct Operation {
    pub(crate) name: String,
    pub(crate) mutation: bool,
    /// Declared variables with their types.
    pub(crate) variables: Vec<(String, Type)>,
    /// The operation's own root fields, those of its layout's fragment left out, under the names of their keys in the data.
    pub(crate) roots: Vec<String>,
}

impl Operation {
    /// The first root field: what a mutation does.
    pub(crate) fn root(&self) -> &str {
        self.roots.first().map_or("", String::as_str)
    }
}

/// A page: its document, whole with the layout's fragments.
#[derive(Debug, Clone)]
pub struct Page {
    /// The document, fragments included.
    pub document: String,
    pub(crate) query: Operation,
    pub(crate) mutations: Vec<Operation>,
    /// Whether the document asks for something that belongs to one visitor; such a page is never cached.
    pub personal: bool,
}

/// What the site map lists: a title and a path.
pub type SiteMap = Vec<(String, String)>;

/// Every page by its key.
pub struct Pages(HashMap<String, Page>);

impl Pages {
    /// Reads and checks every document; an error names the file.
    pub fn load() -> Result<Self, String> {
        let files = files();
        let fragments: BTreeMap<String, &str> = files
            .iter()
            .filter(|(path, _)| path.starts_with("web/layout/") && path.ends_with(".graphql"))
            .filter_map(|(_, text)| Some((fragment_name(text)?, *text)))
            .collect();
        let mut pages = HashMap::new();
        for (path, text) in &files {
            let Some(key) = path.strip_suffix(".graphql").filter(|key| !key.starts_with("web/layout/")) else { continue };
            let mut document = (*text).to_owned();
            for (name, fragment) in &fragments {
                if text.contains(&format!("...{name}")) {
                    document.push('\n');
                    document.push_str(fragment);
                }
            }
            pages.insert(key.to_owned(), parse(document).map_err(|why| format!("{path}: {why}"))?);
        }
        Ok(Self(pages))
    }

    /// The page of that key.
    pub fn get(&self, key: &str) -> Option<&Page> {
        self.0.get(key)
    }

    /// Every page with its key.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &Page)> {
        self.0.iter()
    }
}

/// Every embedded text: `<crate>/<path>` and contents.
pub(crate) fn files() -> Vec<(String, &'static str)> {
    fn walk(prefix: &str, dir: &'static Dir<'static>, out: &mut Vec<(String, &'static str)>) {
        for file in dir.files() {
            if let Some(text) = file.contents_utf8() {
                out.push((format!("{prefix}/{}", file.path().display()), text));
            }
        }
        for below in dir.dirs() {
            walk(prefix, below, out);
        }
    }
    let mut out = Vec::new();
    for (name, dir) in FOLDERS {
        walk(name, dir, &mut out);
    }
    out
}

fn fragment_name(text: &str) -> Option<String> {
    let rest = text.split_once("fragment ")?.1;
    Some(rest.split_whitespace().next()?.to_owned())
}

fn parse(document: String) -> Result<Page, String> {
    let parsed = async_graphql_parser::parse_query(&document).map_err(|error| error.to_string())?;
    let DocumentOperations::Multiple(operations) = &parsed.operations else {
        return Err("every operation has a name".to_owned());
    };
    let mut all: Vec<Operation> = Vec::new();
    for (name, operation) in operations {
        let operation = &operation.node;
        let roots = operation.selection_set.node.items.iter().filter_map(|item| match &item.node {
            async_graphql_parser::types::Selection::Field(field) => Some(field.node.response_key().node.to_string()),
            _ => None,
        });
        all.push(Operation {
            name: name.to_string(),
            mutation: operation.ty == OperationType::Mutation,
            variables: operation
                .variable_definitions
                .iter()
                .map(|variable| (variable.node.name.node.to_string(), variable.node.var_type.node.clone()))
                .collect(),
            roots: roots.collect(),
        });
    }
    let (mutations, mut queries): (Vec<_>, Vec<_>) = all.into_iter().partition(|operation| operation.mutation);
    let query = queries.pop().filter(|_| queries.is_empty()).ok_or("a page has exactly one query")?;
    let personal = document.contains("idempotencyKey\n") || document.contains("idempotencyKey ") || document.contains("idempotencyKey}");
    Ok(Page { document, query, mutations, personal })
}

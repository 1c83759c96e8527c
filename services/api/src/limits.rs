//! What one document may ask: depth and complexity by the engine, root fields and aliases here.

use std::sync::Arc;

use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextParseQuery};
use async_graphql::parser::types::{ExecutableDocument, Selection, SelectionSet};
use async_graphql::{ServerError, ServerResult, Variables};

pub(crate) const MAX_DEPTH: usize = 15;
pub(crate) const MAX_COMPLEXITY: usize = 6000;
/// A page of ours asks at most about a dozen root fields.
const MAX_ROOT_FIELDS: usize = 24;
/// Aliases multiply work at the price of a few letters.
const MAX_ALIASES: usize = 32;

pub(crate) struct Limits;

impl ExtensionFactory for Limits {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_graphql::async_trait::async_trait]
impl Extension for Limits {
    async fn parse_query(
        &self,
        ctx: &ExtensionContext<'_>,
        query: &str,
        variables: &Variables,
        next: NextParseQuery<'_>,
    ) -> ServerResult<ExecutableDocument> {
        let document = next.run(ctx, query, variables).await?;
        check(&document)?;
        Ok(document)
    }
}

fn check(document: &ExecutableDocument) -> ServerResult<()> {
    let refuse = |message: &str| {
        let mut error = ServerError::new(message, None);
        error.extensions.get_or_insert_default().set("code", "TOO_COMPLEX");
        Err(error)
    };
    let mut aliases = 0;
    for (_, operation) in document.operations.iter() {
        if operation.node.selection_set.node.items.len() > MAX_ROOT_FIELDS {
            return refuse("La consulta pide demasiados campos a la vez.");
        }
        aliases += count_aliases(&operation.node.selection_set.node);
    }
    aliases += document.fragments.values().map(|fragment| count_aliases(&fragment.node.selection_set.node)).sum::<usize>();
    if aliases > MAX_ALIASES { refuse("La consulta usa demasiados alias.") } else { Ok(()) }
}

fn count_aliases(set: &SelectionSet) -> usize {
    set.items
        .iter()
        .map(|item| match &item.node {
            Selection::Field(field) => usize::from(field.node.alias.is_some()) + count_aliases(&field.node.selection_set.node),
            Selection::InlineFragment(inline) => count_aliases(&inline.node.selection_set.node),
            Selection::FragmentSpread(_) => 0,
        })
        .sum()
}

//! Relay-style paging: nodes, totalCount, pageInfo; at most 100 a page.

use async_graphql::SimpleObject;

use crate::{Error, Result};

/// The most that one page holds.
pub const MAX_PAGE: i32 = 100;

/// Where a page ends.
#[derive(Debug, Clone, SimpleObject)]
pub struct PageInfo {
    /// Pass it as `after` to get the next page; null on an empty page.
    pub end_cursor: Option<String>,
    /// Whether there is a next page.
    pub has_next_page: bool,
}

/// Which page is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Paging {
    /// How many rows.
    pub limit: i64,
    /// How many rows to pass over.
    pub offset: i64,
}

impl Paging {
    /// From `first` and `after`; a page of 20 when nothing is said.
    pub fn new(first: Option<i32>, after: Option<&str>) -> Result<Self> {
        let limit = first.unwrap_or(20);
        if !(1..=MAX_PAGE).contains(&limit) {
            return Err(Error::BadRequest("Pida entre 1 y 100 elementos por página.".into()));
        }
        let offset = match after {
            None => 0,
            Some(cursor) => cursor
                .strip_prefix('c')
                .and_then(|rest| i64::from_str_radix(rest, 36).ok())
                .filter(|offset| (0..=1_000_000).contains(offset))
                .ok_or(Error::BadRequest("El cursor no es de esta lista.".into()))?,
        };
        Ok(Self { limit: i64::from(limit), offset })
    }

    /// The page info of `shown` rows out of `total`.
    pub fn info(self, shown: usize, total: i64) -> PageInfo {
        let end = self.offset + shown as i64;
        PageInfo { end_cursor: (shown > 0).then(|| format!("c{}", base36(end))), has_next_page: end < total }
    }
}

fn base36(mut number: i64) -> String {
    let mut digits = Vec::new();
    loop {
        digits.push(b"0123456789abcdefghijklmnopqrstuvwxyz"[(number % 36) as usize]);
        number /= 36;
        if number == 0 {
            break;
        }
    }
    digits.iter().rev().map(|digit| char::from(*digit)).collect()
}

/// Declares a connection type: `connection!(NewsConnection, NewsItem)`.
#[macro_export]
macro_rules! connection {
    ($name:ident, $node:ty) => {
        /// A page of a list.
        #[derive(async_graphql::SimpleObject)]
        pub struct $name {
            /// The rows of this page.
            pub nodes: Vec<$node>,
            /// How many rows there are in all.
            pub total_count: i32,
            /// Where this page ends.
            pub page_info: $crate::graphql::PageInfo,
        }

        impl $name {
            /// A page of `nodes` out of `total`.
            pub fn new(paging: $crate::graphql::Paging, nodes: Vec<$node>, total: i64) -> Self {
                let page_info = paging.info(nodes.len(), total);
                Self { nodes, total_count: i32::try_from(total).unwrap_or(i32::MAX), page_info }
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::Paging;

    #[test]
    fn a_cursor_leads_to_the_next_page() -> crate::Result<()> {
        let first = Paging::new(Some(40), None)?;
        let cursor = first.info(40, 90).end_cursor.unwrap_or_default();
        assert_eq!(Paging::new(Some(40), Some(&cursor))?.offset, 40);
        Ok(())
    }

    #[test]
    fn a_foreign_cursor_is_refused() {
        assert!(Paging::new(None, Some("; drop table")).is_err());
        assert!(Paging::new(Some(101), None).is_err());
        assert!(Paging::new(Some(0), None).is_err());
    }
}

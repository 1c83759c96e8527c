//! Payloads: what a mutation did, or what the user can mend.

/// Declares a payload: `payload!(PublishNewsPayload { news_item: NewsItem })`. It is made from the mutation's result with `of`.
#[macro_export]
macro_rules! payload {
    ($name:ident { $field:ident: $type:ty }) => {
        /// What the mutation did, or what the user can mend.
        #[derive(async_graphql::SimpleObject)]
        pub struct $name {
            /// What was done; null when something has to be mended.
            pub $field: Option<$type>,
            /// What the user can mend; empty when it was done.
            pub user_errors: Vec<$crate::UserError>,
        }

        impl $name {
            /// Rejections become data; every other error stays an error.
            pub fn of(outcome: $crate::Result<$type>) -> $crate::graphql::GqlResult<Self> {
                match outcome {
                    Ok(done) => Ok(Self { $field: Some(done), user_errors: Vec::new() }),
                    Err($crate::Error::Rejected(user_errors)) => Ok(Self { $field: None, user_errors }),
                    Err(other) => Err(other.into()),
                }
            }
        }
    };
}

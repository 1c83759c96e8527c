//! The merged objects of the committee's parts, and what they share.

use async_graphql::{Context, MergedObject};
use kernel::{Cx, Permission};

use crate::agenda::AgendaQuery;
use crate::evaluations::graphql::{EvaluationsMutation, EvaluationsQuery};
use crate::meetings::graphql::{MeetingsMutation, MeetingsQuery};
use crate::members::graphql::{MembersMutation, MembersQuery};
use crate::reviews::graphql::{ReviewsMutation, ReviewsQuery};
use crate::tasks::graphql::{TasksMutation, TasksQuery};

/// Whether whoever asks is of the administration.
pub(crate) fn inside(ctx: &Context<'_>) -> bool {
    Cx::of(ctx).is_ok_and(|cx| cx.viewer.can(Permission::SeeAdministration))
}

/// Queries of the committee.
#[derive(MergedObject, Default)]
pub struct CommitteeQuery(MembersQuery, TasksQuery, MeetingsQuery, ReviewsQuery, EvaluationsQuery, AgendaQuery);

/// Mutations of the committee.
#[derive(MergedObject, Default)]
pub struct CommitteeMutation(MembersMutation, TasksMutation, MeetingsMutation, ReviewsMutation, EvaluationsMutation);

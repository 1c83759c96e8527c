-- What the agency grants: sites that it features, awards, its television programme, the news of each month. What it grants is a row of
-- the agency's, and a town reads those that name it; what a town sends (a nomination, an experience) is the town's own.
create schema incentives;
grant usage on schema incentives to cabildo_tenant, cabildo_agency, cabildo_support, cabildo_worker;

-- What was last measured of a town, so that the agency can compare; under the agency's tenant stand the sums of the country.
create table incentives.evidence (
    tenant_id uuid             not null references tenancy.tenant (id),
    name      text             not null,
    value     double precision,
    at        timestamptz      not null,
    constraint evidence_pkey primary key (tenant_id, name)
);

create table incentives.feature (
    tenant_id       uuid        not null references tenancy.tenant (id),
    slug            text        not null,
    municipality_id uuid        not null references tenancy.tenant (id),
    reason          text        not null,
    points          integer     not null,
    -- The lines of evidence as they stood when it was chosen.
    evidence        jsonb       not null,
    featured_at     timestamptz not null,
    withdrawn_at    timestamptz,
    withdraw_reason text,
    constraint feature_pkey primary key (tenant_id, slug),
    constraint feature_slug_form check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    constraint feature_reason_length check (length(reason) between 1 and 2000),
    constraint feature_points_range check (points between 0 and 100),
    constraint feature_withdrawal_whole check ((withdrawn_at is null) = (withdraw_reason is null))
);
create index feature_of_municipality on incentives.feature (municipality_id, featured_at);

create table incentives.award_call (
    tenant_id    uuid        not null references tenancy.tenant (id),
    slug         text        not null,
    title        text        not null,
    body         text        not null,
    -- What is judged, with its weight in percent; a nomination answers each.
    criteria     jsonb       not null,
    -- What each place wins, the first first.
    prizes       text[]      not null,
    opens_on     date        not null,
    closes_on    date        not null,
    created_at   timestamptz not null,
    -- The places as they were decided; null until they are.
    results      jsonb,
    results_note text,
    results_at   timestamptz,
    constraint award_call_pkey primary key (tenant_id, slug),
    constraint award_call_slug_form check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    constraint award_call_title_length check (length(title) between 1 and 160),
    constraint award_call_dates_in_order check (closes_on >= opens_on),
    constraint award_call_results_whole check ((results is null) = (results_at is null))
);

create table incentives.nomination (
    tenant_id    uuid        not null references tenancy.tenant (id),
    call         text        not null,
    title        text        not null,
    summary      text        not null,
    -- Key of the criterion: what the town answers.
    answers      jsonb       not null,
    updated_at   timestamptz not null,
    submitted_at timestamptz,
    constraint nomination_pkey primary key (tenant_id, call),
    constraint nomination_title_length check (length(title) between 1 and 160),
    constraint nomination_summary_length check (length(summary) between 1 and 2000)
);

create table incentives.score (
    tenant_id       uuid        not null references tenancy.tenant (id),
    call            text        not null,
    municipality_id uuid        not null references tenancy.tenant (id),
    juror_id        uuid        not null,
    juror_name      text        not null,
    -- From 0 to 100, one a criterion, in the order of the call.
    points          integer[]   not null,
    note            text,
    scored_at       timestamptz not null,
    constraint score_pkey primary key (tenant_id, call, municipality_id, juror_id),
    constraint score_call_known foreign key (tenant_id, call) references incentives.award_call (tenant_id, slug),
    constraint score_points_range check (0 <= all (points) and 100 >= all (points))
);

create table incentives.experience (
    tenant_id    uuid        not null references tenancy.tenant (id),
    id           uuid        not null,
    title        text        not null,
    story        text        not null,
    proposed_at  timestamptz not null,
    withdrawn_at timestamptz,
    constraint experience_pkey primary key (tenant_id, id),
    constraint experience_title_length check (length(title) between 1 and 160),
    constraint experience_story_length check (length(story) between 1 and 8000)
);

create table incentives.broadcast (
    tenant_id       uuid        not null references tenancy.tenant (id),
    slug            text        not null,
    municipality_id uuid        not null references tenancy.tenant (id),
    experience_id   uuid        not null,
    title           text        not null,
    accepted        boolean     not null,
    reason          text        not null,
    decided_at      timestamptz not null,
    airs_on         date,
    summary         text,
    video_url       text,
    -- A video is published with its transcript, or not at all.
    transcript      text,
    published_at    timestamptz,
    constraint broadcast_pkey primary key (tenant_id, slug),
    constraint broadcast_experience_once unique (tenant_id, municipality_id, experience_id),
    constraint broadcast_slug_form check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    constraint broadcast_refused_is_over check (accepted or (airs_on is null and published_at is null)),
    constraint broadcast_published_whole check (published_at is null or (video_url is not null and transcript is not null and summary is not null))
);
create index broadcast_of_municipality on incentives.broadcast (municipality_id, decided_at);

create table incentives.monthly_news (
    tenant_id    uuid        not null references tenancy.tenant (id),
    month        text        not null,
    slug         text        not null,
    title        text        not null,
    body         text        not null,
    drafted_at   timestamptz not null,
    updated_at   timestamptz not null,
    published_at timestamptz,
    constraint monthly_news_pkey primary key (tenant_id, month),
    constraint monthly_news_month_form check (month ~ '^[0-9]{4}-(0[1-9]|1[0-2])$')
);

call kernel.protect('incentives.evidence');
call kernel.protect('incentives.feature');
call kernel.protect('incentives.award_call');
call kernel.protect('incentives.nomination');
call kernel.protect('incentives.score');
call kernel.protect('incentives.experience');
call kernel.protect('incentives.broadcast');
call kernel.protect('incentives.monthly_news');

-- The agency compares what was measured of every town, and the worker adds it up for the country.
create policy evidence_compare on incentives.evidence for select to cabildo_agency, cabildo_worker using (true);
-- A town reads what it was granted.
create policy feature_granted on incentives.feature for select to cabildo_tenant, cabildo_worker
    using (municipality_id = kernel.current_tenant());
create policy broadcast_granted on incentives.broadcast for select to cabildo_tenant, cabildo_worker
    using (municipality_id = kernel.current_tenant());
-- A call is addressed to every town, and its results are public.
create policy award_call_read on incentives.award_call for select to cabildo_tenant, cabildo_worker using (true);
-- The agency reads what was sent to it, and no draft.
create policy nomination_agency_read on incentives.nomination for select to cabildo_agency using (submitted_at is not null);
create policy experience_agency_read on incentives.experience for select to cabildo_agency using (withdrawn_at is null);

grant select on incentives.evidence, incentives.feature, incentives.award_call, incentives.nomination, incentives.experience, incentives.broadcast
    to cabildo_tenant, cabildo_agency, cabildo_support;
grant select on incentives.score, incentives.monthly_news to cabildo_agency;
grant insert, update on incentives.nomination, incentives.experience to cabildo_tenant;
grant insert, update on incentives.feature, incentives.award_call, incentives.score, incentives.broadcast, incentives.monthly_news to cabildo_agency;
grant select, insert, update, delete on incentives.evidence, incentives.feature, incentives.award_call, incentives.nomination, incentives.score,
    incentives.experience, incentives.broadcast, incentives.monthly_news to cabildo_worker;

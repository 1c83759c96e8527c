-- The close of a month as anybody can check it: what municipalities object before it, the chain of signed statements, the files that a
-- close freezes and publishes, and what was corrected afterwards.

-- What the agency signed, in a chain: each statement names the digest of the one before. It belongs to the platform, and nobody may change it.
create table visits.statement (
    number     bigint      not null,
    kind       text        not null,
    month      text        not null,
    stated_at  timestamptz not null,
    stated_by  uuid,
    -- The very bytes that are signed.
    body       text        not null,
    digest     bytea       not null,
    public_key bytea       not null,
    signature  bytea       not null,
    constraint statement_pkey primary key (number),
    constraint statement_number_positive check (number > 0),
    constraint statement_kind_known check (kind in ('CLOSE', 'CORRECTION')),
    constraint statement_month_form check (month ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'),
    constraint statement_lengths check (length(digest) = 32 and length(public_key) = 32 and length(signature) = 64)
);
create unique index statement_one_close on visits.statement (month) where kind = 'CLOSE';

-- What a close freezes and publishes, as the bytes whose digests its statement names.
create table visits.month_file (
    month text not null,
    name  text not null,
    body  text not null,
    constraint month_file_pkey primary key (month, name)
);

-- Null for a month that was closed with the platform's keyed hash, which the platform alone can check.
alter table visits.month_close add column statement bigint;
alter table visits.month_close add constraint month_close_statement foreign key (statement) references visits.statement (number);

-- As the town was at the close; null in months that were closed before this was kept.
alter table visits.ranking_row add column name text;
alter table visits.ranking_row add column department_code text;
alter table visits.ranking_row add column department text;
alter table visits.ranking_row add column population integer;
alter table visits.ranking_row add column department_position integer;
alter table visits.ranking_row add column band_position integer;

-- What a municipality objects to in a month that has ended and is not closed, and what the agency answers.
create table visits.objection (
    tenant_id       uuid        not null references tenancy.tenant (id),
    id              uuid        not null,
    month           text        not null,
    reason          text        not null,
    idempotency_key text        not null,
    filed_at        timestamptz not null,
    filed_by        uuid,
    outcome         text,
    answer          text,
    -- Visits that the answer adds to the month, or takes away.
    adjustment      bigint      not null default 0,
    answered_at     timestamptz,
    answered_by     uuid,
    constraint objection_pkey primary key (tenant_id, id),
    constraint objection_sent_once unique (tenant_id, idempotency_key),
    constraint objection_month_form check (month ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'),
    constraint objection_outcome_known check (outcome in ('ACCEPTED', 'DISMISSED')),
    constraint objection_answered_whole check (num_nulls(outcome, answer, answered_at) in (0, 3)),
    constraint objection_adjusts_when_accepted check (adjustment = 0 or coalesce(outcome, '') = 'ACCEPTED')
);
create index objection_by_month on visits.objection (month);

-- A figure of a closed month that was found wrong later: a dated entry beside the close, which stays as it was signed.
create table visits.correction (
    tenant_id uuid   not null references tenancy.tenant (id),
    statement bigint not null,
    month     text   not null,
    closed    bigint not null,
    corrected bigint not null,
    reason    text   not null,
    constraint correction_pkey primary key (tenant_id, statement),
    constraint correction_statement foreign key (statement) references visits.statement (number),
    constraint correction_not_negative check (corrected >= 0)
);
create index correction_by_month on visits.correction (month);

call kernel.protect('visits.objection');
alter table visits.correction enable row level security;
alter table visits.correction force row level security;
alter table visits.statement enable row level security;
alter table visits.statement force row level security;
alter table visits.month_file enable row level security;
alter table visits.month_file force row level security;

-- What is signed is public, and only the agency signs. Nobody is granted to change or to delete it.
create policy statement_read on visits.statement for select
    to cabildo_tenant, cabildo_agency, cabildo_support, cabildo_worker, cabildo_public using (true);
create policy statement_agency on visits.statement for insert to cabildo_agency with check (true);
create policy month_file_read on visits.month_file for select
    to cabildo_tenant, cabildo_agency, cabildo_support, cabildo_worker, cabildo_public using (true);
create policy month_file_agency on visits.month_file for insert to cabildo_agency with check (true);
create policy correction_read on visits.correction for select
    to cabildo_tenant, cabildo_agency, cabildo_support, cabildo_worker, cabildo_public using (true);
create policy correction_agency on visits.correction for insert to cabildo_agency with check (true);
grant select on visits.statement, visits.month_file, visits.correction
    to cabildo_tenant, cabildo_agency, cabildo_support, cabildo_worker, cabildo_public;
grant insert on visits.statement, visits.month_file, visits.correction to cabildo_agency;

-- A town sees its own objections; the agency answers those of every town; once answered they are public, like the month that they are about.
create policy objection_agency on visits.objection for all to cabildo_agency using (true) with check (true);
create policy objection_answered on visits.objection for select
    to cabildo_tenant, cabildo_support, cabildo_public using (answered_at is not null);
grant select on visits.objection to cabildo_tenant, cabildo_agency, cabildo_support, cabildo_worker, cabildo_public;
grant insert on visits.objection to cabildo_tenant;
grant update (outcome, answer, adjustment, answered_at, answered_by) on visits.objection to cabildo_agency;

-- The agency freezes the hours of every town when it closes a month.
create policy hour_count_close on visits.hour_count for select to cabildo_agency using (true);

-- Indicators in full: what sort of figure, how a period's figure is made, baseline, targets by year; measurements that are unknown or
-- withdrawn; periods that are closed for good; and the progress by month that the agency compares.
alter table plan.indicator
    add column sort         text not null default 'number',
    add column accumulation text not null default 'latest',
    add column baseline     double precision,
    add column baseline_on  date,
    -- Targets by year, [{"year": 2026, "value": 4}]; a year that is not in it has target_value.
    add column targets      jsonb not null default '[]',
    add column responsible  text,
    -- What proves a figure, where the plan says so.
    add column evidence     text,
    add constraint indicator_sort_known check (sort in ('count', 'share', 'frequency', 'yes_no', 'number')),
    add constraint indicator_accumulation_known check (accumulation in ('sum', 'latest', 'hold', 'reduce')),
    add constraint indicator_baseline_dated check (baseline_on is null or baseline is not null),
    drop constraint indicator_cadence_known,
    add constraint indicator_cadence_known check (cadence in ('per_week', 'per_semester', 'per_year', 'whole_period'));

-- What the unit told so far, told by columns of its own.
update plan.indicator
set sort = case when unit = '%' then 'share' when unit = 'sí o no' then 'yes_no' when unit = 'días' then 'frequency'
                when cadence = 'per_year' then 'count' else 'number' end,
    accumulation = case when unit = 'días' then 'reduce' else 'latest' end;

alter table plan.measurement
    -- Null where a measure failed: unknown, which is not zero.
    alter column value drop not null,
    -- How many files proved it when it was recorded; what is missing of them was removed since.
    add column files            integer not null default 0,
    add column withdrawn_at     timestamptz,
    add column withdrawn_by     uuid,
    add column withdrawn_reason text,
    add constraint measurement_known_or_computed check (value is not null or recorded_by is null),
    add constraint measurement_withdrawal_whole check ((withdrawn_at is null) = (withdrawn_reason is null));

-- A measurement of a person is withdrawn with its reason and never deleted; one that failed is known once it succeeds.
grant update (withdrawn_at, withdrawn_by, withdrawn_reason) on plan.measurement to cabildo_tenant;

-- The figure of a period that has ended. Entry 0 is the lock, the next ones corrections with their reason. Nobody is granted to change one.
create table plan.period_value (
    tenant_id    uuid        not null,
    indicator_id uuid        not null,
    starts_on    date        not null,
    entry        integer     not null,
    -- The last day that belongs to it.
    ends_on      date        not null,
    -- Null where nothing was known of it.
    value        double precision,
    -- The target that was in force.
    target       double precision,
    -- When the last figure that it is made of was found.
    measured_at  timestamptz,
    locked_at    timestamptz not null,
    source       text        not null,
    reason       text,
    evidence     text,
    by_id        uuid,
    constraint period_value_pkey primary key (tenant_id, indicator_id, starts_on, entry),
    constraint period_value_indicator_known foreign key (tenant_id, indicator_id) references plan.indicator (tenant_id, id),
    constraint period_value_span check (ends_on >= starts_on),
    constraint period_value_entry_not_negative check (entry >= 0),
    constraint period_value_correction_reasoned check ((entry = 0) = (reason is null))
);

-- How far a plan has come in a month: the whole, each action line, each phase. The current month is written anew each day.
create table plan.progress (
    tenant_id  uuid        not null references tenancy.tenant (id),
    month      text        not null,
    -- The framework and its version: only what has the same is compared.
    framework  text        not null,
    -- `plan`, `line:<number>` or `phase:<key>`.
    scope      text        not null,
    title      text        not null,
    place      integer     not null,
    -- Null where nothing is known.
    percent    double precision,
    target     double precision,
    -- Of how many figures the percentage is made, and how many there are.
    known      integer     not null,
    total      integer     not null,
    counted_at timestamptz not null,
    constraint progress_pkey primary key (tenant_id, month, framework, scope),
    constraint progress_month_form check (month ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'),
    constraint progress_scope_form check (scope ~ '^(plan|line:[0-9]+|phase:[a-z0-9-]+)$'),
    constraint progress_percent_range check (percent between 0 and 100),
    constraint progress_known_of_total check (known between 0 and total)
);
create index progress_compared on plan.progress (month, framework, scope) include (tenant_id, percent);

call kernel.protect('plan.period_value');
call kernel.protect('plan.progress');
grant select on plan.period_value, plan.progress to cabildo_tenant, cabildo_agency, cabildo_support, cabildo_public;
grant insert on plan.period_value to cabildo_tenant;
grant select, insert, delete on plan.period_value to cabildo_worker;
grant select, insert, update, delete on plan.progress to cabildo_worker;

-- The agency compares what every municipality has come to.
create policy progress_agency_compares on plan.progress for select to cabildo_agency using (true);

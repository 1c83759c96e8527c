-- The action plan of a municipality as it was signed, and what has been measured, assessed and done of it since.
create schema plan;
grant usage on schema plan to cabildo_tenant, cabildo_agency, cabildo_support, cabildo_worker, cabildo_public;

-- One plan a tenant. What is only read as a whole (lists of paragraphs, letterhead, notes) stays in arrays and documents.
create table plan.plan (
    tenant_id           uuid   not null references tenancy.tenant (id),
    key                 text   not null,
    title               text   not null,
    framework           text   not null,
    period              jsonb,
    legal_frame         text   not null,
    vision              text   not null,
    general_objective   text   not null,
    specific_objectives text[] not null,
    framework_lines     text[] not null,
    closing_activities  jsonb  not null,
    help_table          jsonb  not null,
    incentives          jsonb  not null,
    signed_by           text   not null,
    letterhead          jsonb  not null,
    notes               jsonb  not null,
    constraint plan_pkey primary key (tenant_id)
);

create table plan.action_line (
    tenant_id     uuid    not null references plan.plan (tenant_id),
    number        integer not null,
    title         text    not null,
    benefits      text[]  not null,
    responsibles  text[]  not null,
    resources     text[]  not null,
    duration_text text    not null,
    constraint action_line_pkey primary key (tenant_id, number),
    constraint action_line_number_positive check (number > 0)
);

create table plan.indicator (
    tenant_id    uuid    not null,
    id           uuid    not null,
    action_line  integer not null,
    place        integer not null,
    key          text    not null,
    name         text    not null,
    -- The target as signed, and its figure; null where the plan sets none.
    target       text,
    target_value double precision,
    unit         text,
    cadence      text,
    kind         text    not null,
    measure      text,
    note         text,
    constraint indicator_pkey primary key (tenant_id, id),
    constraint indicator_key_unique unique (tenant_id, action_line, key),
    constraint indicator_action_line_known foreign key (tenant_id, action_line) references plan.action_line (tenant_id, number),
    constraint indicator_key_form check (key ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    constraint indicator_cadence_known check (cadence in ('per_week', 'per_year', 'whole_period')),
    constraint indicator_kind_known check (kind in ('COMPUTED', 'RECORDED')),
    constraint indicator_computed_has_measure check ((kind = 'COMPUTED') = (measure is not null))
);

create table plan.activity (
    tenant_id    uuid    not null,
    action_line  integer not null,
    number       integer not null,
    text         text    not null,
    -- Null where the plan does not pair activity and responsible.
    responsibles text[],
    done_at      timestamptz,
    evidence     text,
    constraint activity_pkey primary key (tenant_id, action_line, number),
    constraint activity_action_line_known foreign key (tenant_id, action_line) references plan.action_line (tenant_id, number)
);

create table plan.phase (
    tenant_id         uuid    not null references plan.plan (tenant_id),
    key               text    not null,
    place             integer not null,
    name              text    not null,
    national_deadline date    not null,
    deadline          date    not null,
    -- Percent; null where the plan sets none.
    target            double precision,
    -- The percentage at the last reading, for who asks the measure from outside; the pages compute it anew.
    share             double precision,
    constraint phase_pkey primary key (tenant_id, key),
    constraint phase_target_percent check (target between 0 and 100)
);

-- What a person found of a criterion of the framework. A criterion that a measure answers needs no row.
create table plan.criterion_state (
    tenant_id uuid        not null references plan.plan (tenant_id),
    code      text        not null,
    state     text        not null,
    evidence  text,
    by_id     uuid,
    at        timestamptz not null,
    constraint criterion_state_pkey primary key (tenant_id, code),
    constraint criterion_state_known check (state in ('YES', 'PARTIAL', 'NO', 'NOT_APPLICABLE')),
    constraint criterion_state_proven check (state not in ('YES', 'PARTIAL') or evidence is not null)
);

-- Measurements are added and never changed: recorded by a person, or computed and locked each day.
create table plan.measurement (
    tenant_id    uuid             not null,
    id           uuid             not null,
    indicator_id uuid             not null,
    value        double precision not null,
    at           timestamptz      not null,
    source       text             not null,
    evidence     text,
    recorded_by  uuid,
    constraint measurement_pkey primary key (tenant_id, id),
    constraint measurement_indicator_known foreign key (tenant_id, indicator_id) references plan.indicator (tenant_id, id)
);
create index measurement_latest on plan.measurement (tenant_id, indicator_id, at desc, id desc);

call kernel.protect('plan.plan');
call kernel.protect('plan.action_line');
call kernel.protect('plan.indicator');
call kernel.protect('plan.activity');
call kernel.protect('plan.phase');
call kernel.protect('plan.criterion_state');
call kernel.protect('plan.measurement');
grant select on plan.plan, plan.action_line, plan.indicator, plan.activity, plan.phase, plan.criterion_state, plan.measurement
    to cabildo_tenant, cabildo_agency, cabildo_support, cabildo_public;
grant insert on plan.measurement to cabildo_tenant;
grant insert, update on plan.criterion_state to cabildo_tenant;
grant update (done_at, evidence) on plan.activity to cabildo_tenant;
grant update (share) on plan.phase to cabildo_tenant;
grant select, insert, update, delete
    on plan.plan, plan.action_line, plan.indicator, plan.activity, plan.phase, plan.criterion_state, plan.measurement to cabildo_worker;

-- The daily reading asks which tenants have a plan.
create policy plan_worker_finds on plan.plan for select to cabildo_worker using (true);

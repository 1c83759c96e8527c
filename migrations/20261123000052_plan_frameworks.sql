-- Frameworks in versions: how a criterion stands belongs to framework, version and code, with its reason, its proof and its history; what
-- measures said at the last reading is kept, so that pages ask nobody else; and how far each phase had come is written down day by day.
alter table plan.criterion_state
    add column framework     text    not null default 'gel-2008',
    add column version       integer not null default 1,
    -- Why it does not apply, or what is missing.
    add column reason        text,
    -- The address of this site that proved it when it was said; gone since, the state stands without support.
    add column evidence_path text,
    -- How many files proved it when it was said.
    add column files         integer not null default 0,
    -- Who said it, by the name of that day.
    add column by_name       text,
    -- A framework binds every municipality, whether it has a plan or not.
    drop constraint criterion_state_tenant_id_fkey,
    add constraint criterion_state_tenant_known foreign key (tenant_id) references tenancy.tenant (id),
    drop constraint criterion_state_pkey,
    add constraint criterion_state_pkey primary key (tenant_id, framework, version, code),
    drop constraint criterion_state_proven,
    add constraint criterion_state_proven check (state not in ('YES', 'PARTIAL') or evidence is not null or files > 0);
alter table plan.criterion_state alter column framework drop default, alter column version drop default;
-- Until now the reason stood where the evidence stands.
update plan.criterion_state set reason = coalesce(evidence, 'Sin motivo escrito.'), evidence = null where state = 'NOT_APPLICABLE';
alter table plan.criterion_state add constraint criterion_state_reasoned check (state <> 'NOT_APPLICABLE' or reason is not null);

-- What was said of a criterion, and what a measure came to say of it; added and never changed.
create table plan.criterion_event (
    tenant_id uuid        not null references tenancy.tenant (id),
    id        uuid        not null,
    framework text        not null,
    version   integer     not null,
    code      text        not null,
    at        timestamptz not null,
    -- Null where the measure no longer knows.
    state     text,
    reason    text,
    evidence  text,
    -- Whether the platform itself said it, by a measure.
    computed  boolean     not null,
    by_id     uuid,
    by_name   text,
    constraint criterion_event_pkey primary key (tenant_id, id),
    constraint criterion_event_state_known check (state in ('YES', 'PARTIAL', 'NO', 'NOT_APPLICABLE'))
);
create index criterion_event_latest on plan.criterion_event (tenant_id, framework, code, at desc, id desc);

-- What the measure of a criterion said at the last reading.
create table plan.finding (
    tenant_id uuid             not null references tenancy.tenant (id),
    framework text             not null,
    version   integer          not null,
    code      text             not null,
    -- Null where the measure has nothing to say.
    state     text,
    value     double precision,
    -- Whether it could not be computed: unknown, which is not «no».
    failed    boolean          not null,
    at        timestamptz      not null,
    -- Since when it says so.
    since     timestamptz      not null,
    constraint finding_pkey primary key (tenant_id, framework, version, code),
    constraint finding_state_known check (state in ('YES', 'PARTIAL', 'NO')),
    constraint finding_failed_unknown check (not failed or (state is null and value is null))
);

-- The last reading of a municipality: when, and of which content version. Another version is a reason to read again.
create table plan.reading (
    tenant_id uuid        not null references tenancy.tenant (id),
    content   bigint      not null,
    at        timestamptz not null,
    constraint reading_pkey primary key (tenant_id)
);

-- How far a phase had come on a day. A row stands until the next one; a day that is over is never written again, and another version
-- of the framework has rows of its own.
create table plan.score (
    tenant_id         uuid        not null references tenancy.tenant (id),
    framework         text        not null,
    version           integer     not null,
    phase             text        not null,
    day               date        not null,
    -- Null while nothing is known.
    percent           double precision,
    applicable        integer     not null,
    met               integer     not null,
    partial           integer     not null,
    unanswered        integer     not null,
    essential_missing integer     not null,
    counted_at        timestamptz not null,
    constraint score_pkey primary key (tenant_id, framework, phase, day, version),
    constraint score_percent_range check (percent between 0 and 100)
);

call kernel.protect('plan.criterion_event');
call kernel.protect('plan.finding');
call kernel.protect('plan.reading');
call kernel.protect('plan.score');
grant select on plan.criterion_event, plan.finding, plan.reading, plan.score to cabildo_tenant, cabildo_agency, cabildo_support, cabildo_public;
grant insert on plan.criterion_event to cabildo_tenant;
grant select, insert, delete on plan.criterion_event to cabildo_worker;
grant select, insert, update, delete on plan.finding, plan.reading, plan.score to cabildo_worker;

-- The minute's look at what has changed asks which municipalities have not been read since.
create policy reading_worker_finds on plan.reading for select to cabildo_worker using (true);

-- The share of a phase is read from its scores.
alter table plan.phase drop column share;

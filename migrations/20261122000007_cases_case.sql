-- What citizens file: cases with their radicado, their legal due date and what happened to them.
create schema cases;
grant usage on schema cases to cabildo_tenant, cabildo_worker;

-- The last consecutive of each year. A row is never deleted, so that no radicado is ever given twice.
create table cases.radicado_counter (
    tenant_id uuid    not null references tenancy.tenant (id),
    year      integer not null,
    last      bigint  not null,
    constraint radicado_counter_pkey primary key (tenant_id, year)
);

create table cases.case_file (
    tenant_id       uuid        not null references tenancy.tenant (id),
    id              uuid        not null,
    radicado        text        not null,
    -- Code of the legal terms (tenants/national/pqrsd_terms.csv).
    kind            text        not null,
    subject         text        not null,
    body            text        not null,
    name            text,
    email           text,
    anonymous       boolean     not null,
    idempotency_key text        not null,
    -- The code was told once to whoever filed; only its keyed hash is kept.
    code_hash       text        not null,
    state           text        not null,
    dependency      text,
    opened_at       timestamptz not null,
    -- The date of radication, from which the term runs: a filing after hours arrives on the next working day.
    received_on     date        not null,
    -- Null where the request itself sets the date.
    due_on          date,
    answered_at     timestamptz,
    answer          text,
    constraint case_file_pkey primary key (tenant_id, id),
    constraint case_file_radicado_unique unique (tenant_id, radicado),
    constraint case_file_idempotency_key_unique unique (tenant_id, idempotency_key),
    constraint case_file_radicado_form check (radicado ~ '^[0-9]{4}-[0-9]{6,}-[0-9]$'),
    constraint case_file_state_known check (state in ('RECEIVED', 'IN_PROGRESS', 'ANSWERED', 'CLOSED')),
    constraint case_file_subject_length check (length(subject) between 1 and 120),
    constraint case_file_body_length check (length(body) between 1 and 20000),
    constraint case_file_anonymous_unnamed check (not anonymous or (name is null and email is null)),
    constraint case_file_answer_whole check ((answer is null) = (answered_at is null))
);
create index case_file_due on cases.case_file (tenant_id, due_on) where answered_at is null;
create index case_file_latest on cases.case_file (tenant_id, opened_at desc);

create table cases.case_event (
    tenant_id uuid        not null references tenancy.tenant (id),
    id        uuid        not null,
    case_id   uuid        not null,
    at        timestamptz not null,
    text      text        not null,
    -- Whether whoever filed sees it, or officials alone.
    public    boolean     not null,
    actor_id  uuid,
    constraint case_event_pkey primary key (tenant_id, id),
    -- Checked at commit: the case itself is written last, once its radicado is known.
    constraint case_event_case_known foreign key (tenant_id, case_id) references cases.case_file (tenant_id, id)
        deferrable initially deferred
);
create index case_event_timeline on cases.case_event (tenant_id, case_id, at);

call kernel.protect('cases.radicado_counter');
call kernel.protect('cases.case_file');
call kernel.protect('cases.case_event');
grant select, insert, update on cases.radicado_counter, cases.case_file to cabildo_tenant;
grant select, insert on cases.case_event to cabildo_tenant;
grant select, insert, update, delete on cases.case_file, cases.case_event to cabildo_worker;
grant select, insert, update on cases.radicado_counter to cabildo_worker;

-- Training of Alcaldía, Concejo and community: courses and their sessions, who attended, and certificates that verify.
-- Nothing is deleted: what was recorded by mistake is annulled, cancelled or revoked with a reason.
create schema training;
grant usage on schema training to cabildo_tenant, cabildo_agency, cabildo_support, cabildo_public, cabildo_worker;

create table training.course (
    tenant_id          uuid        not null references tenancy.tenant (id),
    slug               text        not null,
    title              text        not null,
    audiences          text[]      not null,
    topics             text[]      not null,
    provider           text        not null,
    hours              integer     not null,
    -- The agreement that it comes from, by its name in addresses; an agreement is another capability's.
    agreement          text,
    -- Who attended at least this part of the sessions gets a certificate.
    attendance_percent integer     not null,
    annulled_at        timestamptz,
    annul_reason       text,
    recorded_at        timestamptz not null,
    updated_at         timestamptz not null,
    constraint course_pkey primary key (tenant_id, slug),
    constraint course_slug_form check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    constraint course_title_length check (length(title) between 1 and 200),
    constraint course_audiences_known check (audiences <@ array['ALCALDIA', 'CONCEJO', 'COMUNIDAD'] and cardinality(audiences) > 0),
    constraint course_hours_range check (hours between 1 and 2000),
    constraint course_attendance_range check (attendance_percent between 1 and 100),
    constraint course_annulment_whole check ((annulled_at is null) = (annul_reason is null))
);

create table training.session (
    tenant_id     uuid        not null references tenancy.tenant (id),
    id            uuid        not null,
    course        text        not null,
    begins_at     timestamptz not null,
    minutes       integer     not null,
    place         text,
    link          text,
    -- Since when it is known who came; null while nobody has said.
    attendance_at timestamptz,
    has_material  boolean     not null,
    cancelled_at  timestamptz,
    cancel_reason text,
    constraint session_pkey primary key (tenant_id, id),
    constraint session_course_known foreign key (tenant_id, course) references training.course (tenant_id, slug),
    constraint session_minutes_range check (minutes between 15 and 720),
    constraint session_somewhere check (place is not null or link is not null),
    constraint session_cancelled_whole check ((cancelled_at is null) = (cancel_reason is null))
);
create index session_calendar on training.session (tenant_id, begins_at);

-- A person in a course. Document and e-mail are for whoever keeps the training alone.
create table training.enrolment (
    tenant_id       uuid        not null references tenancy.tenant (id),
    id              uuid        not null,
    course          text        not null,
    audience        text        not null,
    name            text        not null,
    -- The office, the organ or the community that the person comes from.
    belongs_to      text,
    document_kind   text,
    document_number text,
    email           text,
    enrolled_at     timestamptz not null,
    annulled_at     timestamptz,
    annul_reason    text,
    constraint enrolment_pkey primary key (tenant_id, id),
    constraint enrolment_course_known foreign key (tenant_id, course) references training.course (tenant_id, slug),
    constraint enrolment_audience_known check (audience in ('ALCALDIA', 'CONCEJO', 'COMUNIDAD')),
    constraint enrolment_name_length check (length(name) between 1 and 120),
    constraint enrolment_document_kind_known check (document_kind in ('CC', 'TI', 'CE', 'PPT', 'PA')),
    constraint enrolment_document_whole check ((document_kind is null) = (document_number is null)),
    constraint enrolment_annulment_whole check ((annulled_at is null) = (annul_reason is null))
);
create index enrolment_list on training.enrolment (tenant_id, course, name);
-- In a course a document is one person's.
create unique index enrolment_document_unique on training.enrolment (tenant_id, course, document_kind, document_number)
    where document_number is not null and annulled_at is null;

-- Who came to a session.
create table training.attendance (
    tenant_id  uuid not null references tenancy.tenant (id),
    session    uuid not null,
    enrolment  uuid not null,
    constraint attendance_pkey primary key (tenant_id, session, enrolment),
    constraint attendance_session_known foreign key (tenant_id, session) references training.session (tenant_id, id),
    constraint attendance_enrolment_known foreign key (tenant_id, enrolment) references training.enrolment (tenant_id, id)
);
create index attendance_of_person on training.attendance (tenant_id, enrolment);

-- What a certificate said when it was issued. Its code is all that opens it.
create table training.certificate (
    tenant_id     uuid        not null references tenancy.tenant (id),
    code          text        not null,
    course        text        not null,
    enrolment     uuid        not null,
    name          text        not null,
    title         text        not null,
    provider      text        not null,
    hours         integer     not null,
    attended      integer     not null,
    sessions      integer     not null,
    finished_on   date        not null,
    issued_at     timestamptz not null,
    revoked_at    timestamptz,
    revoke_reason text,
    constraint certificate_pkey primary key (tenant_id, code),
    constraint certificate_course_known foreign key (tenant_id, course) references training.course (tenant_id, slug),
    constraint certificate_enrolment_known foreign key (tenant_id, enrolment) references training.enrolment (tenant_id, id),
    constraint certificate_code_form check (code ~ '^C-[A-Z2-9]{4}-[A-Z2-9]{4}-[A-Z2-9]{4}$'),
    constraint certificate_revoked_whole check ((revoked_at is null) = (revoke_reason is null))
);
-- A person holds at most one certificate of a course that is not revoked.
create unique index certificate_standing_unique on training.certificate (tenant_id, enrolment) where revoked_at is null;
create index certificate_of_course on training.certificate (tenant_id, course);

call kernel.protect('training.course');
call kernel.protect('training.session');
call kernel.protect('training.enrolment');
call kernel.protect('training.attendance');
call kernel.protect('training.certificate');
grant select on training.course, training.session to cabildo_tenant, cabildo_agency, cabildo_support, cabildo_public;
grant select on training.enrolment, training.attendance, training.certificate to cabildo_tenant;
grant insert, update on training.course, training.session, training.enrolment, training.certificate to cabildo_tenant;
grant insert, delete on training.attendance to cabildo_tenant;
grant select, insert, update, delete on training.course, training.session, training.enrolment, training.attendance, training.certificate
    to cabildo_worker;

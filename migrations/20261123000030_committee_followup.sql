-- The Comité GEL-T at work: who sits in it, its tasks, its meetings with their minutes, its semester reviews, and its evaluations.
create schema committee;
grant usage on schema committee to cabildo_tenant, cabildo_agency, cabildo_support, cabildo_public, cabildo_worker;

create table committee.member (
    tenant_id  uuid not null references tenancy.tenant (id),
    id         uuid not null,
    name       text not null,
    post       text,
    organ      text not null,
    role       text not null,
    -- The account of the platform, for who has one.
    account_id uuid,
    email      text,
    -- The act that designates the person.
    act        text,
    since      date not null,
    until      date,
    constraint member_pkey primary key (tenant_id, id),
    constraint member_name_length check (length(name) between 1 and 160),
    constraint member_organ_known check (organ in ('ALCALDIA', 'CONCEJO', 'PERSONERIA', 'COMMUNITY')),
    constraint member_role_known check (role in ('PRESIDES', 'SECRETARY', 'MEMBER')),
    constraint member_ends_later check (until >= since)
);

create table committee.task (
    tenant_id       uuid        not null references tenancy.tenant (id),
    id              uuid        not null,
    title           text        not null,
    detail          text,
    -- Who answers for it: a name as written; with a seat in the committee, an account, or neither.
    responsible     text,
    member_id       uuid,
    account_id      uuid,
    email           text,
    due_on          date        not null,
    -- The activity of the plan that it serves, by its numbers there.
    action_line     integer,
    activity        integer,
    state           text        not null,
    -- Why it was dropped.
    reason          text,
    -- What was done, once it is done.
    evidence        text,
    recurrence      text,
    recurs_until    date,
    -- The first date of its series, from which every other is counted.
    series_from     date        not null,
    idempotency_key text        not null,
    created_at      timestamptz not null,
    closed_at       timestamptz,
    constraint task_pkey primary key (tenant_id, id),
    constraint task_once unique (tenant_id, idempotency_key),
    constraint task_member_known foreign key (tenant_id, member_id) references committee.member (tenant_id, id),
    constraint task_title_length check (length(title) between 1 and 200),
    constraint task_detail_length check (length(detail) <= 4000),
    constraint task_state_known check (state in ('OPEN', 'DONE', 'DROPPED')),
    constraint task_closed_whole check ((state = 'OPEN') = (closed_at is null)),
    constraint task_dropped_because check (state <> 'DROPPED' or reason is not null),
    constraint task_recurrence_known check (recurrence in ('WEEKLY', 'MONTHLY', 'SEMESTER')),
    constraint task_recurrence_ends check ((recurrence is null) = (recurs_until is null)),
    constraint task_responsible_named check (responsible is not null or (member_id is null and account_id is null and email is null)),
    constraint task_activity_of_a_line check (activity is null or action_line is not null)
);
create index task_due on committee.task (tenant_id, due_on) where state = 'OPEN';

-- What happened to a task.
create table committee.task_event (
    tenant_id  uuid        not null,
    id         uuid        not null,
    task_id    uuid        not null,
    at         timestamptz not null,
    actor_id   uuid,
    actor_name text,
    text       text        not null,
    constraint task_event_pkey primary key (tenant_id, id),
    constraint task_event_task_known foreign key (tenant_id, task_id) references committee.task (tenant_id, id)
);
create index task_event_timeline on committee.task_event (tenant_id, task_id, at);

-- Reminders that have gone out, so that none goes out twice.
create table committee.reminder (
    tenant_id uuid        not null,
    task_id   uuid        not null,
    due_on    date        not null,
    -- The day of the reminder: seven days before the date, the date, each week after it.
    slot      date        not null,
    at        timestamptz not null,
    constraint reminder_pkey primary key (tenant_id, task_id, due_on, slot),
    constraint reminder_task_known foreign key (tenant_id, task_id) references committee.task (tenant_id, id)
);

create table committee.meeting (
    tenant_id       uuid        not null references tenancy.tenant (id),
    id              uuid        not null,
    year            integer     not null,
    -- Consecutive of the year: «Acta 3 de 2026».
    number          integer     not null,
    kind            text        not null,
    at              timestamptz not null,
    place           text        not null,
    agenda          text        not null,
    public          boolean     not null,
    state           text        not null,
    minutes         text,
    guests          text,
    cancelled_for   text,
    minutes_at      timestamptz,
    approved_at     timestamptz,
    approved_by     text,
    idempotency_key text        not null,
    created_at      timestamptz not null,
    constraint meeting_pkey primary key (tenant_id, id),
    constraint meeting_number_unique unique (tenant_id, year, number),
    constraint meeting_once unique (tenant_id, idempotency_key),
    constraint meeting_kind_known check (kind in ('ORDINARY', 'EXTRAORDINARY')),
    constraint meeting_state_known check (state in ('CONVENED', 'DRAFT', 'APPROVED', 'CANCELLED')),
    constraint meeting_minutes_length check (length(minutes) between 1 and 60000),
    constraint meeting_minutes_whole check ((minutes is null) = (minutes_at is null)),
    constraint meeting_approved_whole check ((state = 'APPROVED') = (approved_at is not null) and (approved_at is null or minutes is not null)),
    constraint meeting_cancelled_because check ((state = 'CANCELLED') = (cancelled_for is not null))
);
create index meeting_latest on committee.meeting (tenant_id, at desc);

-- Who came, as the minutes name them.
create table committee.attendance (
    tenant_id  uuid not null,
    meeting_id uuid not null,
    member_id  uuid not null,
    name       text not null,
    post       text,
    state      text not null,
    constraint attendance_pkey primary key (tenant_id, meeting_id, member_id),
    constraint attendance_meeting_known foreign key (tenant_id, meeting_id) references committee.meeting (tenant_id, id),
    constraint attendance_member_known foreign key (tenant_id, member_id) references committee.member (tenant_id, id),
    constraint attendance_state_known check (state in ('PRESENT', 'EXCUSED', 'ABSENT'))
);

create table committee.decision (
    tenant_id  uuid    not null,
    id         uuid    not null,
    meeting_id uuid    not null,
    place      integer not null,
    text       text    not null,
    task_id    uuid,
    constraint decision_pkey primary key (tenant_id, id),
    constraint decision_meeting_known foreign key (tenant_id, meeting_id) references committee.meeting (tenant_id, id),
    constraint decision_task_known foreign key (tenant_id, task_id) references committee.task (tenant_id, id),
    constraint decision_text_length check (length(text) between 1 and 1000)
);
create index decision_meeting on committee.decision (tenant_id, meeting_id, place);

-- Approved minutes are frozen: what has to be corrected is noted beside them, with its date.
create table committee.minutes_note (
    tenant_id  uuid        not null,
    id         uuid        not null,
    meeting_id uuid        not null,
    at         timestamptz not null,
    actor_name text,
    text       text        not null,
    constraint minutes_note_pkey primary key (tenant_id, id),
    constraint minutes_note_meeting_known foreign key (tenant_id, meeting_id) references committee.meeting (tenant_id, id),
    constraint minutes_note_text_length check (length(text) between 1 and 2000)
);

create table committee.review (
    tenant_id uuid        not null references tenancy.tenant (id),
    id        uuid        not null,
    year      integer     not null,
    semester  integer     not null,
    opened_at timestamptz not null,
    closed_at timestamptz,
    closed_by text,
    summary   text,
    -- What the platform measured when the review was closed.
    figures   jsonb       not null default '[]',
    constraint review_pkey primary key (tenant_id, id),
    constraint review_period_unique unique (tenant_id, year, semester),
    constraint review_semester_known check (semester in (1, 2)),
    constraint review_closed_whole check ((closed_at is null) = (summary is null))
);

create table committee.review_step (
    tenant_id  uuid        not null,
    review_id  uuid        not null,
    step       text        not null,
    decision   text        not null,
    note       text,
    task_id    uuid,
    at         timestamptz not null,
    actor_name text,
    constraint review_step_pkey primary key (tenant_id, review_id, step),
    constraint review_step_review_known foreign key (tenant_id, review_id) references committee.review (tenant_id, id),
    constraint review_step_task_known foreign key (tenant_id, task_id) references committee.task (tenant_id, id),
    constraint review_step_decision_known check (decision in ('FINE', 'TASK')),
    constraint review_step_task_made check (decision <> 'TASK' or task_id is not null)
);

-- Evaluations, surveys and campaigns, as a person records them.
create table committee.evaluation (
    tenant_id       uuid        not null references tenancy.tenant (id),
    id              uuid        not null,
    kind            text        not null,
    title           text        not null,
    -- Which of the plan's two closing activities it answers.
    closing         text,
    held_from       date        not null,
    held_until      date        not null,
    method          text        not null,
    people          integer,
    result          text        not null,
    -- One figure a line, «Encuestas respondidas: 84».
    figures         text,
    public          boolean     not null,
    idempotency_key text        not null,
    created_at      timestamptz not null,
    updated_at      timestamptz not null,
    constraint evaluation_pkey primary key (tenant_id, id),
    constraint evaluation_once unique (tenant_id, idempotency_key),
    constraint evaluation_kind_known check (kind in ('EVALUATION', 'SURVEY', 'CAMPAIGN')),
    constraint evaluation_closing_known check (closing in ('USE_EVALUATION', 'SOCIALISATION')),
    constraint evaluation_title_length check (length(title) between 1 and 200),
    constraint evaluation_ends_later check (held_until >= held_from),
    constraint evaluation_people_counted check (people >= 0)
);
create index evaluation_latest on committee.evaluation (tenant_id, held_from desc);

call kernel.protect('committee.member');
call kernel.protect('committee.task');
call kernel.protect('committee.task_event');
call kernel.protect('committee.reminder');
call kernel.protect('committee.meeting');
call kernel.protect('committee.attendance');
call kernel.protect('committee.decision');
call kernel.protect('committee.minutes_note');
call kernel.protect('committee.review');
call kernel.protect('committee.review_step');
call kernel.protect('committee.evaluation');

grant select on committee.member, committee.task, committee.task_event, committee.meeting, committee.attendance, committee.decision,
    committee.minutes_note, committee.review, committee.review_step, committee.evaluation
    to cabildo_tenant, cabildo_agency, cabildo_support, cabildo_public;
grant insert, update on committee.member, committee.task, committee.meeting, committee.decision, committee.review, committee.review_step,
    committee.evaluation to cabildo_tenant;
grant insert on committee.task_event, committee.minutes_note, committee.attendance to cabildo_tenant;
grant delete on committee.attendance, committee.decision to cabildo_tenant;
grant select, insert, update, delete on committee.member, committee.task, committee.task_event, committee.reminder, committee.meeting,
    committee.attendance, committee.decision, committee.minutes_note, committee.review, committee.review_step, committee.evaluation
    to cabildo_worker;

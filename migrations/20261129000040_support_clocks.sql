-- Service clocks: what happened to a ticket, append only, from which its clocks are worked out; and what they said last, for the queue
-- and for the share that was met.
create table support.ticket_event (
    tenant_id  uuid        not null,
    ticket_id  uuid        not null,
    -- Events of one moment keep their order.
    place      integer     not null,
    at         timestamptz not null,
    kind       text        not null,
    -- Of what opens it and of a change of priority.
    priority   text,
    -- The key of the opening hours, of what opens it and of a change of hours.
    calendar   text,
    -- Who did it; null for the platform itself.
    actor_name text,
    constraint ticket_event_pkey primary key (tenant_id, ticket_id, place),
    constraint ticket_event_ticket_known foreign key (tenant_id, ticket_id) references support.ticket (tenant_id, id) on delete cascade,
    constraint ticket_event_kind_known check (kind in ('OPENED', 'ANSWERED', 'WAITS_FOR_ASKER', 'WAITS_FOR_THIRD_PARTY', 'RESUMED', 'RESOLVED', 'REOPENED', 'DROPPED', 'PRIORITY_CHANGED', 'CALENDAR_CHANGED')),
    constraint ticket_event_priority_known check (priority in ('LOW', 'NORMAL', 'HIGH', 'URGENT')),
    constraint ticket_event_says_priority check (kind not in ('OPENED', 'PRIORITY_CHANGED') or priority is not null),
    constraint ticket_event_says_calendar check (kind not in ('OPENED', 'CALENDAR_CHANGED') or calendar is not null)
);

create table support.ticket_clock (
    tenant_id       uuid        not null,
    ticket_id       uuid        not null,
    -- The clocks of a ticket in the order in which they began.
    place           integer     not null,
    kind            text        not null,
    began_at        timestamptz not null,
    target_seconds  bigint,
    elapsed_seconds bigint      not null,
    breached_at     timestamptz,
    ended_at        timestamptz,
    -- Whether it ended in time; null while it lives, and where there is nothing to hold it against.
    met             boolean,
    constraint ticket_clock_pkey primary key (tenant_id, ticket_id, place),
    constraint ticket_clock_ticket_known foreign key (tenant_id, ticket_id) references support.ticket (tenant_id, id) on delete cascade,
    constraint ticket_clock_kind_known check (kind in ('FIRST_ANSWER', 'UPDATE', 'SOLUTION'))
);
create index ticket_clock_ended on support.ticket_clock (tenant_id, kind, ended_at);

alter table support.ticket
    add column impact      text,
    add column urgency     text,
    add column reopened_at timestamptz,
    -- The nearest moment at which a running clock breaches or breached, which clock that is, and from when it warns.
    add column due_at      timestamptz,
    add column due_clock   text,
    add column warns_at    timestamptz,
    -- Since when a living clock is breached; kept while it stands still.
    add column breached_at timestamptz,
    add constraint ticket_impact_known check (impact in ('PERSON', 'OFFICE', 'TOWN')),
    add constraint ticket_urgency_known check (urgency in ('CAN_WAIT', 'HINDERS', 'STOPS')),
    add constraint ticket_due_clock_known check (due_clock in ('FIRST_ANSWER', 'UPDATE', 'SOLUTION'));
create index ticket_due on support.ticket (due_at) where status not in ('RESOLVED', 'CLOSED');

call kernel.protect('support.ticket_event');
call kernel.protect('support.ticket_clock');

-- The help centre reads every municipality's clocks, as it does the tickets that they belong to.
create policy ticket_event_support_read on support.ticket_event for select to cabildo_support using (true);
create policy ticket_clock_support_read on support.ticket_clock for select to cabildo_support using (true);

-- Nobody changes or takes away what happened; the worker removes a tenant that is replaced whole.
grant select, insert on support.ticket_event to cabildo_tenant, cabildo_support;
grant select, insert, update on support.ticket_clock to cabildo_tenant, cabildo_support;
grant select, insert, delete on support.ticket_event to cabildo_worker;
grant select, insert, update, delete on support.ticket_clock to cabildo_worker;

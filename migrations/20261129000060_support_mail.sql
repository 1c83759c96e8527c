-- Mail that comes to the help centre: what became of each one, which words of a ticket came by mail, and addresses that bounced.

-- The help centre's own, of no municipality until somebody says which. Each Message-ID stands here once, however often it is delivered.
create table support.incoming_mail (
    id              uuid        not null,
    -- The Message-ID without its angle brackets; of a mail without one, a digest of what it holds.
    reference       text        not null,
    received_at     timestamptz not null,
    -- What the mail says of who wrote it: no proof of who that is.
    sender          text        not null,
    subject         text        not null,
    -- Kept while nobody has decided; afterwards the ticket has it.
    body            text,
    whole           text,
    left_out        text[]      not null default '{}',
    state           text        not null,
    reason          text,
    ticket_number   bigint,
    candidates      uuid[]      not null default '{}',
    decided_at      timestamptz,
    decided_by      uuid,
    decided_by_name text,
    constraint incoming_mail_pkey primary key (id),
    constraint incoming_mail_once unique (reference),
    constraint incoming_mail_state_known check (state in ('WAITING', 'AUTOMATIC', 'TICKET', 'BOUNCE', 'DISCARDED')),
    constraint incoming_mail_ticket_told check ((state in ('TICKET', 'BOUNCE')) = (ticket_number is not null)),
    constraint incoming_mail_body_length check (length(body) <= 8000),
    constraint incoming_mail_whole_length check (length(whole) <= 100000)
);
create index incoming_mail_state on support.incoming_mail (state, received_at);
create index incoming_mail_sender on support.incoming_mail (sender, received_at);

-- A word of a ticket that came by mail, or a mail of ours about it.
create table support.ticket_mail (
    tenant_id  uuid        not null,
    id         uuid        not null,
    ticket_id  uuid        not null,
    -- The word in the conversation; null for the ticket's own text.
    message_id uuid,
    at         timestamptz not null,
    ours       boolean     not null,
    reference  text        not null,
    -- Who it says it is from, or whom we sent it to.
    address    text        not null,
    -- It had the ticket's own address to write to, and came from nobody that the municipality knows.
    stranger   boolean     not null default false,
    -- The whole text, where less of it is shown at first.
    whole      text,
    left_out   text[]      not null default '{}',
    constraint ticket_mail_pkey primary key (tenant_id, id),
    constraint ticket_mail_ticket_known foreign key (tenant_id, ticket_id) references support.ticket (tenant_id, id) on delete cascade,
    constraint ticket_mail_message_known foreign key (tenant_id, message_id) references support.message (tenant_id, id) on delete cascade,
    constraint ticket_mail_whole_length check (length(whole) <= 100000)
);
create index ticket_mail_ticket on support.ticket_mail (tenant_id, ticket_id, at);
-- A mail that comes in says which mails it answers, and nothing of the municipality.
create index ticket_mail_reference on support.ticket_mail (reference);

-- A mail of ours about a ticket came back: the last time counts.
create table support.mail_bounce (
    tenant_id uuid        not null,
    ticket_id uuid        not null,
    at        timestamptz not null,
    address   text        not null,
    detail    text        not null,
    constraint mail_bounce_pkey primary key (tenant_id, ticket_id),
    constraint mail_bounce_ticket_known foreign key (tenant_id, ticket_id) references support.ticket (tenant_id, id) on delete cascade,
    constraint mail_bounce_detail_length check (length(detail) <= 500)
);

alter table support.incoming_mail enable row level security;
alter table support.incoming_mail force row level security;
create policy incoming_mail_support on support.incoming_mail for all to cabildo_support using (true) with check (true);
call kernel.protect('support.ticket_mail');
call kernel.protect('support.mail_bounce');

-- The help centre reads both of every municipality, as it does the tickets that they belong to.
create policy ticket_mail_support_read on support.ticket_mail for select to cabildo_support using (true);
create policy mail_bounce_support_read on support.mail_bounce for select to cabildo_support using (true);
-- Whoever takes in a mail asks in which municipalities its sender has an account.
create policy membership_worker_read on identity.membership for select to cabildo_worker using (true);

grant select, insert, update on support.incoming_mail to cabildo_support;
grant select on support.ticket_mail, support.mail_bounce to cabildo_tenant;
grant select, insert on support.ticket_mail to cabildo_support;
grant select, insert, update on support.mail_bounce to cabildo_support;
grant select, insert, update, delete on support.ticket_mail, support.mail_bounce to cabildo_worker;

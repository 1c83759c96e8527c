-- Guidance from the agency to municipalities (lineamientos). The circular is the agency's; what a town received is the town's own copy,
-- with its receipt and the thread of answers, so that it travels with the town.
create schema circulars;
grant usage on schema circulars to cabildo_tenant, cabildo_agency, cabildo_support, cabildo_worker;

create table circulars.circular (
    tenant_id       uuid        not null references tenancy.tenant (id),
    id              uuid        not null,
    year            integer     not null,
    number          integer     not null,
    title           text        not null,
    -- Markdown.
    body            text        not null,
    -- What each town has to answer; null where it is for their information.
    ask             text,
    due_on          date,
    -- To whom it went, in words, and each of them as they were when it was sent.
    audience_text   text        not null,
    recipients      uuid[]      not null,
    public          boolean     not null,
    sent_at         timestamptz not null,
    sent_by         uuid,
    sender_name     text        not null,
    withdrawn_at    timestamptz,
    withdraw_reason text,
    constraint circular_pkey primary key (tenant_id, id),
    constraint circular_number_unique unique (tenant_id, year, number),
    constraint circular_title_length check (length(title) between 1 and 200),
    constraint circular_body_length check (length(body) between 1 and 20000),
    constraint circular_due_asks check (due_on is null or ask is not null),
    constraint circular_withdrawal_whole check ((withdrawn_at is null) = (withdraw_reason is null))
);

create table circulars.delivery (
    tenant_id       uuid        not null references tenancy.tenant (id),
    circular_id     uuid        not null,
    year            integer     not null,
    number          integer     not null,
    title           text        not null,
    body            text        not null,
    ask             text,
    due_on          date,
    -- The attachments as they are downloaded from the agency's host: name, media type, bytes, address.
    files           jsonb       not null,
    sent_at         timestamptz not null,
    read_at         timestamptz,
    reader_name     text,
    answered_at     timestamptz,
    withdrawn_at    timestamptz,
    withdraw_reason text,
    constraint delivery_pkey primary key (tenant_id, circular_id),
    constraint delivery_number_unique unique (tenant_id, year, number),
    constraint delivery_read_whole check ((read_at is null) = (reader_name is null)),
    constraint delivery_withdrawal_whole check ((withdrawn_at is null) = (withdraw_reason is null))
);
create index delivery_of_circular on circulars.delivery (circular_id);

create table circulars.message (
    tenant_id   uuid        not null references tenancy.tenant (id),
    id          uuid        not null,
    circular_id uuid        not null,
    at          timestamptz not null,
    author      text        not null,
    author_name text        not null,
    text        text        not null,
    constraint message_pkey primary key (tenant_id, id),
    constraint message_delivery_known foreign key (tenant_id, circular_id) references circulars.delivery (tenant_id, circular_id),
    constraint message_author_known check (author in ('AGENCY', 'MUNICIPALITY')),
    constraint message_text_length check (length(text) between 1 and 8000)
);
create index message_thread on circulars.message (tenant_id, circular_id, at);

call kernel.protect('circulars.circular');
call kernel.protect('circulars.delivery');
call kernel.protect('circulars.message');
-- The agency sees who has read and answered, and what; it writes in one municipality at a time.
create policy delivery_agency_read on circulars.delivery for select to cabildo_agency using (true);
create policy message_agency_read on circulars.message for select to cabildo_agency using (true);

grant select on circulars.circular to cabildo_tenant, cabildo_agency, cabildo_support;
grant insert, update on circulars.circular to cabildo_agency;
grant select on circulars.delivery, circulars.message to cabildo_tenant, cabildo_agency, cabildo_support;
grant update (read_at, reader_name, answered_at) on circulars.delivery to cabildo_tenant;
grant insert on circulars.message to cabildo_tenant, cabildo_agency;
grant select, insert, update, delete on circulars.circular, circulars.delivery, circulars.message to cabildo_worker;

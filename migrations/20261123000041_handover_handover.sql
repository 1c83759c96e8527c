-- The handover (empalme) to the incoming administration: its list, who leaves and who comes, the document that both sides sign, and
-- the administrations that followed each other.
create schema handover;
grant usage on schema handover to cabildo_tenant, cabildo_agency, cabildo_support, cabildo_worker;

create table handover.handover (
    tenant_id     uuid        not null references tenancy.tenant (id),
    id            uuid        not null,
    -- Its name in addresses.
    slug          text        not null,
    -- The term that it closes, as `2024–2027`.
    term          text        not null,
    cause         text        not null,
    note          text,
    -- The last day in office of whoever leaves.
    leaves_on     date        not null,
    state         text        not null,
    opened_at     timestamptz not null,
    -- Null where it opened by itself.
    opened_by     uuid,
    -- When somebody last did something about it.
    touched_at    timestamptz not null,
    -- Who signs for either side.
    outgoing_id   uuid,
    incoming_id   uuid,
    -- The document as JSON, exactly the bytes of which the hash is; null while it is still open.
    frozen        text,
    frozen_hash   text,
    frozen_at     timestamptz,
    published_at  timestamptz,
    closed_at     timestamptz,
    cancelled_at  timestamptz,
    constraint handover_pkey primary key (tenant_id, id),
    constraint handover_slug_unique unique (tenant_id, slug),
    constraint handover_slug_form check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(slug) <= 80),
    constraint handover_cause_known check (cause in ('TERM_ENDS', 'RESIGNATION', 'ABSENCE', 'DEATH', 'OTHER')),
    constraint handover_state_known check (state in ('OPEN', 'SIGNING', 'SIGNED', 'PUBLISHED', 'CLOSED', 'CANCELLED')),
    constraint handover_note_length check (length(note) <= 2000),
    constraint handover_frozen_whole check ((frozen is null) = (frozen_hash is null) and (frozen is null) = (frozen_at is null)),
    constraint handover_sides_differ check (outgoing_id <> incoming_id)
);
create unique index handover_one_open on handover.handover (tenant_id) where state not in ('CLOSED', 'CANCELLED');

create table handover.item (
    tenant_id   uuid        not null,
    handover_id uuid        not null,
    key         text        not null,
    place       integer     not null,
    -- The heading of the acta (CGR, Res. Orgánica 5674/2005) that it stands under; null in the annex.
    heading     integer,
    title       text        not null,
    ask         text        not null,
    -- What the platform fills it with; empty where it is written by hand.
    shows       text[]      not null,
    owner_id    uuid,
    state       text        not null,
    reason      text,
    note        text,
    updated_at  timestamptz not null,
    updated_by  uuid,
    constraint item_pkey primary key (tenant_id, handover_id, key),
    constraint item_handover_known foreign key (tenant_id, handover_id) references handover.handover (tenant_id, id) on delete cascade,
    constraint item_state_known check (state in ('PENDING', 'READY', 'NOT_APPLICABLE')),
    constraint item_reason_given check (state <> 'NOT_APPLICABLE' or reason is not null),
    constraint item_note_length check (length(note) <= 20000),
    constraint item_reason_length check (length(reason) <= 500)
);

-- Who comes: enrolled with an account of their own, and the role that they take with the closing act.
create table handover.incoming (
    tenant_id    uuid        not null,
    handover_id  uuid        not null,
    account_id   uuid        not null,
    name         text        not null,
    email        text        not null,
    post         text,
    role         text        not null,
    enrolled_at  timestamptz not null,
    signed_in_at timestamptz,
    constraint incoming_pkey primary key (tenant_id, handover_id, account_id),
    constraint incoming_handover_known foreign key (tenant_id, handover_id) references handover.handover (tenant_id, id) on delete cascade,
    constraint incoming_role_known check (role in ('coordinator', 'editor', 'official', 'observer'))
);

-- Who of today's team leaves with the closing act, and who receives what they have in their hands.
create table handover.departure (
    tenant_id    uuid    not null,
    handover_id  uuid    not null,
    account_id   uuid    not null,
    -- Null until somebody decides.
    leaves       boolean,
    successor_id uuid,
    constraint departure_pkey primary key (tenant_id, handover_id, account_id),
    constraint departure_handover_known foreign key (tenant_id, handover_id) references handover.handover (tenant_id, id) on delete cascade,
    constraint departure_not_to_oneself check (successor_id <> account_id)
);

create table handover.signature (
    tenant_id       uuid        not null,
    handover_id     uuid        not null,
    side            text        not null,
    account_id      uuid        not null,
    name            text        not null,
    post            text        not null,
    document_number text,
    signed_at       timestamptz not null,
    hash            text        not null,
    constraint signature_pkey primary key (tenant_id, handover_id, side),
    constraint signature_handover_known foreign key (tenant_id, handover_id) references handover.handover (tenant_id, id) on delete cascade,
    constraint signature_side_known check (side in ('OUTGOING', 'INCOMING')),
    constraint signature_name_length check (length(name) between 1 and 160),
    constraint signature_post_length check (length(post) between 1 and 160),
    constraint signature_document_length check (length(document_number) <= 40)
);

-- What happened: opened, reopened, published, told to the community, verified, closed.
create table handover.log (
    tenant_id   uuid        not null,
    handover_id uuid        not null,
    id          uuid        not null,
    at          timestamptz not null,
    kind        text        not null,
    text        text        not null,
    -- The day on which it was done, where that is not the day on which it was written down.
    happened_on date,
    actor_id    uuid,
    actor_name  text,
    constraint log_pkey primary key (tenant_id, handover_id, id),
    constraint log_handover_known foreign key (tenant_id, handover_id) references handover.handover (tenant_id, id) on delete cascade,
    constraint log_kind_known check (kind in ('OPENED', 'SIGNED', 'REOPENED', 'PUBLISHED', 'SOCIALISED', 'VERIFIED', 'CLOSED', 'CANCELLED')),
    constraint log_text_length check (length(text) between 1 and 4000)
);

-- The administrations that followed each other; what was published before one began belongs to the one before.
create table handover.administration (
    tenant_id   uuid        not null references tenancy.tenant (id),
    started_at  timestamptz not null,
    label       text        not null,
    constraint administration_pkey primary key (tenant_id, started_at),
    constraint administration_label_length check (length(label) between 1 and 80)
);

call kernel.protect('handover.handover');
call kernel.protect('handover.item');
call kernel.protect('handover.incoming');
call kernel.protect('handover.departure');
call kernel.protect('handover.signature');
call kernel.protect('handover.log');
call kernel.protect('handover.administration');
grant select, insert, update on handover.handover, handover.item, handover.departure to cabildo_tenant;
grant select, insert, update, delete on handover.incoming, handover.signature to cabildo_tenant;
grant select, insert on handover.log, handover.administration to cabildo_tenant;
-- The agency and the help centre have none of their own; their hosts say so.
grant select on handover.handover, handover.administration to cabildo_agency, cabildo_support;
-- The help centre opens one for a town whose coordinator vanished.
grant select, insert, update on handover.handover to cabildo_support;
grant select, insert on handover.item, handover.departure, handover.log to cabildo_support;
grant select, insert, update, delete on handover.handover, handover.item, handover.incoming, handover.departure, handover.signature,
    handover.log, handover.administration to cabildo_worker;

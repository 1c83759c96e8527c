-- How page views become visits: batches that are applied once each, the ledger of the hits, the salt of the day, and what was lost on the way.

-- How many transactions have counted, and which process counts now and until when. One row, locked by whoever counts.
create table visits.counter (
    only_row   boolean     not null default true,
    position   bigint      not null default 0,
    process    uuid,
    held_until timestamptz,
    constraint counter_pkey primary key (only_row),
    constraint counter_one_row check (only_row)
);
insert into visits.counter default values;

-- A process that hands over page views. Its views are numbered from zero: what came twice or never shows in the numbers.
create table visits.producer (
    id       uuid        not null,
    -- The number of the view that is expected next.
    next     bigint      not null default 0,
    -- Views that found no room at its door, as far as it has told.
    dropped  bigint      not null default 0,
    -- The most views that it handed over in one second: what it may lose when it is killed.
    peak     bigint      not null default 0,
    seen_at  timestamptz not null,
    -- It said good-bye, or was given up.
    ended_at timestamptz,
    constraint producer_pkey primary key (id)
);

-- Views that were lost, or may have been, each declared once.
create table visits.loss (
    id       uuid        not null,
    at       timestamptz not null,
    kind     text        not null,
    -- How many; at most that many where it is not exact.
    views    bigint      not null,
    exact    boolean     not null,
    producer uuid,
    constraint loss_pkey primary key (id),
    constraint loss_kind_known check (kind in ('DOOR', 'STREAM', 'PROCESS', 'SALT'))
);
create index loss_by_time on visits.loss (at);

-- What makes the hashes of a day. It is not logged, so that neither an archive nor a standby has it, and it is destroyed when the day is over;
-- a crash of the server loses it, which is declared.
create unlogged table visits.salt (
    day  date  not null,
    salt bytea not null,
    constraint salt_pkey primary key (day)
);

-- Every hit of a town as it was judged, packed by batch, until its month is closed. There is no address in it.
create table visits.ledger (
    tenant_id     uuid        not null references tenancy.tenant (id) on delete cascade,
    month         text        not null,
    position      bigint      not null,
    last_at       timestamptz not null,
    -- How many visits of one network counted on a day when this batch was judged.
    network_limit integer     not null,
    hits          bigint      not null,
    entries       bytea       not null,
    constraint ledger_pkey primary key (tenant_id, month, position)
);
create index ledger_by_time on visits.ledger (last_at);
create index ledger_by_month on visits.ledger (month, position);

-- Hits that did not count, by the hour and by the reason. They stay when the ledger goes.
create table visits.reject_count (
    tenant_id uuid        not null references tenancy.tenant (id) on delete cascade,
    hour      timestamptz not null,
    reason    text        not null,
    hits      bigint      not null,
    constraint reject_count_pkey primary key (tenant_id, hour, reason),
    constraint reject_count_reason_known check (reason in
        ('STAFF', 'ERROR', 'PREFETCH', 'EMBEDDED', 'MONITOR', 'ROBOT', 'DATA_CENTRE', 'TOO_FAST', 'REPEAT', 'NETWORK', 'LATE'))
);

-- What was read of a site on a day, by name: pages, entries, words that were searched for. Under the empty name stands what found no place.
create table visits.figure_count (
    tenant_id uuid   not null references tenancy.tenant (id) on delete cascade,
    day       date   not null,
    kind      text   not null,
    name      text   not null,
    hits      bigint not null,
    constraint figure_count_pkey primary key (tenant_id, day, kind, name),
    constraint figure_count_kind_known check (kind in
        ('PAGE', 'ENTRY', 'SEARCH', 'UNMET', 'REFERRER', 'DEVICE', 'DOWNLOAD', 'SHAPE')),
    constraint figure_count_name_short check (length(name) <= 120)
);

call kernel.protect('visits.reject_count');
call kernel.protect('visits.figure_count');
-- Whoever counts reads and writes the ledger, and nobody else: not even its own town.
alter table visits.ledger enable row level security;
alter table visits.ledger force row level security;
alter table visits.counter enable row level security;
alter table visits.counter force row level security;
alter table visits.producer enable row level security;
alter table visits.producer force row level security;
alter table visits.loss enable row level security;
alter table visits.loss force row level security;
alter table visits.salt enable row level security;
alter table visits.salt force row level security;

create policy counter_worker on visits.counter for all to cabildo_worker using (true) with check (true);
create policy producer_worker on visits.producer for all to cabildo_worker using (true) with check (true);
create policy salt_worker on visits.salt for all to cabildo_worker using (true) with check (true);
create policy loss_worker on visits.loss for all to cabildo_worker using (true) with check (true);
-- What was lost concerns every town alike.
create policy loss_read on visits.loss for select to cabildo_tenant, cabildo_agency using (true);
create policy ledger_worker on visits.ledger for all to cabildo_worker using (true) with check (true);
create policy reject_count_worker on visits.reject_count for all to cabildo_worker using (true) with check (true);
create policy figure_count_worker on visits.figure_count for all to cabildo_worker using (true) with check (true);
-- The agency's analysts look at what did not count in every town.
create policy reject_count_agency on visits.reject_count for select to cabildo_agency using (true);

grant select, update on visits.counter to cabildo_worker;
grant select, insert, update, delete on visits.producer, visits.loss, visits.reject_count, visits.figure_count to cabildo_worker;
grant select, insert, delete, truncate on visits.salt to cabildo_worker;
grant select, insert, delete on visits.ledger to cabildo_worker;
grant select on visits.loss to cabildo_tenant, cabildo_agency;
grant select on visits.reject_count, visits.figure_count to cabildo_tenant, cabildo_agency, cabildo_support;

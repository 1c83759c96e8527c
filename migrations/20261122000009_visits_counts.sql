-- Visits, counted by the hour, and the months that the agency has closed. Nothing here tells one visitor from another.
create schema visits;
grant usage on schema visits to cabildo_tenant, cabildo_agency, cabildo_support, cabildo_worker, cabildo_public;

create table visits.hour_count (
    tenant_id uuid        not null references tenancy.tenant (id) on delete cascade,
    hour      timestamptz not null,
    visits    bigint      not null default 0,
    -- Page views of people, those of a visit that was set aside included.
    views     bigint      not null default 0,
    -- Page views of robots, and of clients that behave as one.
    robots    bigint      not null default 0,
    -- Visits over what one network may bring to a town in a day.
    set_aside bigint      not null default 0,
    constraint hour_count_pkey primary key (tenant_id, hour),
    constraint hour_count_whole_hour check (extract(epoch from hour)::bigint % 3600 = 0),
    constraint hour_count_not_negative check (visits >= 0 and views >= 0 and robots >= 0 and set_aside >= 0)
);
create index hour_count_by_hour on visits.hour_count (hour);

-- A month that was closed. It belongs to the platform, not to a tenant, and nobody may change it.
create table visits.month_close (
    month     text        not null,
    -- The closed month with which this one is compared; null for the first.
    previous  text,
    closed_at timestamptz not null,
    closed_by uuid,
    signature bytea       not null,
    constraint month_close_pkey primary key (month),
    constraint month_close_month_form check (month ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'),
    constraint month_close_after_previous check (previous < month)
);

-- What a town had in a closed month. The row travels with its town, so it names its month without a foreign key.
create table visits.ranking_row (
    tenant_id           uuid             not null references tenancy.tenant (id),
    month               text             not null,
    position            integer          not null,
    visits              bigint           not null,
    visits_per_thousand double precision,
    previous_position   integer,
    constraint ranking_row_pkey primary key (tenant_id, month),
    constraint ranking_row_position_positive check (position > 0)
);
create index ranking_row_by_month on visits.ranking_row (month);

call kernel.protect('visits.hour_count');
alter table visits.ranking_row enable row level security;
alter table visits.ranking_row force row level security;
alter table visits.month_close enable row level security;
alter table visits.month_close force row level security;

-- Page views of every town are flushed together.
create policy hour_count_flush on visits.hour_count for all to cabildo_worker using (true) with check (true);
grant select on visits.hour_count to cabildo_tenant, cabildo_agency, cabildo_support, cabildo_public;
grant select, insert, update, delete on visits.hour_count to cabildo_worker;

-- A closed month is public, and only the agency closes one. Nobody is granted to change or to delete it.
create policy month_close_read on visits.month_close for select
    to cabildo_tenant, cabildo_agency, cabildo_support, cabildo_worker, cabildo_public using (true);
create policy month_close_agency on visits.month_close for insert to cabildo_agency with check (true);
create policy ranking_row_read on visits.ranking_row for select
    to cabildo_tenant, cabildo_agency, cabildo_support, cabildo_worker, cabildo_public using (true);
create policy ranking_row_agency on visits.ranking_row for insert to cabildo_agency with check (true);
grant select on visits.month_close, visits.ranking_row to cabildo_tenant, cabildo_agency, cabildo_support, cabildo_worker, cabildo_public;
grant insert on visits.month_close, visits.ranking_row to cabildo_agency;

-- The sums of a month are public as well, while it is open: this function tells them to whoever asks, and never the hours of another town.
create policy hour_count_sums on visits.hour_count for select to current_user using (true);
create function visits.month_visits(month text) returns table (tenant_id uuid, visits bigint)
    language sql stable security definer set search_path = pg_catalog set timezone = 'America/Bogota'
    as $$
        select h.tenant_id, sum(h.visits)::bigint
        from visits.hour_count h
        where h.hour >= ($1 || '-01')::timestamptz and h.hour < ($1 || '-01')::timestamptz + interval '1 month'
        group by h.tenant_id
    $$;
revoke all on function visits.month_visits from public;
grant execute on function visits.month_visits to cabildo_tenant, cabildo_agency, cabildo_support, cabildo_worker, cabildo_public;

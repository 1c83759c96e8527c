-- What the measures of every capability said of a municipality, a figure a day: what the agency compares.
create table visits.reading (
    tenant_id uuid             not null references tenancy.tenant (id) on delete cascade,
    measure   text             not null,
    day       date             not null,
    value     double precision not null,
    constraint reading_pkey primary key (tenant_id, measure, day)
);
create index reading_by_measure on visits.reading (measure, day);
call kernel.protect('visits.reading');
-- Comparing municipalities is what the agency is there for.
create policy reading_agency on visits.reading for select to cabildo_agency using (true);
grant select on visits.reading to cabildo_tenant, cabildo_agency, cabildo_support;
grant select, insert, update, delete on visits.reading to cabildo_worker;

-- The category of Ley 617 de 2000, as a municipality enters it from its act: a record a year. Where there is none, nobody guesses.
create table visits.category (
    tenant_id   uuid        not null references tenancy.tenant (id),
    year        integer     not null,
    category    text        not null,
    act         text        not null,
    adopted_on  date        not null,
    recorded_at timestamptz not null,
    recorded_by uuid,
    constraint category_pkey primary key (tenant_id, year),
    constraint category_known check (category in ('SPECIAL', 'FIRST', 'SECOND', 'THIRD', 'FOURTH', 'FIFTH', 'SIXTH')),
    constraint category_year_range check (year between 2000 and 2999)
);
call kernel.protect('visits.category');

-- The act is public, and the rankings of everybody are read by it.
create policy category_read on visits.category for select
    to cabildo_tenant, cabildo_agency, cabildo_support, cabildo_worker, cabildo_public using (true);
grant select on visits.category to cabildo_tenant, cabildo_agency, cabildo_support, cabildo_worker, cabildo_public;
grant insert, update on visits.category to cabildo_tenant;
grant insert, update, delete on visits.category to cabildo_worker;

-- As it was at the close; null where the town had entered none.
alter table visits.ranking_row add column category text;

-- What is unusual in a town's counts of a day, by explained rules. A note accuses nobody and changes no count.
create table visits.note (
    tenant_id uuid not null references tenancy.tenant (id) on delete cascade,
    day       date not null,
    rule      text not null,
    detail    text not null,
    constraint note_pkey primary key (tenant_id, day, rule),
    constraint note_rule_known check (rule in ('JUMP', 'BOUNCE', 'NETWORKS', 'PROGRAMS', 'NIGHT', 'EMBEDDED', 'ONE_SOURCE'))
);
create index note_by_day on visits.note (day);
call kernel.protect('visits.note');
create policy note_worker on visits.note for all to cabildo_worker using (true) with check (true);
-- The agency's analysts look at the notes of every town.
create policy note_agency on visits.note for select to cabildo_agency using (true);
grant select on visits.note to cabildo_tenant, cabildo_agency, cabildo_support;
grant select, insert, update, delete on visits.note to cabildo_worker;

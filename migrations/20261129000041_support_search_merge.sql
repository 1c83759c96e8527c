-- Finding a ticket by its words, joining two of one matter, and what whoever asked thought of the help.
alter table support.ticket add column words tsvector;
create index ticket_words on support.ticket using gin (words);

-- A ticket that went on in another of the same municipality. It is closed, and its conversation stays where it was.
create table support.ticket_merge (
    tenant_id  uuid        not null,
    ticket_id  uuid        not null,
    into_id    uuid        not null,
    at         timestamptz not null,
    actor_name text        not null,
    constraint ticket_merge_pkey primary key (tenant_id, ticket_id),
    constraint ticket_merge_ticket_known foreign key (tenant_id, ticket_id) references support.ticket (tenant_id, id) on delete cascade,
    constraint ticket_merge_into_known foreign key (tenant_id, into_id) references support.ticket (tenant_id, id) on delete cascade,
    constraint ticket_merge_not_itself check (ticket_id <> into_id)
);
create index ticket_merge_into on support.ticket_merge (tenant_id, into_id);

-- One word a ticket, said once it is solved; said again, the last counts.
create table support.satisfaction (
    tenant_id uuid        not null,
    ticket_id uuid        not null,
    at        timestamptz not null,
    score     smallint    not null,
    text      text,
    constraint satisfaction_pkey primary key (tenant_id, ticket_id),
    constraint satisfaction_ticket_known foreign key (tenant_id, ticket_id) references support.ticket (tenant_id, id) on delete cascade,
    constraint satisfaction_score_known check (score between 1 and 5),
    constraint satisfaction_text_length check (length(text) <= 2000)
);
create index satisfaction_at on support.satisfaction (tenant_id, at);

call kernel.protect('support.ticket_merge');
call kernel.protect('support.satisfaction');

-- The help centre reads both of every municipality, as it does the tickets that they belong to.
create policy ticket_merge_support_read on support.ticket_merge for select to cabildo_support using (true);
create policy satisfaction_support_read on support.satisfaction for select to cabildo_support using (true);

grant select on support.ticket_merge to cabildo_tenant;
grant select, insert on support.ticket_merge to cabildo_support;
grant select, insert, update on support.satisfaction to cabildo_tenant;
grant select on support.satisfaction to cabildo_support;
grant select, insert, update, delete on support.ticket_merge, support.satisfaction to cabildo_worker;

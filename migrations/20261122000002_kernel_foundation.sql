-- What every capability stands on: the tenant of the transaction, content versions, audit, jobs, search, the platform's clock.
create schema kernel;
grant usage on schema kernel to cabildo_tenant, cabildo_agency, cabildo_support, cabildo_worker, cabildo_public;

-- The tenant of this transaction. After a transaction the setting reads as an empty string, not null:
-- both mean "no tenant", and no tenant means no rows.
create function kernel.current_tenant() returns uuid
    language sql stable parallel safe
    return nullif(current_setting('app.tenant', true), '')::uuid;

create table kernel.content_version (
    tenant_id uuid   not null references tenancy.tenant (id) on delete cascade,
    version   bigint not null default 1,
    constraint content_version_pkey primary key (tenant_id)
);
alter table kernel.content_version enable row level security;
alter table kernel.content_version force row level security;
create policy content_version_own on kernel.content_version for all
    to cabildo_tenant, cabildo_agency, cabildo_support, cabildo_public
    using (tenant_id = kernel.current_tenant()) with check (tenant_id = kernel.current_tenant());
create policy content_version_worker on kernel.content_version for all to cabildo_worker using (true) with check (true);
grant select, insert, update on kernel.content_version to cabildo_tenant, cabildo_agency, cabildo_support;
grant select, insert, update, delete on kernel.content_version to cabildo_worker;

-- Audit entries are inserted unchained and sealed into the tenant's hash chain by a job each second.
create table kernel.audit_entry (
    tenant_id    uuid        not null references tenancy.tenant (id),
    id           uuid        not null,
    at           timestamptz not null,
    actor_id     uuid,
    action       text        not null,
    subject_kind text        not null,
    subject_id   text        not null,
    detail       jsonb       not null default '{}',
    seq          bigint,
    hash         bytea,
    constraint audit_entry_pkey primary key (tenant_id, id),
    constraint audit_entry_seq_unique unique (tenant_id, seq),
    constraint audit_entry_sealed_whole check ((seq is null) = (hash is null))
);
create index audit_entry_unsealed on kernel.audit_entry (tenant_id, at, id) where seq is null;
create index audit_entry_subject on kernel.audit_entry (tenant_id, subject_kind, subject_id, at);
alter table kernel.audit_entry enable row level security;
alter table kernel.audit_entry force row level security;
create policy audit_entry_own on kernel.audit_entry for all
    to cabildo_tenant, cabildo_agency, cabildo_support, cabildo_public
    using (tenant_id = kernel.current_tenant()) with check (tenant_id = kernel.current_tenant());
create policy audit_entry_worker on kernel.audit_entry for all to cabildo_worker using (true) with check (true);
grant select, insert on kernel.audit_entry to cabildo_tenant, cabildo_agency, cabildo_support;
grant insert on kernel.audit_entry to cabildo_public;
grant select, insert on kernel.audit_entry to cabildo_worker;
grant update (seq, hash) on kernel.audit_entry to cabildo_worker;

-- Append-only: nothing is deleted, and a sealed row never changes, whoever asks.
create function kernel.audit_entry_is_append_only() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' then
        raise exception 'audit entries are never deleted';
    end if;
    if old.seq is not null or (new.tenant_id, new.id, new.at, new.actor_id, new.action, new.subject_kind, new.subject_id, new.detail)
        is distinct from (old.tenant_id, old.id, old.at, old.actor_id, old.action, old.subject_kind, old.subject_id, old.detail) then
        raise exception 'audit entries are append-only';
    end if;
    return new;
end $$;
create trigger audit_entry_append_only before update or delete on kernel.audit_entry
    for each row execute function kernel.audit_entry_is_append_only();

-- Work to do later. No role is granted this table: it is reached by the functions below alone.
create table kernel.job (
    id           uuid        not null default gen_random_uuid(),
    tenant_id    uuid        references tenancy.tenant (id) on delete cascade,
    kind         text        not null,
    key          text,
    payload      jsonb       not null default '{}',
    run_at       timestamptz not null,
    attempts     integer     not null default 0,
    max_attempts integer     not null default 12,
    locked_until timestamptz,
    last_error   text,
    dead         boolean     not null default false,
    constraint job_pkey primary key (id)
);
-- A second enqueue under the same key while the first waits is the same job; one that runs or is dead holds no key.
create unique index job_key_waiting on kernel.job (key) where not dead and locked_until is null;
create index job_due on kernel.job (run_at) where not dead;

create function kernel.enqueue(kind text, payload jsonb, run_at timestamptz, key text default null) returns void
    language sql security definer set search_path = pg_catalog
    as $$
        insert into kernel.job (tenant_id, kind, payload, run_at, key)
        values (kernel.current_tenant(), $1, $2, $3, $4)
        on conflict (key) where not dead and locked_until is null do nothing
    $$;

-- Claims due jobs for a minute, at most eight of one tenant at a time so that no town waits behind another's thousand.
create function kernel.claim_jobs(now timestamptz, amount integer)
    returns table (id uuid, tenant_id uuid, kind text, payload jsonb, attempts integer)
    language sql security definer set search_path = pg_catalog
    as $$
        with due as (
            select j.id, row_number() over (partition by j.tenant_id order by j.run_at) as place
            from kernel.job j
            where not j.dead and j.run_at <= $1
              and (j.locked_until is null or j.locked_until < clock_timestamp())
            order by j.run_at
            limit 500
        ), chosen as (
            select j.id from kernel.job j join due on due.id = j.id
            where due.place <= 8
            order by j.run_at
            limit $2
            for update of j skip locked
        )
        update kernel.job j
        set locked_until = clock_timestamp() + interval '1 minute', attempts = j.attempts + 1
        from chosen where chosen.id = j.id
        returning j.id, j.tenant_id, j.kind, j.payload, j.attempts
    $$;

create function kernel.finish_job(id uuid) returns void
    language sql security definer set search_path = pg_catalog
    as $$ delete from kernel.job where job.id = $1 $$;

-- A failed job waits twice as long each time; after its last attempt it is dead, and stays to be seen.
-- One whose like was enqueued in the meantime gives way to it.
create function kernel.fail_job(id uuid, error text, now timestamptz) returns void
    language sql security definer set search_path = pg_catalog
    as $$
        delete from kernel.job
        where job.id = $1
          and exists (select from kernel.job other where other.key = job.key and other.id <> job.id and not other.dead and other.locked_until is null);
        update kernel.job
        set last_error = left($2, 2000),
            locked_until = null,
            dead = attempts >= max_attempts,
            run_at = $3 + make_interval(secs => least(3600, power(2, attempts)))
        where job.id = $1
    $$;

create function kernel.job_counts(out waiting bigint, out dead bigint)
    language sql stable security definer set search_path = pg_catalog
    as $$ select count(*) filter (where not dead), count(*) filter (where dead) from kernel.job $$;

revoke all on function kernel.enqueue, kernel.claim_jobs, kernel.finish_job, kernel.fail_job, kernel.job_counts from public;
grant execute on function kernel.enqueue to cabildo_tenant, cabildo_agency, cabildo_support, cabildo_worker, cabildo_public;
grant execute on function kernel.claim_jobs, kernel.finish_job, kernel.fail_job, kernel.job_counts to cabildo_worker;

-- When a periodic job last started, so that any number of workers start it once.
create table kernel.cron_run (
    kind   text        not null,
    slot   timestamptz not null,
    constraint cron_run_pkey primary key (kind)
);
alter table kernel.cron_run enable row level security;
alter table kernel.cron_run force row level security;
create policy cron_run_worker on kernel.cron_run for all to cabildo_worker using (true) with check (true);
grant select, insert, update on kernel.cron_run to cabildo_worker;

-- One row a findable thing; the text is stored without accents so that "tramite" finds "trámite".
create table kernel.search_entry (
    tenant_id uuid not null references tenancy.tenant (id) on delete cascade,
    kind      text not null,
    key       text not null,
    title     text not null,
    summary   text not null,
    path      text not null,
    words     tsvector not null,
    constraint search_entry_pkey primary key (tenant_id, kind, key)
);
create index search_entry_words on kernel.search_entry using gin (words);
alter table kernel.search_entry enable row level security;
alter table kernel.search_entry force row level security;
create policy search_entry_own on kernel.search_entry for all
    to cabildo_tenant, cabildo_agency, cabildo_support, cabildo_public, cabildo_worker
    using (tenant_id = kernel.current_tenant()) with check (tenant_id = kernel.current_tenant());
grant select, insert, update, delete on kernel.search_entry to cabildo_tenant, cabildo_agency, cabildo_support, cabildo_worker;
grant select on kernel.search_entry to cabildo_public;

-- The platform's clock runs this far from the machine's; moved in `up` mode only.
create table kernel.clock (
    only_row boolean  not null default true,
    ahead    interval not null default '0',
    constraint clock_pkey primary key (only_row),
    constraint clock_one_row check (only_row)
);
insert into kernel.clock default values;
alter table kernel.clock enable row level security;
alter table kernel.clock force row level security;
create policy clock_read on kernel.clock for select
    to cabildo_tenant, cabildo_agency, cabildo_support, cabildo_worker, cabildo_public using (true);
create policy clock_move on kernel.clock for update to cabildo_worker using (true) with check (true);
grant select on kernel.clock to cabildo_tenant, cabildo_agency, cabildo_support, cabildo_worker, cabildo_public;
grant update on kernel.clock to cabildo_worker;

-- Row-level security of a tenant-owned table: forced, and one policy for the rows of the transaction's tenant. What a role sees
-- beyond its tenant is granted by a policy of its own, by name. Which role may do what at all stays with the table's grants.
create procedure kernel.protect(target regclass) language plpgsql as $$
declare
    policy text := (select relname from pg_class where oid = target) || '_own';
begin
    execute format('alter table %s enable row level security', target);
    execute format('alter table %s force row level security', target);
    execute format('create policy %I on %s for all
                    to cabildo_tenant, cabildo_agency, cabildo_support, cabildo_public, cabildo_worker
                    using (tenant_id = kernel.current_tenant()) with check (tenant_id = kernel.current_tenant())', policy, target);
end $$;

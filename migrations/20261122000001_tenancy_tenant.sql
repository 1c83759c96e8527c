-- The registry of tenants. It is the one table that every other points to; it carries no tenant_id because it is the tenant.
create schema tenancy;
grant usage on schema tenancy to cabildo_worker;

create table tenancy.tenant (
    id              uuid        not null,
    kind            text        not null,
    -- DIVIPOLA code of five digits; null for the two platform tenants.
    code            text,
    slug            text        not null,
    -- The town's own name in a host, where only one municipality bears it (`chipaque.`).
    short_slug      text        not null,
    name            text        not null,
    official_name   text        not null,
    department_code text,
    department      text,
    nit             text,
    dispatch        text,
    address         text,
    postal_code     text,
    phones          jsonb       not null default '[]',
    email           text,
    motto           text,
    accent          text        not null default 'govco',
    population      integer,
    ranked          boolean     not null default true,
    demonstration   boolean     not null default false,
    status          text        not null default 'active',
    -- Working week and closures; null means Monday to Friday with hours unknown.
    calendar        jsonb,
    created_at      timestamptz not null,
    updated_at      timestamptz not null,
    constraint tenant_pkey primary key (id),
    constraint tenant_slug_unique unique (slug),
    constraint tenant_code_unique unique (code),
    constraint tenant_kind_known check (kind in ('municipality', 'area', 'agency', 'support')),
    constraint tenant_status_known check (status in ('active', 'suspended')),
    constraint tenant_slug_length check (length(slug) between 2 and 63)
);

-- A host that a tenant owns besides `<slug>.DOMAIN`.
create table tenancy.domain (
    tenant_id   uuid        not null references tenancy.tenant (id),
    host        text        not null,
    verified_at timestamptz,
    constraint domain_pkey primary key (tenant_id, host),
    constraint domain_host_unique unique (host)
);

-- The worker alone reads and writes the registry: requests are answered from the directory in memory.
alter table tenancy.tenant enable row level security;
alter table tenancy.tenant force row level security;
create policy tenant_worker on tenancy.tenant for all to cabildo_worker using (true) with check (true);
grant select, insert, update, delete on tenancy.tenant to cabildo_worker;

alter table tenancy.domain enable row level security;
alter table tenancy.domain force row level security;
create policy domain_worker on tenancy.domain for all to cabildo_worker using (true) with check (true);
grant select, insert, update, delete on tenancy.domain to cabildo_worker;

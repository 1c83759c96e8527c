-- What a tenant publishes in its own words: organs and dependencies, pages, news.
create schema site;
grant usage on schema site to cabildo_tenant, cabildo_agency, cabildo_support, cabildo_worker, cabildo_public;

create table site.organ (
    tenant_id uuid    not null references tenancy.tenant (id),
    slug      text    not null,
    name      text    not null,
    place     integer not null,
    constraint organ_pkey primary key (tenant_id, slug)
);

create table site.dependency (
    tenant_id uuid    not null references tenancy.tenant (id),
    slug      text    not null,
    organ     text    not null,
    name      text    not null,
    functions text,
    address   text,
    phones    jsonb   not null default '[]',
    email     text,
    hours     text,
    officials jsonb   not null default '[]',
    place     integer not null,
    constraint dependency_pkey primary key (tenant_id, slug),
    constraint dependency_organ_known foreign key (tenant_id, organ) references site.organ (tenant_id, slug)
);

create table site.page (
    tenant_id  uuid        not null references tenancy.tenant (id),
    slug       text        not null,
    title      text        not null,
    -- Code of the legal menu (Res. MinTIC 1519/2020) that the page answers, if it does.
    section    text,
    body       text        not null,
    updated_at timestamptz not null,
    constraint page_pkey primary key (tenant_id, slug)
);

create table site.news (
    tenant_id     uuid        not null references tenancy.tenant (id),
    id            uuid        not null,
    slug          text        not null,
    title         text        not null,
    body          text        not null,
    organ         text        not null default 'Alcaldía',
    author_id     uuid,
    demonstration boolean     not null default false,
    published_at  timestamptz not null,
    updated_at    timestamptz not null,
    withdrawn_at  timestamptz,
    constraint news_pkey primary key (tenant_id, id),
    constraint news_slug_unique unique (tenant_id, slug),
    constraint news_title_length check (length(title) between 1 and 160),
    constraint news_body_length check (length(body) between 1 and 60000),
    constraint news_slug_form check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(slug) <= 120)
);
create index news_latest on site.news (tenant_id, published_at desc) where withdrawn_at is null;

call kernel.protect('site.organ');
call kernel.protect('site.dependency');
call kernel.protect('site.page');
call kernel.protect('site.news');
grant select on site.organ, site.dependency, site.page, site.news to cabildo_tenant, cabildo_agency, cabildo_support, cabildo_public;
grant insert, update on site.page, site.news to cabildo_tenant, cabildo_agency, cabildo_support;
grant select, insert, update, delete on site.organ, site.dependency, site.page, site.news to cabildo_worker;

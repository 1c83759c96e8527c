-- Agreements of the municipality with other entities: the register of entities, what was agreed, and what each agreement brought.
-- Nothing is deleted: what was recorded by mistake is annulled with a reason.
create schema agreements;
grant usage on schema agreements to cabildo_tenant, cabildo_agency, cabildo_support, cabildo_public, cabildo_worker;

create table agreements.entity (
    tenant_id     uuid        not null references tenancy.tenant (id),
    slug          text        not null,
    name          text        not null,
    level         text        not null,
    kind          text        not null,
    -- Chosen by the committee among those that could be of interest (activity of the plan).
    priority      boolean     not null,
    web           text,
    -- The contact is for the committee alone.
    contact_name  text,
    contact_phone text,
    contact_email text,
    recorded_at   timestamptz not null,
    updated_at    timestamptz not null,
    constraint entity_pkey primary key (tenant_id, slug),
    constraint entity_slug_form check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    constraint entity_name_length check (length(name) between 1 and 160),
    constraint entity_level_known check (level in ('LOCAL', 'DEPARTMENTAL', 'NATIONAL', 'INTERNATIONAL')),
    constraint entity_kind_known check (kind in ('PUBLIC_ENTITY', 'UNIVERSITY', 'SENA', 'COMPANY', 'COMMUNITY_ORGANISATION'))
);

create table agreements.agreement (
    tenant_id     uuid        not null references tenancy.tenant (id),
    slug          text        not null,
    entity        text        not null,
    -- As the municipality numbers it.
    number        text,
    title         text        not null,
    topics        text[]      not null,
    object        text        not null,
    signed_on     date        not null,
    begins_on     date        not null,
    -- Null where it has no end.
    ends_on       date,
    ended_on      date,
    end_reason    text,
    published_at  timestamptz,
    annulled_at   timestamptz,
    annul_reason  text,
    recorded_at   timestamptz not null,
    updated_at    timestamptz not null,
    constraint agreement_pkey primary key (tenant_id, slug),
    constraint agreement_entity_known foreign key (tenant_id, entity) references agreements.entity (tenant_id, slug),
    constraint agreement_slug_form check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    constraint agreement_title_length check (length(title) between 1 and 200),
    constraint agreement_object_length check (length(object) between 1 and 4000),
    constraint agreement_dates_in_order check (begins_on >= signed_on and ends_on >= begins_on and ended_on >= signed_on),
    constraint agreement_end_whole check ((ended_on is null) = (end_reason is null)),
    constraint agreement_annulment_whole check ((annulled_at is null) = (annul_reason is null))
);

-- What an agreement brought ("qué trajo").
create table agreements.result (
    tenant_id    uuid        not null references tenancy.tenant (id),
    id           uuid        not null,
    agreement    text        not null,
    happened_on  date        not null,
    text         text        not null,
    evidence     text,
    recorded_at  timestamptz not null,
    annulled_at  timestamptz,
    annul_reason text,
    constraint result_pkey primary key (tenant_id, id),
    constraint result_agreement_known foreign key (tenant_id, agreement) references agreements.agreement (tenant_id, slug),
    constraint result_text_length check (length(text) between 1 and 2000),
    constraint result_annulment_whole check ((annulled_at is null) = (annul_reason is null))
);
create index result_timeline on agreements.result (tenant_id, agreement, happened_on);

call kernel.protect('agreements.entity');
call kernel.protect('agreements.agreement');
call kernel.protect('agreements.result');
grant select on agreements.entity, agreements.agreement, agreements.result to cabildo_tenant, cabildo_agency, cabildo_support, cabildo_public;
grant insert, update on agreements.entity, agreements.agreement, agreements.result to cabildo_tenant;
grant select, insert, update, delete on agreements.entity, agreements.agreement, agreements.result to cabildo_worker;

-- The catalogue of trámites, other procedures, consultations and services. What every town starts from is national data in the
-- binary; here stands only what a town says otherwise, what it has confirmed, and what it has of its own.
create schema tramites;
grant usage on schema tramites to cabildo_tenant, cabildo_agency, cabildo_support, cabildo_worker, cabildo_public;

-- A null column says what the national base says.
create table tramites.entry (
    tenant_id          uuid        not null references tenancy.tenant (id),
    slug               text        not null,
    -- An entry of the town's own has both; a base entry needs neither.
    name               text,
    kind               text,
    -- Whether it exists in this town at all, and whether its sheet is public.
    applies            boolean,
    published          boolean     not null,
    automation         text,
    suit_number        text,
    dependency         text,
    -- The dependency's name in the directory's addresses, where it stands there.
    dependency_slug    text,
    who_may_ask        text,
    requirements       text[],
    cost_kind          text,
    cost_note          text,
    -- 0 is at once.
    term_business_days integer,
    result             text,
    legal_basis        text,
    note               text,
    -- Somebody of the town reviewed the whole sheet and answers for it.
    confirmed_at       timestamptz,
    confirmed_by       text,
    updated_at         timestamptz not null,
    constraint entry_pkey primary key (tenant_id, slug),
    constraint entry_suit_number_unique unique (tenant_id, suit_number),
    constraint entry_slug_form check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(slug) <= 120),
    constraint entry_kind_known check (kind in ('TRAMITE', 'OPA', 'CONSULTA', 'SERVICE')),
    constraint entry_automation_known check
        (automation in ('INFORMED', 'FORM_TO_DOWNLOAD', 'STARTED_ONLINE', 'FOLLOWED_ONLINE', 'PAID_ONLINE', 'RESOLVED_ONLINE')),
    constraint entry_cost_kind_known check
        (cost_kind in ('FREE', 'TAX', 'MUNICIPAL_RATE', 'EXPENSAS', 'REGULATED_RATE', 'BY_AFFILIATION', 'COPY_COST')),
    constraint entry_suit_number_form check (suit_number ~ '^[0-9]{1,7}$'),
    constraint entry_term_range check (term_business_days between 0 and 365),
    constraint entry_confirmation_whole check ((confirmed_at is null) = (confirmed_by is null))
);

call kernel.protect('tramites.entry');
grant select on tramites.entry to cabildo_tenant, cabildo_agency, cabildo_support, cabildo_public;
grant insert, update on tramites.entry to cabildo_tenant;
grant select, insert, update, delete on tramites.entry to cabildo_worker;

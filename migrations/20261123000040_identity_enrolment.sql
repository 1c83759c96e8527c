-- A municipality keeps its own team: it enrols people, changes their roles and ends them.
alter table identity.membership
    -- When the person first signed in to this tenant.
    add column first_seen  timestamptz,
    -- The name under which this tenant enrolled the person, so that it learns nothing of another's account.
    add column enrolled_as text,
    add constraint membership_enrolled_as_length check (length(enrolled_as) between 1 and 160);

-- A link by which an enrolled person sets a first password; only the hash of its token is kept.
create table identity.invitation (
    tenant_id       uuid        not null references tenancy.tenant (id),
    id              uuid        not null,
    account_id      uuid        not null references identity.account (id),
    invited_by      uuid,
    created_at      timestamptz not null,
    expires_at      timestamptz not null,
    link_hash       bytea,
    used_at         timestamptz,
    idempotency_key text        not null,
    constraint invitation_pkey primary key (tenant_id, id),
    constraint invitation_once unique (tenant_id, idempotency_key),
    constraint invitation_link_unique unique (tenant_id, link_hash)
);
create index invitation_account on identity.invitation (tenant_id, account_id);

call kernel.protect('identity.invitation');

-- An account is made blind: whether there was one already is not told, and it is seen only once it has a role here.
create policy account_enrol on identity.account for insert to cabildo_tenant, cabildo_support with check (true);

grant insert on identity.account to cabildo_tenant, cabildo_support;
grant insert, update on identity.membership to cabildo_tenant, cabildo_support;
grant select, insert, update, delete on identity.invitation to cabildo_tenant, cabildo_worker;
grant select, insert on identity.invitation to cabildo_support;

-- Who may sign in, with which roles, and how a lost password is replaced without anybody seeing one.
create schema identity;
grant usage on schema identity to cabildo_tenant, cabildo_agency, cabildo_support, cabildo_worker;

-- A person. No tenant_id: an account may belong to several tenants, and is seen only through a membership of the current one.
create table identity.account (
    id         uuid        not null,
    email      text        not null,
    name       text        not null,
    created_at timestamptz not null,
    constraint account_pkey primary key (id),
    constraint account_email_unique unique (email),
    constraint account_email_lower check (email = lower(email)),
    constraint account_name_length check (length(name) between 1 and 160)
);

-- An account whose password is null must be reset before it can sign in. A session older than `changed_at` is over.
create table identity.credential (
    account_id    uuid        not null references identity.account (id) on delete cascade,
    password_hash text,
    changed_at    timestamptz not null,
    constraint credential_pkey primary key (account_id)
);

create table identity.membership (
    tenant_id  uuid        not null references tenancy.tenant (id),
    account_id uuid        not null references identity.account (id),
    role       text        not null,
    since      timestamptz not null,
    until      timestamptz,
    constraint membership_pkey primary key (tenant_id, account_id, role),
    constraint membership_role_known check (role in ('coordinator', 'editor', 'official', 'observer', 'agent', 'supervisor',
                                                     'mail_administrator', 'analyst', 'administrator')),
    constraint membership_ends_later check (until >= since)
);

-- A session is bound to the host that gave it; only the SHA-256 of its token is kept.
create table identity.session (
    tenant_id  uuid        not null references tenancy.tenant (id),
    token_hash bytea       not null,
    account_id uuid        not null references identity.account (id),
    host       text        not null,
    created_at timestamptz not null,
    last_seen  timestamptz not null,
    expires_at timestamptz not null,
    constraint session_pkey primary key (tenant_id, token_hash)
);
create index session_account on identity.session (tenant_id, account_id);

create table identity.reset (
    tenant_id       uuid        not null references tenancy.tenant (id),
    id              uuid        not null,
    ticket_number   bigint      not null,
    account_id      uuid        not null references identity.account (id),
    state           text        not null,
    -- A coordinator's own account needs a supervisor's approval besides its proofs.
    needs_approval  boolean     not null,
    approved_by     uuid,
    started_by      uuid        not null,
    started_by_name text        not null,
    created_at      timestamptz not null,
    expires_at      timestamptz not null,
    link_hash       bytea,
    used_at         timestamptz,
    constraint reset_pkey primary key (tenant_id, id),
    constraint reset_link_unique unique (tenant_id, link_hash),
    constraint reset_state_known check (state in ('GATHERING', 'AWAITING_APPROVAL', 'READY', 'USED'))
);
create index reset_ticket on identity.reset (ticket_number, created_at);
create index reset_id on identity.reset (id);

create table identity.reset_proof (
    tenant_id        uuid        not null,
    reset_id         uuid        not null,
    kind             text        not null,
    state            text        not null,
    recorded_by      uuid,
    recorded_by_name text,
    evidence         text,
    at               timestamptz not null,
    code_hash        bytea,
    code_expires_at  timestamptz,
    tries            integer     not null default 0,
    constraint reset_proof_pkey primary key (tenant_id, reset_id, kind),
    constraint reset_proof_reset_known foreign key (tenant_id, reset_id) references identity.reset (tenant_id, id) on delete cascade,
    constraint reset_proof_kind_known check (kind in ('MAILBOX_CODE', 'COORDINATOR', 'CALLBACK_CODE', 'ACT')),
    constraint reset_proof_state_known check (state in ('SENT', 'VERIFIED', 'ATTESTED')),
    constraint reset_proof_evidence_length check (length(evidence) <= 2000)
);

call kernel.protect('identity.membership');
call kernel.protect('identity.session');
call kernel.protect('identity.reset');
call kernel.protect('identity.reset_proof');

alter table identity.account enable row level security;
alter table identity.account force row level security;
create policy account_member on identity.account for select to cabildo_tenant, cabildo_agency, cabildo_support
    using (exists (select 1 from identity.membership m where m.account_id = account.id and m.tenant_id = kernel.current_tenant()));
create policy account_worker on identity.account for all to cabildo_worker using (true) with check (true);

alter table identity.credential enable row level security;
alter table identity.credential force row level security;
create policy credential_member on identity.credential for all to cabildo_tenant
    using (exists (select 1 from identity.membership m where m.account_id = credential.account_id and m.tenant_id = kernel.current_tenant()))
    with check (exists (select 1 from identity.membership m where m.account_id = credential.account_id and m.tenant_id = kernel.current_tenant()));
create policy credential_worker on identity.credential for all to cabildo_worker using (true) with check (true);

-- The help centre reads the resets of every municipality and whose accounts they are; it writes in one municipality at a time.
create policy reset_support_read on identity.reset for select to cabildo_support using (true);
create policy reset_proof_support_read on identity.reset_proof for select to cabildo_support using (true);
create policy account_support_reset on identity.account for select to cabildo_support
    using (exists (select 1 from identity.reset r where r.account_id = account.id));

grant select on identity.account, identity.membership, identity.reset, identity.reset_proof to cabildo_tenant, cabildo_agency, cabildo_support;
grant select, insert, update on identity.credential to cabildo_tenant;
grant select, insert, update, delete on identity.session to cabildo_tenant;
grant update on identity.reset to cabildo_tenant;
grant insert, update on identity.reset_proof to cabildo_tenant, cabildo_support;
grant insert, update on identity.reset to cabildo_support;
grant select, insert, update, delete on identity.account, identity.credential, identity.membership, identity.session,
    identity.reset, identity.reset_proof to cabildo_worker;

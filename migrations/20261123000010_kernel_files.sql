-- What people attach to what they write. A file is pending from its upload until a use case attaches it to its subject.
-- Its bytes lie in the object store, under the tenant, as `archivos/<id>`.
create table kernel.file (
    tenant_id   uuid        not null references tenancy.tenant (id),
    id          uuid        not null,
    name        text        not null,
    media_type  text        not null,
    bytes       integer     not null,
    sha256      text        not null,
    -- `<word of the capability>/<key>`; null while pending.
    subject     text,
    public      boolean     not null default false,
    uploaded_by uuid,
    uploaded_at timestamptz not null,
    attached_at timestamptz,
    constraint file_pkey primary key (tenant_id, id),
    constraint file_name_length check (char_length(name) between 1 and 150),
    constraint file_size_limit check (bytes between 1 and 10485760),
    constraint file_sha256_shape check (sha256 ~ '^[0-9a-f]{64}$'),
    constraint file_subject_shape check (subject like '_%/_%'),
    constraint file_attached_whole check ((subject is null) = (attached_at is null)),
    constraint file_pending_private check (subject is not null or not public)
);
create index file_of_subject on kernel.file (tenant_id, subject, attached_at, id) where subject is not null;

call kernel.protect('kernel.file');
grant select, insert, update, delete on kernel.file to cabildo_tenant, cabildo_agency, cabildo_support, cabildo_worker;
grant select on kernel.file to cabildo_public;

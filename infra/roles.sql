-- Made once with the cluster, by a superuser; migrations only grant.
-- cabildo_owner owns the schema and migrates. cabildo_app is how the runtime logs in: it may do nothing
-- itself (NOINHERIT) and becomes one of the five working roles for each transaction.
do $$
declare name text;
begin
    if not exists (select from pg_roles where rolname = 'cabildo_owner') then
        create role cabildo_owner login nosuperuser nocreatedb nocreaterole nobypassrls;
    end if;
    if not exists (select from pg_roles where rolname = 'cabildo_app') then
        create role cabildo_app login nosuperuser nocreatedb nocreaterole nobypassrls noinherit;
    end if;
    foreach name in array array['cabildo_tenant', 'cabildo_agency', 'cabildo_support', 'cabildo_worker', 'cabildo_public'] loop
        if not exists (select from pg_roles where rolname = name) then
            execute format('create role %I nologin nosuperuser nobypassrls', name);
        end if;
        execute format('grant %I to cabildo_app', name);
    end loop;
end $$;

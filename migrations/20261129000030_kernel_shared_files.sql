-- A file that a municipality shares with the national agency: its own administration and the agency read it, nobody else.
alter table kernel.file add column shared boolean not null default false;
alter table kernel.file add constraint file_shared_attached check (subject is not null or not shared);

-- What a town sends to the agency, in answer to a circular or in a nomination, the agency opens on its own host.
create policy file_agency_read on kernel.file for select to cabildo_agency using (shared);

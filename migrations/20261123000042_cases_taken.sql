-- Who has a case in hand, so that it does not fall to nobody when the person leaves.
alter table cases.case_file add column taken_by uuid;
create index case_file_taken on cases.case_file (tenant_id, taken_by) where taken_by is not null and answered_at is null;

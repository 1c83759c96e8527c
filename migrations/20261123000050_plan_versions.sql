-- A municipality's plans, version by version: the one in force, the draft beside it and what came before, each whole, with reason, act and signatures.
-- The tables of the plan hold what is measured today: the version in force of the current plan.
create table plan.version (
    tenant_id     uuid        not null references tenancy.tenant (id),
    plan_key      text        not null,
    number        integer     not null,
    state         text        not null,
    -- The whole plan, as plan.yaml writes it.
    content       jsonb       not null,
    -- Why it changes, and the act that adopts it; null for a plan that came signed with the pack and does not name its act.
    reason        text,
    act           jsonb,
    signatures    jsonb       not null,
    -- The activities that were done when another version or another plan took its place.
    done          jsonb       not null default '[]',
    changed_at    timestamptz not null,
    adopted_at    timestamptz,
    adopted_by    uuid,
    constraint version_pkey primary key (tenant_id, plan_key, number),
    constraint version_state_known check (state in ('DRAFT', 'IN_FORCE', 'SUPERSEDED')),
    constraint version_number_positive check (number > 0),
    constraint version_key_form check (plan_key ~ '^[a-z0-9]+(-[a-z0-9]+)*$')
);
-- One draft at a time, and one version in force of each plan.
create unique index version_one_draft on plan.version (tenant_id) where state = 'DRAFT';
create unique index version_one_in_force on plan.version (tenant_id, plan_key) where state = 'IN_FORCE';

call kernel.protect('plan.version');
grant select on plan.version to cabildo_tenant, cabildo_agency, cabildo_support, cabildo_public;
grant insert, update, delete on plan.version to cabildo_tenant;
grant select, insert, update, delete on plan.version to cabildo_worker;

-- A version that comes into force replaces what the tables hold.
grant insert, update on plan.plan, plan.indicator to cabildo_tenant;
grant insert, update, delete on plan.action_line, plan.activity, plan.phase to cabildo_tenant;

-- An indicator that leaves the plan keeps its past: its row stays, without an action line that holds it.
alter table plan.indicator add column retired_at timestamptz;
alter table plan.indicator drop constraint indicator_action_line_known;
alter table plan.indicator drop constraint indicator_key_unique;
create unique index indicator_key_unique on plan.indicator (tenant_id, action_line, key) where retired_at is null;

-- Plans that are there already are the first version of themselves.
insert into plan.version (tenant_id, plan_key, number, state, content, signatures, changed_at)
select p.tenant_id, p.key, 1, 'IN_FORCE',
       jsonb_build_object(
           'key', p.key, 'title', p.title, 'framework', p.framework, 'period', p.period, 'legal_frame', p.legal_frame, 'vision', p.vision,
           'general_objective', p.general_objective, 'specific_objectives', to_jsonb(p.specific_objectives),
           'framework_lines', to_jsonb(p.framework_lines), 'closing_activities', p.closing_activities, 'help_table', p.help_table,
           'incentives', p.incentives, 'signed_by', p.signed_by, 'letterhead', p.letterhead, 'notes', p.notes,
           'phases', (
               select coalesce(jsonb_agg(jsonb_build_object('key', f.key, 'name', f.name, 'national_deadline', f.national_deadline,
                                                            'deadline', f.deadline, 'target', f.target) order by f.place, f.key), '[]')
               from plan.phase f where f.tenant_id = p.tenant_id),
           'action_lines', (
               select coalesce(jsonb_agg(jsonb_build_object(
                   'number', l.number, 'title', l.title, 'benefits', to_jsonb(l.benefits), 'responsibles', to_jsonb(l.responsibles),
                   'resources', to_jsonb(l.resources), 'duration_text', l.duration_text,
                   'indicators', (
                       select coalesce(jsonb_agg(jsonb_build_object('key', i.key, 'name', i.name, 'target', i.target, 'target_value', i.target_value,
                                                                    'unit', i.unit, 'cadence', i.cadence, 'kind', i.kind, 'measure', i.measure,
                                                                    'note', i.note) order by i.place, i.key), '[]')
                       from plan.indicator i where i.tenant_id = l.tenant_id and i.action_line = l.number),
                   'activities', (
                       select coalesce(jsonb_agg(jsonb_build_object('text', a.text, 'responsibles', to_jsonb(a.responsibles)) order by a.number), '[]')
                       from plan.activity a where a.tenant_id = l.tenant_id and a.action_line = l.number)) order by l.number), '[]')
               from plan.action_line l where l.tenant_id = p.tenant_id)),
       '[]'::jsonb, 'epoch'::timestamptz
from plan.plan p;

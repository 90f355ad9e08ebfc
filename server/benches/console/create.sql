-- The rows of one create, for pgbench: server/control/src/services/create.rs and what it calls write them.
with new as (
  select gen_random_uuid() as id, gen_random_uuid() as operation, p.workspace_id, p.id as project_id, r.id as resource_id, u.id as user_id, u.email
  from projects p, resources r, users u limit 1),
service as (
  insert into services (id, workspace_id, project_id, resource_id, name, label, service_type, postgres_version, creation_mode, instances,
    ram_mib, disk_mib, cpu_millis, public_access, environment_variables, sealed_password)
  select id, workspace_id, project_id, resource_id, 'pgbench-' || id, 'One of many', 'postgres', 17, 'fresh', 1, 64, 1024, 250, false, true,
    decode(repeat('5a', 61), 'hex')
  from new returning id),
observation as (insert into observations (service_id, workspace_id) select id, workspace_id from new),
task as (insert into tasks (service_id, workspace_id) select id, workspace_id from new),
operation as (
  insert into operations (id, workspace_id, service_id, kind, state) select operation, workspace_id, id, 'create', 'running' from new),
step as (
  insert into operation_steps (operation_id, workspace_id, position, key, title, done_title)
  select operation, workspace_id, n, 'step' || n, 'What it does is said here', 'What was done is said here' from new, generate_series(0, 5) n),
line as (
  insert into audit (id, workspace_id, user_id, email, action, entity_id, entity, request_id)
  select gen_random_uuid(), workspace_id, user_id, email, 'service.create', id, 'pgbench-' || id, gen_random_uuid()::text from new)
insert into events (workspace_id, kind, entity_id, project_id)
select workspace_id, kind, id, project_id from new, unnest(array['service.created', 'resource.changed']) kind;

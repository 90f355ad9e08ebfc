-- In the order in which use cases of another console lock them.
lock table services, observations in access exclusive mode;

alter table observations
    -- where a service with public access is reached from outside; seen to work by a sign-in
    add column outside_host text,
    add column outside_port integer check (outside_port between 1 and 65535),
    -- the server that took writes when somebody last signed in
    add column primary_name text,
    -- since when nobody could sign in, though it should be running
    add column broke_at     timestamptz;

-- Another server takes writes than before.
create table primary_changes (
    id           uuid primary key,
    workspace_id uuid not null references workspaces on delete cascade,
    service_id   uuid not null references services on delete cascade,
    at           timestamptz not null default now(),
    from_name    text not null,
    to_name      text not null,
    ms           bigint
);
create index primary_changes_of on primary_changes (service_id, id desc);

-- Berth's metadata. Every table with a workspace is always queried with it.
-- Secrets are sealed (crate control, seal.rs) or hashed; nothing here can be used as it stands.

create table users (
    id            uuid primary key,
    email         text not null unique check (email = lower(email)),
    password_hash text not null,
    created_at    timestamptz not null default now(),
    updated_at    timestamptz not null default now()
);

create table workspaces (
    id         uuid primary key,
    slug       text not null unique,
    name       text not null,
    created_at timestamptz not null default now()
);

create table memberships (
    workspace_id uuid not null references workspaces on delete cascade,
    user_id      uuid not null references users on delete cascade,
    role         text not null check (role in ('owner', 'admin', 'member', 'support', 'viewer')),
    created_at   timestamptz not null default now(),
    primary key (workspace_id, user_id)
);
create index memberships_by_user on memberships (user_id);

-- A browser that is signed in; the cookie's SHA-256 stands here.
create table sessions (
    id           uuid primary key,
    user_id      uuid not null references users on delete cascade,
    secret_hash  bytea not null unique,
    address      text not null,
    agent        text not null,
    created_at   timestamptz not null default now(),
    last_seen_at timestamptz not null default now(),
    expires_at   timestamptz not null
);
create index sessions_by_user on sessions (user_id);

-- Bearer tokens. A refresh token is good for one use; used again, its whole family ends.
create table tokens (
    id           uuid primary key,
    user_id      uuid not null references users on delete cascade,
    kind         text not null check (kind in ('access', 'refresh', 'personal')),
    family       uuid,
    label        text not null default '',
    secret_hash  bytea not null unique,
    created_at   timestamptz not null default now(),
    expires_at   timestamptz,
    last_used_at timestamptz,
    used_at      timestamptz
);
create index tokens_by_user on tokens (user_id, kind, created_at desc);
create index tokens_by_family on tokens (family) where family is not null;

-- The single-use link of the first start.
create table setup_links (
    secret_hash bytea primary key,
    expires_at  timestamptz not null
);

create table projects (
    id           uuid primary key,
    workspace_id uuid not null references workspaces on delete cascade,
    name         text not null,
    restricted   boolean not null default false,
    created_at   timestamptz not null default now(),
    updated_at   timestamptz not null default now(),
    unique (workspace_id, id)
);
create unique index projects_by_name on projects (workspace_id, lower(name));

create table regions (
    code  text primary key,
    label text not null
);

create table plans (
    code_name  text primary key,
    label      text not null,
    ram_mib    bigint not null check (ram_mib >= 0),
    disk_mib   bigint not null check (disk_mib >= 0),
    cpu_millis integer not null check (cpu_millis >= 0)
);

create table resources (
    id             uuid primary key,
    workspace_id   uuid not null references workspaces on delete cascade,
    label          text not null,
    plan_code_name text not null references plans,
    region_code    text not null references regions,
    labels         jsonb not null default '{}',
    ram_mib        bigint not null check (ram_mib >= 0),
    disk_mib       bigint not null check (disk_mib >= 0),
    cpu_millis     integer not null check (cpu_millis >= 0),
    created_at     timestamptz not null default now(),
    unique (workspace_id, id)
);

-- Where there is a row for a resource, only the projects named may place on it.
create table resource_projects (
    workspace_id uuid not null,
    resource_id  uuid not null,
    project_id   uuid not null,
    primary key (resource_id, project_id),
    foreign key (workspace_id, resource_id) references resources (workspace_id, id) on delete cascade,
    foreign key (workspace_id, project_id) references projects (workspace_id, id) on delete cascade
);

-- What is wanted. `state`, `state_reason` and `was_ready` are kept by the reconciler alone.
create table services (
    id                    uuid primary key,
    workspace_id          uuid not null,
    project_id            uuid not null,
    resource_id           uuid not null,
    name                  text not null unique,
    label                 text not null,
    service_type          text not null check (service_type in ('postgres', 'shared_storage')),
    postgres_version      smallint,
    creation_mode         text,
    instances             smallint not null default 1,
    ram_mib               integer not null check (ram_mib >= 0),
    disk_mib              integer not null check (disk_mib >= 0),
    cpu_millis            integer not null check (cpu_millis >= 0),
    public_access         boolean not null default false,
    environment_variables boolean not null default false,
    mount_point           text,
    storage_access        text,
    port                  integer unique check (port between 1 and 65535),
    sealed_password       bytea,
    power                 text not null default 'running' check (power in ('running', 'stopped')),
    deleting              boolean not null default false,
    state                 text not null default 'pending',
    state_reason          text,
    created_at            timestamptz not null default now(),
    updated_at            timestamptz not null default now(),
    unique (workspace_id, id),
    foreign key (workspace_id, project_id) references projects (workspace_id, id),
    foreign key (workspace_id, resource_id) references resources (workspace_id, id)
);
create index services_newest on services (workspace_id, id desc);
create index services_by_project on services (workspace_id, project_id, id desc);
create index services_by_resource on services (resource_id);
create index services_by_state on services (workspace_id, state, id desc);

-- What was seen last. One row a service, from its creation on.
create table observations (
    service_id     uuid primary key references services on delete cascade,
    workspace_id   uuid not null,
    phase          text not null default 'absent',
    reason         text,
    server_version text,
    -- a refusal of the runtime: nothing more is tried until somebody changes something
    rejected       boolean not null default false,
    -- the last sign-in with the credentials that the API returns succeeded
    signed_in      boolean not null default false,
    -- it was ready once: its storage must be there from then on
    was_ready      boolean not null default false,
    observed_at    timestamptz
);

-- What is being done about the difference.
create table tasks (
    service_id   uuid primary key references services on delete cascade,
    workspace_id uuid not null,
    step         text not null default 'ensure',
    memo         jsonb not null default '{}',
    -- grows with every wish; a worker that loaded an older one starts over
    generation   bigint not null default 1,
    -- grows with every lease; a late write of an older holder loses
    fence        bigint not null default 0,
    attempt      integer not null default 0,
    run_at       timestamptz not null default now(),
    lease_until  timestamptz,
    deadline_at  timestamptz,
    last_error   text
);
create index tasks_due on tasks (run_at);

-- A wish that isn't a column, removed by the code that fulfilled it.
create table signals (
    service_id   uuid not null references services on delete cascade,
    workspace_id uuid not null,
    kind         text not null check (kind in ('restart')),
    requested_at timestamptz not null default now(),
    primary key (service_id, kind)
);

create table operations (
    id           uuid primary key,
    workspace_id uuid not null,
    service_id   uuid not null references services on delete cascade,
    kind         text not null,
    state        text not null default 'queued',
    error        text,
    created_at   timestamptz not null default now(),
    finished_at  timestamptz
);
create index operations_by_service on operations (service_id, id desc);
create index operations_finished on operations (workspace_id, kind, finished_at desc) where state = 'succeeded';

create table operation_steps (
    operation_id uuid not null references operations on delete cascade,
    workspace_id uuid not null,
    position     smallint not null,
    key          text not null,
    title        text not null,
    -- what it is called once it is done
    done_title   text not null,
    state        text not null default 'queued',
    detail       text,
    started_at   timestamptz,
    finished_at  timestamptz,
    primary key (operation_id, key)
);

-- An environment variable. `service_id`: the service that wrote it, until somebody edits it.
create table vars (
    id           uuid primary key,
    workspace_id uuid not null,
    project_id   uuid not null,
    key          text not null,
    sealed_value bytea not null,
    service_id   uuid references services on delete set null,
    created_at   timestamptz not null default now(),
    updated_at   timestamptz not null default now(),
    foreign key (workspace_id, project_id) references projects (workspace_id, id) on delete cascade
);
create unique index vars_by_key on vars (project_id, lower(key));
create index vars_by_service on vars (service_id) where service_id is not null;

-- That something changed, never what. Kept for a day.
create table events (
    version      bigint generated always as identity primary key,
    workspace_id uuid not null references workspaces on delete cascade,
    kind         text not null,
    entity_id    uuid not null,
    project_id   uuid,
    created_at   timestamptz not null default now()
);
create index events_by_age on events (created_at);

-- Who did what. Written in the transaction of the change, and before a secret leaves.
create table audit (
    id           uuid primary key,
    workspace_id uuid not null references workspaces on delete cascade,
    at           timestamptz not null default now(),
    user_id      uuid not null,
    email        text not null,
    action       text not null,
    entity_id    uuid,
    entity       text not null,
    reason       text,
    request_id   text not null
);
create index audit_newest on audit (workspace_id, id desc);
create index audit_by_entity on audit (workspace_id, entity_id, id desc);

-- Same key and same body: the same answer. Kept for 24 hours.
create table idempotency_keys (
    user_id      uuid not null references users on delete cascade,
    workspace_id uuid not null references workspaces on delete cascade,
    route        text not null,
    key          text not null,
    body_hash    bytea not null,
    service_id   uuid not null,
    created_at   timestamptz not null default now(),
    primary key (user_id, workspace_id, route, key)
);
create index idempotency_keys_by_age on idempotency_keys (created_at);

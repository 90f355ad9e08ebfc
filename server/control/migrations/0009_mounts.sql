-- Where apps mount a volume. What is wanted, and in `state` and `reason` what was seen last.
create table mounts (
    service_id   uuid not null references services on delete cascade,
    workspace_id uuid not null,
    -- of the volume, which doesn't move meanwhile: an app is one of this project
    project_id   uuid not null,
    -- deployment/web
    app          text not null,
    mount_point  text not null,
    label        text,
    -- the app mounts it no more; the row goes once that is so
    leaving      boolean not null default false,
    state        text not null default 'pending',
    reason       text,
    -- the operation that waits for it
    operation_id uuid,
    created_at   timestamptz not null default now(),
    primary key (service_id, app),
    foreign key (workspace_id, service_id) references services (workspace_id, id) on delete cascade
);
-- one directory of an app shows one volume
create unique index mounts_by_place on mounts (workspace_id, project_id, app, mount_point);

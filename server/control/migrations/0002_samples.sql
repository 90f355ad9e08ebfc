-- What was measured of each service, every half minute; kept for a day (crate control, samples.rs).
-- Counters as they came: rates are made when they are read, so that a counter that begins anew is told from one that fell.
create table samples (
    service_id      uuid not null references services on delete cascade,
    workspace_id    uuid not null,
    -- each half minute is written once, whoever measures
    slot            timestamptz not null,
    at              timestamptz not null default now(),
    connections     bigint not null,
    max_connections bigint not null,
    transactions    bigint not null,
    blocks_hit      bigint not null,
    blocks_read     bigint not null,
    size            bigint not null,
    wal             bigint not null,
    cpu_ms          bigint not null,
    memory          bigint not null,
    primary key (service_id, slot)
);
create index samples_by_age on samples (slot);

-- What somebody did himself is his to read, whatever he may see of others.
create index audit_by_user on audit (workspace_id, user_id, id desc);

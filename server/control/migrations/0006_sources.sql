-- In the order in which use cases of another console lock them.
lock table services, observations in access exclusive mode;

-- What is wrong with a service that serves: a standby is behind or down.
alter table observations add column degraded text;

-- The external PostgreSQL that a service replicates, until it is promoted: from then on nothing of it is needed, and no secret stays.
create table sources (
    service_id           uuid primary key references services on delete cascade,
    workspace_id         uuid not null,
    host                 text not null,
    port                 integer not null check (port between 1 and 65535),
    username             text not null,
    auth_type            text not null check (auth_type in ('password', 'tls')),
    ca                   text,
    certificate          text,
    -- the password, or the private key of the certificate
    sealed_secret        bytea,
    s3_endpoint          text,
    s3_bucket            text,
    s3_path              text,
    s3_server_name       text,
    sealed_s3_access_key bytea,
    sealed_s3_secret_key bytea,
    -- what the source said of itself when it was first reached: its settings that a standby may not fall below
    settings             jsonb,
    -- how it was reached then, and has to be from then on
    sslmode              text check (sslmode in ('verify-full', 'verify-ca', 'require', 'prefer')),
    -- where it and its archive were found last, as address:port
    addresses            text[] not null default '{}',
    promote_at           timestamptz,
    check (promote_at is not null or sealed_secret is not null)
);

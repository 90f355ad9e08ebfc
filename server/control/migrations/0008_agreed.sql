-- Who was shown that a source can be had with less than all of TLS: who creates a replica of it soon afterwards agrees to that.
create table source_warnings (
    workspace_id uuid not null references workspaces on delete cascade,
    user_id      uuid not null references users on delete cascade,
    host         text not null,
    port         integer not null,
    sslmode      text not null check (sslmode in ('verify-ca', 'prefer')),
    shown_at     timestamptz not null default now(),
    primary key (workspace_id, user_id, host, port)
);

-- What was agreed to. How it was reached for the first time is never less.
alter table sources add agreed text check (agreed in ('verify-ca', 'prefer'));

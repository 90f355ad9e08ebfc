-- What another console writes between the rows and the triggers would never be published.
lock table vars in share row exclusive mode;

-- The variables of a project as its apps were given them; they are behind where the two versions differ. It outlives the project,
-- so that what was published is taken away, too.
create table publications (
    project_id   uuid primary key,
    workspace_id uuid not null,
    version      bigint not null default 1,
    published    bigint not null default 0,
    retry_at     timestamptz not null default now()
);
create index publications_behind on publications (retry_at) where version <> published;

insert into publications (project_id, workspace_id) select distinct project_id, workspace_id from vars;

create function vars_changed() returns trigger language plpgsql as $$
begin
    if tg_op <> 'INSERT' then
        insert into publications (project_id, workspace_id) values (old.project_id, old.workspace_id)
        on conflict (project_id) do update set version = publications.version + 1, retry_at = now();
    end if;
    if tg_op = 'INSERT' or tg_op = 'UPDATE' and new.project_id <> old.project_id then
        insert into publications (project_id, workspace_id) values (new.project_id, new.workspace_id)
        on conflict (project_id) do update set version = publications.version + 1, retry_at = now();
    end if;
    return null;
end
$$;
create trigger vars_changed after insert or update or delete on vars for each row execute function vars_changed();

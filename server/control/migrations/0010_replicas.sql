-- Services that are copies of another one of their workspace.
create table replicas (
    service_id   uuid primary key references services on delete cascade,
    workspace_id uuid not null,
    -- the one that it follows; none once it was promoted
    primary_id   uuid,
    -- the name of the one that it was copied from
    copied_from  text not null,
    -- its database, and the user that owns it
    database     text not null,
    -- the most memory that its primary has had since: settings that follow from it can't fall while their lower values may not have arrived
    floor_mib    integer not null,
    foreign key (workspace_id, service_id) references services (workspace_id, id) on delete cascade,
    -- which goes after them
    foreign key (workspace_id, primary_id) references services (workspace_id, id)
);
create index replicas_by_primary on replicas (primary_id) where primary_id is not null;

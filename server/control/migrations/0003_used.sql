-- What services take of a resource stands in its row, kept by their own: a placement reads one row, however many there are.
-- Another console may still be deleting: whatever it takes away between the sums and the triggers would never be given back.
lock table services in share row exclusive mode;

alter table resources
    add column used_ram_mib    bigint not null default 0,
    add column used_disk_mib   bigint not null default 0,
    add column used_cpu_millis bigint not null default 0;

update resources r
set used_ram_mib = taken.ram, used_disk_mib = taken.disk, used_cpu_millis = taken.cpu
from (select workspace_id, resource_id, sum(ram_mib::bigint * instances) as ram, sum(disk_mib::bigint * instances) as disk,
             sum(cpu_millis::bigint * instances) as cpu
      from services group by workspace_id, resource_id) taken
where r.workspace_id = taken.workspace_id and r.id = taken.resource_id;

-- Once a statement: thousands of rows in one would write thousands of versions of the resource's.
create function services_taken() returns trigger language plpgsql as $$
declare
    sign constant integer := case tg_op when 'DELETE' then -1 else 1 end;
begin
    update resources r
    set used_ram_mib = r.used_ram_mib + sign * taken.ram,
        used_disk_mib = r.used_disk_mib + sign * taken.disk,
        used_cpu_millis = r.used_cpu_millis + sign * taken.cpu
    from (select workspace_id, resource_id, sum(ram_mib::bigint * instances) as ram, sum(disk_mib::bigint * instances) as disk,
                 sum(cpu_millis::bigint * instances) as cpu
          from changed group by workspace_id, resource_id) taken
    where r.workspace_id = taken.workspace_id and r.id = taken.resource_id;
    return null;
end
$$;
create trigger services_taken after insert on services
    referencing new table as changed for each statement execute function services_taken();
create trigger services_given_back after delete on services
    referencing old table as changed for each statement execute function services_taken();

create function services_resized() returns trigger language plpgsql as $$
begin
    update resources
    set used_ram_mib = used_ram_mib + new.ram_mib::bigint * new.instances - old.ram_mib::bigint * old.instances,
        used_disk_mib = used_disk_mib + new.disk_mib::bigint * new.instances - old.disk_mib::bigint * old.instances,
        used_cpu_millis = used_cpu_millis + new.cpu_millis::bigint * new.instances - old.cpu_millis::bigint * old.instances
    where workspace_id = new.workspace_id and id = new.resource_id;
    return null;
end
$$;
create trigger services_resized after update of ram_mib, disk_mib, cpu_millis, instances on services for each row
    when ((new.ram_mib, new.disk_mib, new.cpu_millis, new.instances)
          is distinct from (old.ram_mib, old.disk_mib, old.cpu_millis, old.instances))
    execute function services_resized();

-- A service stays where it was placed: what it takes would have to move with it.
create function services_stay() returns trigger language plpgsql as $$
begin
    raise exception 'service % can''t move to another resource', old.name;
end
$$;
create trigger services_stay before update of resource_id on services for each row
    when (new.resource_id <> old.resource_id) execute function services_stay();

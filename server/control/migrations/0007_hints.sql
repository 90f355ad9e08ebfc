-- The runtime said that something changed while somebody was looking: he may have looked too early.
alter table tasks add hinted boolean not null default false;

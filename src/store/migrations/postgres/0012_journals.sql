-- Instances whose hand-overs stand in a journal beside the database until they
-- are folded into `deliveries`: on SQLite only, but one text asks both.
create table journals (
    instance text primary key not null,
    epoch bytea not null,
    folded bigint not null default 0,
    closed bigint not null default 0 check (closed in (0, 1))
);

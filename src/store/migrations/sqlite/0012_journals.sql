-- Instances whose hand-overs stand in a journal beside the database until they
-- are folded into `deliveries`. `folded` is the last record that has been;
-- `closed` says that there is nothing more to fold and the file may go.
create table journals (
    instance text primary key not null,
    epoch blob not null,
    folded integer not null default 0,
    closed integer not null default 0 check (closed in (0, 1))
) strict, without rowid;

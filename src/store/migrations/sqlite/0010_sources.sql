-- What the operator should know of a source while all goes well.
alter table source_states add column notice text;

-- Pieces that a source says are gone, too many at once to be believed: they
-- stay until the operator lets them go or the source has them again.
create table withheld (
    source text not null,
    guid text not null,
    since integer not null,
    primary key (source, guid)
) strict, without rowid;

-- What the operator should know of a source while all goes well.
alter table source_states add column notice text;

-- Pieces that a source says are gone, too many at once to be believed: they
-- stay until the operator lets them go or the source has them again.
create table withheld (
    source text not null,
    guid text not null,
    since bigint not null,
    primary key (source, guid)
);

-- The same piece from two sources: `place` is its address in the form in which
-- equal pages are equal, `copy_of` the row that stands for all its copies. A
-- copy is withdrawn as well, so no list has it.
alter table articles add column place text;
alter table articles add column copy_of bigint references articles (id);
create index articles_place on articles (place) where place is not null;
create index articles_guid on articles (guid);
create index articles_copies on articles (copy_of) where copy_of is not null;

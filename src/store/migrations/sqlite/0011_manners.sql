-- What is slowed down: a recipient domain (`to:example.org`) that refused for
-- now, or a relay (`by:NAME`) that fails.
create table slowed (
    scope text primary key not null,
    since integer not null,
    until integer not null,
    step integer not null,
    reply text not null
) strict, without rowid;

-- Mails of a day (UTC) that count against a quota: of all (`all`), of a relay,
-- of a recipient domain.
create table quotas (
    scope text not null,
    day text not null,
    used integer not null,
    primary key (scope, day)
) strict, without rowid;
insert into quotas (scope, day, used)
    select 'all', substr(name, 7), value from counters where name like 'mails:%';
delete from counters where name like 'mails:%';

-- What a claimed mail takes from which quotas (a JSON list of scopes): given
-- back if it does not go out.
create table reservations (
    edition_id integer not null,
    subscriber_id integer not null,
    attempt integer not null,
    day text not null,
    scopes text not null,
    primary key (edition_id, subscriber_id, attempt)
) strict, without rowid;

-- When the next mail may go where the rate is limited.
create table paces (
    scope text primary key not null,
    next integer not null
) strict, without rowid;

-- The highest row there can be says that all deliveries are written, so that a
-- paused edition knows whether to go on writing when it is resumed.
update editions set compiled_to = 9223372036854775807 where state <> 'compiling';

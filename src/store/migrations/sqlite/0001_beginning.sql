-- Moments are whole milliseconds since 1970 (integer); lists and records inside
-- a column are JSON text; a state is a word that a check constraint knows.

create table counters (name text primary key not null, value integer not null) strict, without rowid;
insert into counters (name, value) values ('rev', 0);

create table keys (
    id text primary key not null,
    secret blob not null,
    created integer not null
) strict, without rowid;

create table instances (
    id text primary key not null,
    kind text not null check (kind in ('serve', 'once')),
    seen integer not null
) strict, without rowid;

create table source_states (
    name text primary key not null,
    memory text not null,
    visited integer,
    changed integer,
    next_visit integer not null,
    failures integer not null default 0,
    last_error text
) strict, without rowid;

create table articles (
    id integer primary key autoincrement not null,
    uid blob not null unique,
    key text not null unique,
    source text not null,
    guid text not null,
    url text,
    title text not null,
    authors text not null,
    published integer not null,
    updated integer not null,
    language text not null,
    teaser text not null,
    image text,
    hints text not null,
    labels text not null,
    regions text not null,
    countries text not null,
    region_origin text not null check (region_origin in ('operator', 'breadcrumb', 'category', 'text', 'source')),
    reasons text not null,
    operator_region text,
    credit text,
    hash text not null,
    first_seen integer not null,
    rev integer not null,
    withdrawn integer,
    unique (source, guid)
) strict;
create index articles_published on articles (published desc, id desc) where withdrawn is null;
create index articles_rev on articles (rev);
create index articles_title on articles (title);

create table article_bodies (
    article_id integer primary key not null references articles (id) on delete cascade,
    html text not null,
    body text not null
) strict, without rowid;

create table article_regions (
    region text not null,
    published integer not null,
    article_id integer not null references articles (id) on delete cascade,
    primary key (region, published, article_id)
) strict, without rowid;
create index article_regions_article on article_regions (article_id);

create table article_authors (
    slug text not null,
    published integer not null,
    article_id integer not null references articles (id) on delete cascade,
    name text not null,
    primary key (slug, published, article_id)
) strict, without rowid;
create index article_authors_article on article_authors (article_id);

create table unmatched_labels (
    source text not null,
    label text not null,
    article_id integer not null,
    pieces integer not null,
    first_seen integer not null,
    primary key (source, label)
) strict, without rowid;

create table media (
    name text primary key not null,
    mime text not null,
    bytes blob not null,
    width integer,
    height integer,
    created integer not null
) strict;

create table feeds (
    path text primary key not null,
    hash text not null,
    changed integer not null
) strict, without rowid;

create table subscribers (
    id integer primary key autoincrement not null,
    uid blob not null unique,
    email text not null,
    email_key text not null unique,
    name text not null,
    standing text not null check (standing in ('pending', 'active', 'left', 'bounced', 'complained')),
    regions text not null,
    timezone text,
    language text,
    digests text not null,
    consent text not null,
    attributes text not null,
    created integer not null,
    changed integer not null,
    invited integer
) strict;
create index subscribers_active on subscribers (id) where standing = 'active';
create index subscribers_zones on subscribers (timezone) where standing = 'active';

create table suppressions (
    hash text primary key not null,
    email text,
    reason text not null,
    created integer not null
) strict, without rowid;

create table digests (
    name text primary key not null,
    known_since integer not null,
    last_slot integer,
    horizon integer,
    settled_below integer not null default 0
) strict, without rowid;

create table editions (
    id integer primary key autoincrement not null,
    uid blob not null unique,
    digest text not null,
    slot integer not null,
    number integer not null,
    state text not null check (state in ('compiling', 'sending', 'paused', 'cancelled', 'done')),
    frozen integer not null,
    settled integer,
    title text not null,
    frame text not null,
    compiled_to integer not null default 0,
    unique (digest, slot),
    unique (digest, number)
) strict;
create index editions_open on editions (id) where state in ('compiling', 'sending', 'paused');
create index editions_frozen on editions (digest, frozen desc);

create table edition_articles (
    digest text not null,
    article_id integer not null references articles (id),
    edition_id integer not null references editions (id),
    position integer not null,
    piece text not null,
    primary key (digest, article_id)
) strict, without rowid;
create index edition_articles_edition on edition_articles (edition_id, position);

create table variants (
    id integer primary key autoincrement not null,
    edition_id integer not null references editions (id),
    choice text not null,
    pieces integer not null,
    subject text not null,
    html text not null,
    body text not null,
    unique (edition_id, choice)
) strict;

create table deliveries (
    edition_id integer not null references editions (id),
    subscriber_id integer not null references subscribers (id),
    variant_id integer not null references variants (id),
    state text not null check (state in
        ('queued', 'claimed', 'handing', 'sent', 'refused', 'expired', 'cancelled', 'held')),
    attempt integer not null default 0,
    tries integer not null default 0,
    doubts integer not null default 0,
    due integer not null,
    instance text,
    reply text,
    changed integer not null,
    primary key (edition_id, subscriber_id)
) strict, without rowid;
-- The planner must find the next rows without walking the settled ones.
create index deliveries_due on deliveries (edition_id, due) where state = 'queued';
create index deliveries_open on deliveries (instance) where state in ('claimed', 'handing');
create index deliveries_subscriber on deliveries (subscriber_id);

create table inbox (
    id integer primary key autoincrement not null,
    message_id text not null unique,
    received integer not null,
    sender text not null,
    recipient text not null,
    message blob not null
) strict;

-- A shelf is what a feed is about: all, region/africa, author/africa-desk,
-- tag/rivers, source/magazine, language/en. Its revision is that of the last
-- change to anything that stands, or stood, on it.
create table shelves (
    name text primary key not null,
    title text not null,
    pieces integer not null,
    rev integer not null
) strict, without rowid;
create index shelves_rev on shelves (rev);

-- Tags, sources and languages; regions and authors have tables of their own.
create table article_shelves (
    shelf text not null,
    published integer not null,
    article_id integer not null references articles (id) on delete cascade,
    primary key (shelf, published, article_id)
) strict, without rowid;
create index article_shelves_article on article_shelves (article_id);

-- Pieces stored before this have no tags until they change.
insert into article_shelves (shelf, published, article_id)
    select 'source/' || source, published, id from articles where withdrawn is null;
insert into article_shelves (shelf, published, article_id)
    select 'language/' || language, published, id from articles
    where withdrawn is null and language <> 'und' and language not like '%-%';
insert into shelves (name, title, pieces, rev)
    select 'all', '', count(*), coalesce(max(rev), 0) from articles where withdrawn is null;
insert into shelves (name, title, pieces, rev)
    select 'region/' || region, '', count(*), 0 from article_regions group by region;
insert into shelves (name, title, pieces, rev)
    select 'author/' || slug, max(name), count(*), 0 from article_authors group by slug;
insert into shelves (name, title, pieces, rev)
    select shelf, '', count(*), 0 from article_shelves group by shelf;

create index articles_withdrawn on articles (withdrawn) where withdrawn is not null;

-- What was last announced to hubs of a feed's bytes.
alter table feeds add column announced text not null default '';
update feeds set announced = hash;
create index feeds_unannounced on feeds (path) where announced <> hash;

-- Who is to be told of changes by our own hub (WebSub).
create table hub_subscriptions (
    id integer primary key autoincrement not null,
    topic text not null,
    callback text not null,
    host text not null,
    secret text,
    expires integer not null,
    -- Bytes that are still to be handed over, and when they are tried next.
    due integer,
    attempts integer not null default 0,
    -- The hash of the bytes handed over last.
    delivered text,
    unique (topic, callback)
) strict;
create index hub_subscriptions_due on hub_subscriptions (due) where due is not null;
create index hub_subscriptions_host on hub_subscriptions (host);

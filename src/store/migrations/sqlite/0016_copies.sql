-- Where a piece can be read, in the form that is equal for equal pages; it also
-- finds a piece whose id has changed. Older pieces get it as near as SQL can.
alter table articles add column address text;
update articles set address = rtrim(replace(replace(replace(url, 'https://www.', ''), 'https://', ''), 'http://', ''), '/')
    where url is not null;
drop index articles_url;
create index articles_address on articles (address) where address is not null;

-- The same piece as other sources gave it. The best copy is the row in
-- articles; these wait for it to go. Without `piece`, the source has it no more.
create table article_copies (
    source text not null,
    guid text not null,
    article_id integer not null references articles (id) on delete cascade,
    hash text not null,
    published integer not null,
    updated integer not null,
    piece text,
    primary key (source, guid)
) strict, without rowid;
create index article_copies_article on article_copies (article_id);

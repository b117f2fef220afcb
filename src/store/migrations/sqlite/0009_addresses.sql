-- A piece whose id has changed is found by its address.
create index articles_url on articles (url) where url is not null;

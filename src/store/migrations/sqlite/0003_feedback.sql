-- What came back of mails, whose it was and what it did; the key is the same
-- for the same report, so that one that comes twice counts once.
create table feedback (
    id integer primary key autoincrement not null,
    key text not null unique,
    subscriber_id integer not null references subscribers (id),
    edition_id integer,
    kind text not null check (kind in ('hard', 'soft', 'sender', 'complaint', 'unsubscribe')),
    via text not null,
    status text,
    words text not null,
    effect text not null check (effect in ('none', 'counted', 'suppressed', 'left')),
    received integer not null
) strict;
create index feedback_subscriber on feedback (subscriber_id, id);
create index feedback_received on feedback (received);

-- How far an IMAP mailbox has been read: UIDs count only under their validity.
create table mailboxes (
    name text primary key not null,
    validity integer not null,
    last integer not null
) strict, without rowid;

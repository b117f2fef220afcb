-- What an instance has in hand. Going from `claimed` to `handing` changes
-- nothing that stands in this index, so it is not written a second time.
drop index deliveries_open;
create index deliveries_held on deliveries (instance) where instance is not null;

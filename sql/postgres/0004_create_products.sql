-- What is for sale. owner_epoch fences the writes of product owners: each activation takes a new one.
-- The check on stock is the last line of defence (writers guard it themselves); its upper end is far from where adding overflows.
-- A hot product's row is rewritten with every batch; the free space in each page lets that happen without touching an index.

create table products (
  id bigint not null primary key,
  shop_id bigint not null,
  name text not null,
  description text not null default '',
  price bigint not null,
  stock bigint not null check (stock between 0 and 9007199254740991),
  sold bigint not null default 0,
  status bigint not null default 0,
  owner_epoch bigint not null default 0,
  create_time bigint not null,
  update_time bigint not null,
  position bigint not null default 0
) with (fillfactor = 50);

create index products_by_shop on products (shop_id, position);

create index products_by_position on products (position);

-- What is for sale. owner_epoch fences the writes of product owners: each activation takes a new one.
-- The check on stock is the last line of defence (writers guard it themselves); its upper end is far from where adding overflows.

create table products (
  id integer not null primary key,
  shop_id integer not null,
  name text not null,
  description text not null default '',
  price integer not null,
  stock integer not null check (stock between 0 and 9007199254740991),
  sold integer not null default 0,
  status integer not null default 0,
  owner_epoch integer not null default 0,
  create_time integer not null,
  update_time integer not null,
  position integer not null default 0
);

create index products_by_shop on products (shop_id, position);

create index products_by_position on products (position);

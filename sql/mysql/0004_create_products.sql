-- What is for sale. owner_epoch fences the writes of product owners: each activation takes a new one.
-- The check on stock is the last line of defence (writers guard it themselves); its upper end is far from where adding overflows.

create table if not exists products (
  id bigint not null primary key,
  shop_id bigint not null,
  name longtext not null,
  description longtext not null default (''),
  price bigint not null,
  stock bigint not null check (stock between 0 and 9007199254740991),
  sold bigint not null default 0,
  status bigint not null default 0,
  owner_epoch bigint not null default 0,
  create_time bigint not null,
  update_time bigint not null,
  position bigint not null default 0,
  key products_by_shop (shop_id, position),
  key products_by_position (position)
) engine = innodb character set utf8mb4 collate utf8mb4_bin;

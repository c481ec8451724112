-- Orders and what is in them. An order that waits for payment carries the time at which it closes;
-- one that does not come to stand, the reason. position is that of its commit among all commits: a list of orders goes by it and
-- then by id, since ids are handed out before anything is committed.

-- The index by close_time holds orders that do not wait, too, under null: this database has no index over a part of a table.
create table if not exists orders (
  id bigint not null primary key,
  gid varchar(128) not null,
  user_id bigint not null,
  amount bigint not null,
  status bigint not null,
  create_time bigint not null,
  update_time bigint not null,
  close_time bigint,
  paid_time bigint,
  position bigint not null default 0,
  reason longtext,
  unique key orders_by_gid (gid),
  key orders_by_user (user_id, position),
  key orders_by_close_time (close_time)
) engine = innodb character set utf8mb4 collate utf8mb4_bin;

create table if not exists order_items (
  order_id bigint not null,
  product_id bigint not null,
  name longtext not null,
  quantity bigint not null,
  price bigint not null,
  primary key (order_id, product_id)
) engine = innodb character set utf8mb4 collate utf8mb4_bin;

-- Orders and what is in them. An order that waits for payment carries the time at which it closes;
-- one that does not come to stand, the reason. position is that of its commit among all commits: a list of orders goes by it and
-- then by id, since ids are handed out before anything is committed.

create table orders (
  id bigint not null primary key,
  gid text collate "C" not null unique,
  user_id bigint not null,
  amount bigint not null,
  status bigint not null,
  create_time bigint not null,
  update_time bigint not null,
  close_time bigint,
  paid_time bigint,
  position bigint not null default 0,
  reason text
) with (fillfactor = 90);

create index orders_by_user on orders (user_id, position);

create index orders_by_close_time on orders (close_time) where close_time is not null;

create table order_items (
  order_id bigint not null,
  product_id bigint not null,
  name text not null,
  quantity bigint not null,
  price bigint not null,
  primary key (order_id, product_id)
);

-- Orders and what is in them. An order that waits for payment carries the time at which it closes;
-- one that does not come to stand, the reason. position is that of its commit among all commits: a list of orders goes by it and
-- then by id, since ids are handed out before anything is committed.

create table orders (
  id integer not null primary key,
  gid text not null unique,
  user_id integer not null,
  amount integer not null,
  status integer not null,
  create_time integer not null,
  update_time integer not null,
  close_time integer,
  paid_time integer,
  position integer not null default 0,
  reason text
);

create index orders_by_user on orders (user_id, position);

create index orders_by_close_time on orders (close_time) where close_time is not null;

create table order_items (
  order_id integer not null,
  product_id integer not null,
  name text not null,
  quantity integer not null,
  price integer not null,
  primary key (order_id, product_id)
) without rowid;

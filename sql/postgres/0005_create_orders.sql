-- Orders and what is in them. An order that waits for payment carries the time at which it closes;
-- one that does not come to stand, the reason.

create table orders (
  id bigint not null,
  gid text collate "C" not null unique,
  user_id bigint not null,
  amount bigint not null,
  status bigint not null,
  create_time bigint not null,
  update_time bigint not null,
  close_time bigint,
  paid_time bigint,
  reason text
) with (fillfactor = 90);

-- The primary key is made after it: both can find an id, and while the table is empty they look the same; then the planner takes
-- the newer.
create index orders_by_user on orders (user_id, id);

alter table orders add primary key (id);

create index orders_by_close_time on orders (close_time) where close_time is not null;

create table order_items (
  order_id bigint not null,
  product_id bigint not null,
  name text not null,
  quantity bigint not null,
  price bigint not null,
  primary key (order_id, product_id)
);

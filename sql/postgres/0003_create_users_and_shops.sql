-- Who buys and who sells.

create table users (
  id bigint not null primary key,
  mobile text collate "C" not null unique,
  name text not null default '',
  gender text not null default '',
  password_hash text not null,
  role text not null,
  create_time bigint not null,
  update_time bigint not null
);

create table points (
  user_id bigint not null primary key,
  balance bigint not null
) with (fillfactor = 70);

create table shops (
  id bigint not null primary key,
  owner_id bigint not null,
  name text not null,
  rating bigint not null default 0,
  sales bigint not null default 0,
  create_time bigint not null,
  update_time bigint not null,
  position bigint not null default 0
);

create index shops_by_owner on shops (owner_id);

create index shops_by_position on shops (position);

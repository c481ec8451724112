-- Who buys and who sells.

create table users (
  id integer not null primary key,
  mobile text not null unique,
  name text not null default '',
  gender text not null default '',
  password_hash text not null,
  role text not null,
  create_time integer not null,
  update_time integer not null
);

create table points (
  user_id integer not null primary key,
  balance integer not null
);

create table shops (
  id integer not null primary key,
  owner_id integer not null,
  name text not null,
  rating integer not null default 0,
  sales integer not null default 0,
  create_time integer not null,
  update_time integer not null,
  position integer not null default 0
);

create index shops_by_owner on shops (owner_id);

create index shops_by_position on shops (position);

-- Who buys and who sells.

create table if not exists users (
  id bigint not null primary key,
  mobile varchar(64) not null,
  name longtext not null default (''),
  gender varchar(32) not null default '',
  password_hash longtext not null,
  role varchar(32) not null,
  create_time bigint not null,
  update_time bigint not null,
  unique key users_by_mobile (mobile)
) engine = innodb character set utf8mb4 collate utf8mb4_bin;

create table if not exists points (
  user_id bigint not null primary key,
  balance bigint not null
) engine = innodb character set utf8mb4 collate utf8mb4_bin;

create table if not exists shops (
  id bigint not null primary key,
  owner_id bigint not null,
  name longtext not null,
  rating bigint not null default 0,
  sales bigint not null default 0,
  create_time bigint not null,
  update_time bigint not null,
  position bigint not null default 0,
  key shops_by_owner (owner_id),
  key shops_by_position (position)
) engine = innodb character set utf8mb4 collate utf8mb4_bin;

-- The outbox: what has happened, committed together with what made it happen. position is that of its commit among all commits;
-- readers follow it, and an event's public id is made of it: see docs/decisions/0014.
create table if not exists outbox (
  id bigint not null primary key,
  type varchar(64) not null,
  subject varchar(256) not null,
  data longtext not null,
  create_time bigint not null,
  position bigint not null default 0,
  key outbox_by_position (position)
) engine = innodb character set utf8mb4 /*!80017 collate utf8mb4_0900_bin */ /*M!100200 collate utf8mb4_nopad_bin */;

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

-- Where events are delivered to. seen is the public id of the last event that needs no delivery any more; next_time is when it is
-- to be looked at again, null while it is paused or parked. failing_since belongs to failures, which are those in a row.
create table if not exists webhooks (
  id bigint not null primary key,
  url longtext not null,
  events longtext not null,
  secret longtext not null,
  allow_private bigint not null,
  status varchar(16) not null,
  seen bigint not null,
  failures bigint not null default 0,
  last_error longtext,
  failing_since bigint,
  next_time bigint,
  create_time bigint not null,
  update_time bigint not null,
  position bigint not null default 0,
  key webhooks_by_next_time (next_time),
  key webhooks_by_position (position)
) engine = innodb character set utf8mb4 /*!80017 collate utf8mb4_0900_bin */ /*M!100200 collate utf8mb4_nopad_bin */;

-- What is done at times. outcome is that of the last run, and null until next_time has been
-- computed from cron and zone for the first time.
create table if not exists schedules (
  name varchar(64) not null primary key,
  cron longtext not null,
  zone longtext not null,
  paused bigint not null default 0,
  next_time bigint,
  last_time bigint,
  outcome longtext,
  key schedules_by_next_time (next_time)
) engine = innodb character set utf8mb4 /*!80017 collate utf8mb4_0900_bin */ /*M!100200 collate utf8mb4_nopad_bin */;

insert ignore into schedules (name, cron, zone, next_time) values
  ('clean-up', '17 * * * *', 'UTC', 0),
  ('reconciliation', '30 3 * * *', 'UTC', 0),
  ('shop-report', '5 0 * * *', 'UTC', 0);

-- What each shop sold on a day, made once.
create table if not exists shop_reports (
  shop_id bigint not null,
  day varchar(10) not null,
  orders bigint not null,
  units bigint not null,
  amount bigint not null,
  create_time bigint not null,
  primary key (shop_id, day)
) engine = innodb character set utf8mb4 /*!80017 collate utf8mb4_0900_bin */ /*M!100200 collate utf8mb4_nopad_bin */;

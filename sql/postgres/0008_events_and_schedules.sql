-- The outbox: what has happened, committed together with what made it happen. position is that of its commit among all commits;
-- readers follow it, and an event's public id is made of it: see docs/decisions/0014.
create table outbox (
  id bigint not null primary key,
  type text not null,
  subject text not null,
  data text not null,
  create_time bigint not null,
  position bigint not null default 0
);

create index outbox_by_position on outbox (position, id);

-- Where events are delivered to. seen is the public id of the last event that needs no delivery any more; next_time is when it is
-- to be looked at again, null while it is paused or parked. failing_since belongs to failures, which are those in a row.
create table webhooks (
  id bigint not null primary key,
  url text not null,
  events text not null,
  secret text not null,
  allow_private bigint not null,
  status text not null,
  seen bigint not null,
  failures bigint not null default 0,
  last_error text,
  failing_since bigint,
  next_time bigint,
  create_time bigint not null,
  update_time bigint not null,
  position bigint not null default 0
);

create index webhooks_by_next_time on webhooks (next_time) where next_time is not null;

create index webhooks_by_position on webhooks (position, id);

-- What is done at times. outcome is that of the last run, and null until next_time has been
-- computed from cron and zone for the first time.
create table schedules (
  name text collate "C" not null primary key,
  cron text not null,
  zone text not null,
  paused bigint not null default 0,
  next_time bigint,
  last_time bigint,
  outcome text
);

create index schedules_by_next_time on schedules (next_time) where next_time is not null;

insert into schedules (name, cron, zone, next_time) values
  ('clean-up', '17 * * * *', 'UTC', 0),
  ('reconciliation', '30 3 * * *', 'UTC', 0),
  ('shop-report', '5 0 * * *', 'UTC', 0);

-- What each shop sold on a day, made once.
create table shop_reports (
  shop_id bigint not null,
  day text collate "C" not null,
  orders bigint not null,
  units bigint not null,
  amount bigint not null,
  create_time bigint not null,
  primary key (shop_id, day)
);

-- The outbox: what has happened, committed together with what made it happen. position is that of its commit among all commits;
-- readers follow it, and an event's public id is made of it: see docs/decisions/0014.
create table outbox (
  id integer not null primary key,
  type text not null,
  subject text not null,
  data text not null,
  create_time integer not null,
  position integer not null default 0
);

create index outbox_by_position on outbox (position);

-- Where events are delivered to. seen is the public id of the last event that needs no delivery any more; next_time is when it is
-- to be looked at again, null while it is paused or parked. failing_since belongs to failures, which are those in a row.
create table webhooks (
  id integer not null primary key,
  url text not null,
  events text not null,
  secret text not null,
  allow_private integer not null,
  status text not null,
  seen integer not null,
  failures integer not null default 0,
  last_error text,
  failing_since integer,
  next_time integer,
  create_time integer not null,
  update_time integer not null,
  position integer not null default 0
);

create index webhooks_by_next_time on webhooks (next_time) where next_time is not null;

create index webhooks_by_position on webhooks (position);

-- What is done at times. outcome is that of the last run, and null until next_time has been
-- computed from cron and zone for the first time.
create table schedules (
  name text not null primary key,
  cron text not null,
  zone text not null,
  paused integer not null default 0,
  next_time integer,
  last_time integer,
  outcome text
) without rowid;

create index schedules_by_next_time on schedules (next_time) where next_time is not null;

insert into schedules (name, cron, zone, next_time) values
  ('clean-up', '17 * * * *', 'UTC', 0),
  ('reconciliation', '30 3 * * *', 'UTC', 0),
  ('shop-report', '5 0 * * *', 'UTC', 0);

-- What each shop sold on a day, made once.
create table shop_reports (
  shop_id integer not null,
  day text not null,
  orders integer not null,
  units integer not null,
  amount integer not null,
  create_time integer not null,
  primary key (shop_id, day)
) without rowid;

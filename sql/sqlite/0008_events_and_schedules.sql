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

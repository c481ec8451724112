-- Sagas and their branches, and the idempotency keys that clients give to what starts them.

create table sagas (
  gid text not null primary key,
  kind text not null,
  status text not null,
  payload text,
  request_hash text,
  user_id integer not null default 0,
  reason text,
  attempts integer not null default 0,
  version integer not null default 0,
  next_time integer,
  create_time integer not null,
  update_time integer not null,
  finish_time integer,
  position integer not null default 0
) without rowid;

-- Only sagas that have something to do are in it, so it stays small however many have ended.
create index sagas_by_next_time on sagas (next_time) where next_time is not null;

-- Operators list sagas by status, and all of them status by status.
create index sagas_by_status on sagas (status, position);

-- The clean-up finds ended sagas by time.
create index sagas_by_finish_time on sagas (finish_time) where finish_time is not null;

create table saga_branches (
  gid text not null,
  branch_id text not null,
  op text not null,
  status text not null,
  attempts integer not null default 0,
  error text,
  update_time integer not null,
  primary key (gid, branch_id, op)
) without rowid;

create table idempotency (
  user_id integer not null,
  key text not null,
  request_hash text not null,
  kind text not null,
  result_id integer,
  answer integer,
  create_time integer not null,
  primary key (user_id, key)
) without rowid;

-- Sagas and their branches, and the idempotency keys that clients give to what starts them.

create table sagas (
  gid text collate "C" not null primary key,
  kind text not null,
  status text not null,
  payload text,
  request_hash text,
  user_id bigint not null default 0,
  reason text,
  attempts bigint not null default 0,
  version bigint not null default 0,
  next_time bigint,
  create_time bigint not null,
  update_time bigint not null,
  finish_time bigint,
  position bigint not null default 0
) with (fillfactor = 70);

-- Only sagas that have something to do are in it, so it stays small however many have ended.
create index sagas_by_next_time on sagas (next_time) where next_time is not null;

-- Operators list sagas by status, and all of them status by status.
create index sagas_by_status on sagas (status, position);

-- The clean-up finds ended sagas by time.
create index sagas_by_finish_time on sagas (finish_time) where finish_time is not null;

create table saga_branches (
  gid text collate "C" not null,
  branch_id text collate "C" not null,
  op text collate "C" not null,
  status text not null,
  attempts bigint not null default 0,
  error text,
  update_time bigint not null,
  primary key (gid, branch_id, op)
);

create table idempotency (
  user_id bigint not null,
  key text collate "C" not null,
  request_hash text not null,
  kind text not null,
  result_id bigint,
  answer bigint,
  create_time bigint not null,
  primary key (user_id, key)
);

-- What the ledger itself keeps: effects that have happened, commits, work that is due, ids.
-- Times are Unix milliseconds (UTC) throughout. Texts that are keys are compared byte by byte (collate "C"): that is fast, and
-- their order is the same in every store, whatever language the database was made with.

-- One row for each effect that has happened, or that must never happen (reason compensate on an action).
create table barrier (
  trans_type text not null,
  gid text collate "C" not null,
  branch_id text collate "C" not null,
  op text collate "C" not null,
  barrier_id text collate "C" not null,
  reason text not null,
  create_time bigint not null,
  primary key (gid, branch_id, op, barrier_id)
);

-- The last batch that each committer has committed: read back when a commit's acknowledgement was lost. A number up to revoked
-- that has not been committed never will be. Each row is rewritten with every batch; the free space lets that happen in place.
-- position is that batch's place in the order of commits, which lists are read by.
create table commit_marks (
  committer text collate "C" not null primary key,
  number bigint not null,
  revoked bigint not null default 0,
  position bigint not null default 0,
  update_time bigint not null
) with (fillfactor = 10);

-- Things to do at a time. A row stays, claimed, while it is worked on, and goes when that is done.
create table due (
  kind text collate "C" not null,
  key text collate "C" not null,
  due_time bigint not null,
  attempts bigint not null default 0,
  claimed_by text,
  claimed_until bigint,
  payload text,
  primary key (kind, key)
);

create index due_by_time on due (due_time);

-- The next id of each sequence that no process has reserved yet.
create table id_blocks (
  name text collate "C" not null primary key,
  next bigint not null
) with (fillfactor = 10);

create table settings (
  name text collate "C" not null primary key,
  value text
);

-- A transaction's place in the order of commits, for the position of what it inserts. Who has restored the database on another
-- server, whose transactions are counted anew, goes on behind what is there: the ledger replaces the sum when it starts.
create function list_position(transaction xid8) returns bigint
  language sql immutable parallel safe return transaction::text::bigint + 0;

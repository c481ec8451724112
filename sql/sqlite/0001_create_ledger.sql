-- What the ledger itself keeps: effects that have happened, commits, work that is due, ids.
-- Times are Unix milliseconds (UTC) throughout. Tables that are found by a text key and by nothing else are stored
-- in the order of that key (without rowid): one tree to write instead of two.

-- One row for each effect that has happened, or that must never happen (reason compensate on an action).
create table barrier (
  trans_type text not null,
  gid text not null,
  branch_id text not null,
  op text not null,
  barrier_id text not null,
  reason text not null,
  create_time integer not null,
  primary key (gid, branch_id, op, barrier_id)
) without rowid;

-- The last batch that each committer has committed: read back when a commit's acknowledgement was lost.
-- position is that batch's place in the order of commits, which lists are read by.
create table commit_marks (
  committer text not null primary key,
  number integer not null,
  position integer not null default 0,
  update_time integer not null
) without rowid;

-- Things to do at a time. A row stays, claimed, while it is worked on, and goes when that is done.
create table due (
  kind text not null,
  key text not null,
  due_time integer not null,
  attempts integer not null default 0,
  claimed_by text,
  claimed_until integer,
  payload text,
  primary key (kind, key)
) without rowid;

create index due_by_time on due (due_time);

-- The next id of each sequence that no process has reserved yet.
create table id_blocks (
  name text not null primary key,
  next integer not null
) without rowid;

create table settings (
  name text not null primary key,
  value text
) without rowid;

-- What the ledger itself keeps: effects that have happened, commits, work that is due, ids. Times are Unix milliseconds (UTC)
-- throughout. Texts are compared code point by code point (utf8mb4_bin): their order and what is equal is the same in every
-- store, but for spaces at the end, which do not count here; no key ends with one. Every statement can be repeated, because none
-- of them can be undone: a migration that was cut short is run again from its beginning.

-- One row for each effect that has happened, or that must never happen (reason compensate on an action).
create table if not exists barrier (
  trans_type varchar(32) not null,
  gid varchar(128) not null,
  branch_id varchar(64) not null,
  op varchar(32) not null,
  barrier_id varchar(64) not null,
  reason varchar(32) not null,
  create_time bigint not null,
  primary key (gid, branch_id, op, barrier_id)
) engine = innodb character set utf8mb4 collate utf8mb4_bin;

-- The last batch that each committer has committed: read back when a commit's acknowledgement was lost. A number up to revoked
-- that has not been committed never will be.
-- position is that batch's place in the order of commits, which lists are read by.
create table if not exists commit_marks (
  committer varchar(64) not null primary key,
  number bigint not null,
  revoked bigint not null default 0,
  position bigint not null default 0,
  update_time bigint not null
) engine = innodb character set utf8mb4 collate utf8mb4_bin;

-- Things to do at a time. A row stays, claimed, while it is worked on, and goes when that is done.
create table if not exists due (
  kind varchar(64) not null,
  `key` varchar(256) not null,
  due_time bigint not null,
  attempts bigint not null default 0,
  claimed_by varchar(128),
  claimed_until bigint,
  payload longtext,
  primary key (kind, `key`),
  key due_by_time (due_time)
) engine = innodb character set utf8mb4 collate utf8mb4_bin;

-- The next id of each sequence that no process has reserved yet.
create table if not exists id_blocks (
  name varchar(64) not null primary key,
  next bigint not null
) engine = innodb character set utf8mb4 collate utf8mb4_bin;

create table if not exists settings (
  name varchar(128) not null primary key,
  value longtext
) engine = innodb character set utf8mb4 collate utf8mb4_bin;

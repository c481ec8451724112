-- Sagas and their branches, and the idempotency keys that clients give to what starts them.

-- The index by next_time holds ended sagas, too, under null, and that by finish_time, by which the clean-up finds ended sagas,
-- holds running ones: this database has no index over a part of a table. Operators list sagas by status, and all of them status by
-- status.
create table if not exists sagas (
  gid varchar(128) not null primary key,
  kind varchar(64) not null,
  status varchar(32) not null,
  payload longtext,
  request_hash varchar(128),
  user_id bigint not null default 0,
  reason longtext,
  attempts bigint not null default 0,
  version bigint not null default 0,
  next_time bigint,
  create_time bigint not null,
  update_time bigint not null,
  finish_time bigint,
  position bigint not null default 0,
  key sagas_by_next_time (next_time),
  key sagas_by_finish_time (finish_time),
  key sagas_by_status (status, position)
) engine = innodb character set utf8mb4 collate utf8mb4_bin;

create table if not exists saga_branches (
  gid varchar(128) not null,
  branch_id varchar(64) not null,
  op varchar(32) not null,
  status varchar(32) not null,
  attempts bigint not null default 0,
  error longtext,
  update_time bigint not null,
  primary key (gid, branch_id, op)
) engine = innodb character set utf8mb4 collate utf8mb4_bin;

create table if not exists idempotency (
  user_id bigint not null,
  `key` varchar(128) not null,
  request_hash varchar(128) not null,
  kind varchar(64) not null,
  result_id bigint,
  answer bigint,
  create_time bigint not null,
  primary key (user_id, `key`)
) engine = innodb character set utf8mb4 collate utf8mb4_bin;

-- A session is what one sign-in has begun: a family of refresh tokens of which the last alone is good. Of tokens there are only
-- hashes here. end_time is 0 while the session lasts. The row outlives the end, so that a late repetition cannot begin it again.
create table if not exists sessions (
  id bigint not null primary key,
  user_id bigint not null,
  role varchar(32) not null,
  token_hash varchar(64) not null,
  previous_hash varchar(64) not null default '',
  issue_time bigint not null,
  access_end bigint not null,
  rotate_time bigint not null,
  expire_time bigint not null,
  end_time bigint not null default 0,
  create_time bigint not null,
  key sessions_by_user (user_id),
  key sessions_by_expire_time (expire_time)
) engine = innodb character set utf8mb4 collate utf8mb4_bin;

-- Sessions that were ended, in the order of commits, until their last access token has expired: what front doors read along.
create table if not exists ended_sessions (
  id bigint not null primary key,
  access_end bigint not null,
  position bigint not null default 0,
  key ended_sessions_by_position (position, id),
  key ended_sessions_by_access_end (access_end)
) engine = innodb character set utf8mb4 collate utf8mb4_bin;

-- Compared exactly, as 0007 says.
alter table sessions convert to character set utf8mb4
  /*!80017 collate utf8mb4_0900_bin */ /*M!100200 collate utf8mb4_nopad_bin */;
alter table ended_sessions convert to character set utf8mb4
  /*!80017 collate utf8mb4_0900_bin */ /*M!100200 collate utf8mb4_nopad_bin */;

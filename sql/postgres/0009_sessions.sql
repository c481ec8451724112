-- A session is what one sign-in has begun: a family of refresh tokens of which the last alone is good. Of tokens there are only
-- hashes here. end_time is 0 while the session lasts. The row outlives the end, so that a late repetition cannot begin it again.
create table sessions (
  id bigint not null primary key,
  user_id bigint not null,
  role text collate "C" not null,
  token_hash text collate "C" not null,
  previous_hash text collate "C" not null default '',
  issue_time bigint not null,
  access_end bigint not null,
  rotate_time bigint not null,
  expire_time bigint not null,
  end_time bigint not null default 0,
  create_time bigint not null
);

create index sessions_by_user on sessions (user_id);

create index sessions_by_expire_time on sessions (expire_time);

-- Sessions that were ended, in the order of commits, until their last access token has expired: what front doors read along.
create table ended_sessions (
  id bigint not null primary key,
  access_end bigint not null,
  position bigint not null default 0
);

create index ended_sessions_by_position on ended_sessions (position, id);

create index ended_sessions_by_access_end on ended_sessions (access_end);

-- A session is what one sign-in has begun: a family of refresh tokens of which the last alone is good. Of tokens there are only
-- hashes here. end_time is 0 while the session lasts. The row outlives the end, so that a late repetition cannot begin it again.
create table sessions (
  id integer not null primary key,
  user_id integer not null,
  role text not null,
  token_hash text not null,
  previous_hash text not null default '',
  issue_time integer not null,
  access_end integer not null,
  rotate_time integer not null,
  expire_time integer not null,
  end_time integer not null default 0,
  create_time integer not null
);

create index sessions_by_user on sessions (user_id);

create index sessions_by_expire_time on sessions (expire_time);

-- Sessions that were ended, in the order of commits, until their last access token has expired: what front doors read along.
create table ended_sessions (
  id integer not null primary key,
  access_end integer not null,
  position integer not null default 0
);

create index ended_sessions_by_position on ended_sessions (position, id);

create index ended_sessions_by_access_end on ended_sessions (access_end);

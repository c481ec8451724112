-- What a key's first request was answered is kept as it was answered, not only as a number.
create table answers (
  user_id integer not null,
  key text not null,
  request_hash text not null,
  kind text not null,
  result_id integer,
  answer text,
  create_time integer not null,
  primary key (user_id, key)
) without rowid;

insert into answers select user_id, key, request_hash, kind, result_id, answer, create_time from idempotency;
drop table idempotency;
alter table answers rename to idempotency;

-- Operators ask for parked sagas; there are few.
create index sagas_parked on sagas (gid) where finish_time is null and next_time is null;

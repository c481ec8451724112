-- What a key's first request was answered is kept as it was answered, not only as a number.
alter table idempotency alter column answer type text using answer::text;

-- Operators ask for parked sagas; there are few.
create index sagas_parked on sagas (gid) where finish_time is null and next_time is null;

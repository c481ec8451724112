-- What a key's first request was answered is kept as it was answered, not only as a number.
alter table idempotency alter column answer type text using answer::text;

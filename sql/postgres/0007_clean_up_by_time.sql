-- The clean-up finds ended sagas by time. Of one that was started under a key the row stays, as long as what it made: it is what
-- a repeat finds. When its barrier rows and branches have been removed, clean_time says so, and it leaves the index.

alter table sagas add column clean_time bigint;

create index sagas_to_clean on sagas (finish_time) where finish_time is not null and clean_time is null;

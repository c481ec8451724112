-- The clean-up finds ended sagas by time. Of one that was started under a key the row stays, as long as what it made: it is what
-- a repeat finds. When its barrier rows and branches have been removed, clean_time says so, and it leaves that part of the index.
-- The index holds running sagas, too: this database has none over a part of a table. Not every server can add a column or not
-- add it, as the case may be; so the statement is chosen here, and can be repeated.

set @clean_up_by_time = if(
  exists (select 1 from information_schema.columns
    where table_schema = database() and table_name = 'sagas' and column_name = 'clean_time'),
  'do 0',
  'alter table sagas add column clean_time bigint, add key sagas_to_clean (clean_time, finish_time)');

prepare clean_up_by_time from @clean_up_by_time;

execute clean_up_by_time;

deallocate prepare clean_up_by_time;

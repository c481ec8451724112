-- What is done later than the request that caused it is linked with that request's trace: as W3C's header traceparent has it, and
-- null unless that trace is recorded.

-- Each table is changed unless it has been: there is no other way to say so on both servers.
set @change = if(
  (select count(*) from information_schema.columns
   where table_schema = database() and table_name = 'sagas' and column_name = 'trace_parent') = 0,
  'alter table sagas add column trace_parent varchar(64)',
  'do 0');
prepare change_once from @change;
execute change_once;
deallocate prepare change_once;

set @change = if(
  (select count(*) from information_schema.columns
   where table_schema = database() and table_name = 'outbox' and column_name = 'trace_parent') = 0,
  'alter table outbox add column trace_parent varchar(64)',
  'do 0');
prepare change_once from @change;
execute change_once;
deallocate prepare change_once;

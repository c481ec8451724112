-- Nothing is to be done here: an index over a part of a table, as sagas_by_next_time is one, holds no saga that has ended. MySQL
-- has no such index.
select 1;

-- What the rows of an order that stands have in common is left to defaults, of which a batch's statements name none that all of its
-- rows have: each literal costs the parser. A default is no more than that; whatever writes a row of another kind says so.
alter table barrier
  alter column trans_type set default 'saga', alter column op set default 'action', alter column barrier_id set default '01',
  alter column reason set default 'action';
alter table sagas
  alter column kind set default 'order', alter column status set default 'succeed', alter column version set default 2;
alter table orders alter column status set default 0;
alter table outbox alter column type set default 'order.placed';

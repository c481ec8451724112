-- Notes, in the transaction that does it, what rows of products, users, orders and sagas have been, and every step that no row
-- may ever take; what the clean-up removes stays known here. And views of what the rows alone show to be wrong, now or in the
-- end: nothing that the mall says about itself is believed. now_ticks() is the right clock, now_silo() whose transaction it is.

create table seen_products (at integer, id integer, stock integer, sold integer, status integer, epoch integer);
create index seen_products_by_id on seen_products (id);
create table seen_owners (at integer, id integer, silo text);
create index seen_owners_by_id on seen_owners (id);
create table seen_users (at integer, id integer, mobile text, is_there integer);
create table seen_sagas (at integer, gid text, status text, version integer);
create index seen_sagas_by_gid on seen_sagas (gid);
create table seen_orders (at integer, id integer, status integer);
create index seen_orders_by_id on seen_orders (id);
create table seen_steps (at integer, invariant text, subject text, sentence text);

create trigger product_born after insert on products begin
  insert into seen_products values (now_ticks(), new.id, new.stock, new.sold, new.status, new.owner_epoch);
  insert into seen_owners values (now_ticks(), new.id, now_silo());
end;
create trigger product_moved after update on products begin
  insert into seen_products values (now_ticks(), new.id, new.stock, new.sold, new.status, new.owner_epoch);
end;
create trigger product_owned after update of owner_epoch on products begin
  insert into seen_owners values (now_ticks(), new.id, now_silo());
end;
create trigger user_born after insert on users begin
  insert into seen_users values (now_ticks(), new.id, new.mobile, 1);
end;
create trigger user_gone after delete on users begin
  insert into seen_users values (now_ticks(), old.id, old.mobile, 0);
end;
create trigger order_born after insert on orders begin
  insert into seen_orders values (now_ticks(), new.id, new.status);
end;
create trigger order_turned after update of status on orders begin
  insert into seen_orders values (now_ticks(), new.id, new.status);
end;
create trigger saga_born_again before insert on sagas when exists (select 1 from seen_sagas s where s.gid = new.gid) begin
  insert into seen_steps values (now_ticks(), 'KeyForEver', new.gid, 'the saga of this gid has begun a second time');
end;
create trigger saga_born after insert on sagas begin
  insert into seen_sagas values (now_ticks(), new.gid, new.status, new.version);
end;
create trigger saga_moved after update of status, version on sagas begin
  insert into seen_sagas values (now_ticks(), new.gid, new.status, new.version);
  insert into seen_steps select now_ticks(), 'Fence', new.gid, 'the version went from ' || old.version || ' to ' || new.version
    where new.version <= old.version;
  insert into seen_steps select now_ticks(), 'SagaSteps', new.gid, 'the saga went from ' || old.status || ' to ' || new.status
    where old.status || '>' || new.status not in ('prepared>prepared', 'prepared>submitted', 'prepared>aborting',
      'submitted>submitted', 'submitted>aborting', 'submitted>succeed', 'submitted>failed', 'aborting>aborting',
      'aborting>failed');
end;
create trigger saga_failed after update of status on sagas when new.status = 'failed' begin
  insert into seen_steps
  select now_ticks(), 'CompensationSucceeds', new.gid, 'the saga failed before branch ' || a.branch_id || ' was compensated'
  from barrier a where a.gid = new.gid and a.op = 'action' and not exists (
    select 1 from barrier c where c.gid = a.gid and c.branch_id = a.branch_id and c.op = 'compensate');
end;
-- A refund that comes after the order has closed has no stock to return.
create trigger saga_succeeded after update of status on sagas
when new.status = 'succeed' and new.kind in ('order', 'closing', 'refund') begin
  insert into seen_steps select now_ticks(), 'NothingUndone', new.gid, 'the saga succeeded before every branch had acted'
  from orders o where o.id = case new.kind when 'order' then (select id from orders where gid = new.gid)
      else substr(new.gid, instr(new.gid, '-') + 1) end
    and (select count(*) from barrier b where b.gid = new.gid and b.op = 'action' and b.reason = 'action')
    <> 1 + (select count(*) from order_items i where i.order_id = o.id and not (new.kind = 'refund' and o.status = 2));
end;

-- An order that its product places as a whole is born ended, when all its branches have acted or none ever will.
create trigger saga_born_failed after insert on sagas when new.status = 'failed' begin
  insert into seen_steps
  select now_ticks(), 'CompensationSucceeds', new.gid, 'the saga failed before branch ' || a.branch_id || ' was compensated'
  from barrier a where a.gid = new.gid and a.op = 'action' and not exists (
    select 1 from barrier c where c.gid = a.gid and c.branch_id = a.branch_id and c.op = 'compensate');
end;
create trigger saga_born_succeeded after insert on sagas
when new.status = 'succeed' and new.kind = 'order' begin
  insert into seen_steps select now_ticks(), 'NothingUndone', new.gid, 'the saga succeeded before every branch had acted'
  from orders o where o.gid = new.gid
    and (select count(*) from barrier b where b.gid = new.gid and b.op = 'action' and b.reason = 'action')
    <> 1 + (select count(*) from order_items i where i.order_id = o.id);
end;

-- Whoever takes the epoch of a product owns it; its row does not say who writes to it.
create trigger product_not_owned after update of stock, status on products
when now_silo() <> (select silo from seen_owners o where o.id = new.id order by rowid desc limit 1) begin
  insert into seen_steps values (now_ticks(), 'Fence', new.id, now_silo() || ' wrote to it, and another has taken the epoch');
end;
create trigger product_owned_by_an_elder after update on products when new.owner_epoch < old.owner_epoch begin
  insert into seen_steps values (now_ticks(), 'Fence', new.id,
    'the owner epoch went back from ' || old.owner_epoch || ' to ' || new.owner_epoch);
end;
create trigger product_overdrawn after update on products when new.stock < 0 begin
  insert into seen_steps values (now_ticks(), 'StockConserved', new.id, 'the stock is negative');
end;
create trigger branch_acted_late after insert on barrier when new.op = 'action' and new.reason = 'action'
  and exists (select 1 from sagas s where s.gid = new.gid and s.status in ('succeed', 'failed')) begin
  insert into seen_steps values (now_ticks(), 'NothingUndone', new.gid,
    'branch ' || new.branch_id || ' acted after its saga had ended');
end;
create trigger barrier_changed after update on barrier begin
  insert into seen_steps values (now_ticks(), 'Barrier', new.gid, 'a barrier row was changed');
end;
create trigger barrier_gone after delete on barrier when exists (select 1 from sagas s where s.gid = old.gid) begin
  insert into seen_steps values (now_ticks(), 'Barrier', old.gid,
    'the barrier row of branch ' || old.branch_id || ' went before its saga');
end;
create trigger order_moved after update of status on orders
when old.status || '>' || new.status not in ('0>0', '0>1', '0>2', '0>9', '1>3') begin
  insert into seen_steps values (now_ticks(), 'OrderSteps', new.id,
    'the order went from ' || old.status || ' to ' || new.status);
end;
create trigger order_gone after delete on orders begin
  insert into seen_steps values (now_ticks(), 'NothingLost', old.id, 'the order was removed');
end;

-- The stock that orders hold: what was taken and not given back, both by the barrier of the saga that did it; by the order's
-- status when the clean-up has removed that saga.
create view held as
select i.product_id, sum(i.quantity) as quantity from (
  select order_id, product_id, quantity, case o.status when 2 then 'close-' else 'refund-' end || o.id as ending, o.gid, o.status,
    printf('%02d', 1 + row_number() over (partition by order_id order by product_id)) as branch_id
  from order_items join orders o on o.id = order_id) i
left join sagas s on s.gid = i.gid
left join barrier a on a.gid = i.gid and a.branch_id = i.branch_id and a.op = 'action' and a.reason = 'action'
left join barrier c on c.gid = i.gid and c.branch_id = i.branch_id and c.op = 'compensate'
left join sagas e on e.gid = i.ending
left join barrier b on b.gid = i.ending and b.branch_id = i.branch_id and b.op = 'action' and b.reason = 'action'
where case when s.gid is null then i.status <> 9 else a.gid is not null and c.gid is null end
  and not case when e.gid is null then i.status in (2, 3) else b.gid is not null end
group by i.product_id;

-- What is wrong at whatever moment. Cheap enough to be asked every few commits.
create view wrong_now as
select invariant, subject, sentence from seen_steps
union all
select 'Barrier', id, sold || ' are sold, and its orders hold ' || coalesce(quantity, 0) || ': a row or an effect too much'
from products left join held on product_id = id where sold <> coalesce(quantity, 0)
union all
select distinct 'Barrier', gid, 'a barrier row of a saga that never was' from barrier b
where trans_type = 'saga' and not exists (select 1 from seen_sagas s where s.gid = b.gid)
union all
select 'NothingTwice', gid, 'an order of a saga that never was' from orders o
where not exists (select 1 from seen_sagas s where s.gid = o.gid)
union all
select 'NothingLost', gid, 'the amount is not the sum of its items' from orders o
where amount <> (select sum(quantity * price) from order_items where order_id = o.id);

-- What is wrong when nothing is under way any more.
create view wrong_in_the_end as
select * from wrong_now
union all
select 'SagasEnd', gid, 'the saga is ' || status || ' after ' || attempts || ' attempts, next at '
  || coalesce(next_time, 'no time') || coalesce(': ' || reason, '')
from sagas where status not in ('succeed', 'failed') or finish_time is null or next_time is not null
union all
select 'OrderSteps', o.gid, 'the order is ' || o.status || ' and its saga ' || s.status from orders o join sagas s using (gid)
where (s.status = 'succeed') <> (o.status in (0, 1, 2, 3)) or (s.status = 'failed') <> (o.status = 9)
union all
select 'NothingLost', gid, 'the saga succeeded, and there is no order' from sagas
where kind = 'order' and status = 'succeed' and gid not in (select gid from orders)
union all
select 'CompensationSucceeds', gid, 'the saga failed, and branch ' || b.branch_id || ' kept what it did'
from sagas s join barrier b using (gid) where s.status = 'failed' and b.op = 'action' and b.reason = 'action' and not exists (
  select 1 from barrier c where c.gid = b.gid and c.branch_id = b.branch_id and c.op = 'compensate')
union all
select 'Barrier', gid, 'a compensation without the row of its action, branch ' || branch_id from barrier c
where op = 'compensate' and gid in (select gid from sagas) and not exists (
  select 1 from barrier a where a.gid = c.gid and a.branch_id = c.branch_id and a.op = 'action')
union all
select 'NothingUndone', gid, 'the saga succeeded, and branch ' || branch_id || ' was undone'
from sagas s join barrier b using (gid) where s.status = 'succeed' and b.op = 'compensate'
union all -- Ticks since the year 1, and milliseconds since 1970; a clock that is read over the network may be off by seconds.
select 'OrderSteps', o.id, 'the order closed before its time, and nobody had cancelled it'
from seen_orders s join orders o using (id)
where s.status = 2 and (s.at - 621355968000000000) / 10000 < o.promised_close_time - 3000
  and not exists (select 1 from asked a where a.kind = 'cancel' and a.target = o.id and a.at <= s.at)
union all
select 'SagasEnd', id, 'the order is neither paid nor closed; it is due at ' || coalesce(close_time, 'no time')
from orders where status = 0;

-- How much is under way yet: sagas that have not ended and wait for nobody, orders that are neither paid nor closed.
create view unrest as
select (select count(*) from sagas where status not in ('succeed', 'failed') and next_time is not null)
  + (select count(*) from orders where status = 0) as number;

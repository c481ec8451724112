-- Money, outside of the mall and within, and what else has to come once of each order and payment: points and events.

-- What the bank has done, outside of the mall.
create table bank (payment integer primary key, taken integer, given_back integer);

create trigger payment_moved after update of status on payments
when old.status || '>' || new.status not in ('0>0', '0>1', '0>2', '1>1', '1>3', '2>0', '2>1', '3>3') begin
  insert into seen_steps values (now_ticks(), 'MoneyConserved', new.order_id,
    'the payment went from ' || old.status || ' to ' || new.status);
end;

-- What has come of orders, payments and registrations, each once; and what must have, in the end.
create view effects as
select type as what, cast(substr(subject, 7) as integer) as whose from outbox where subject like 'order/%'
union all
select cause || ' ' || points, cause_id from point_movements where user_id in (select id from users);

create view owed as
select 'registration 10' as what, id as whose from users
union all select 'order.placed', id from orders where status <> 9
union all select 'order.paid', id from orders where status in (1, 3)
union all select 'order.closed', id from orders where status = 2
union all select 'order.refunded', id from orders where status = 3
union all select 'payment ' || (p.amount / 100), p.id from payments p join orders o on o.id = order_id
where o.status in (1, 3) and p.amount >= 100
union all select 'refund ' || -(p.amount / 100), p.id from payments p join orders o on o.id = order_id
where o.status = 3 and p.amount >= 100;

-- What is wrong with that when nothing is under way any more.
create view wrong_money as
select iif(sum(n) > 0, 'NothingLost', 'NothingTwice'), whose, what || ' is there ' || -sum(n) || ' times too often'
from (select *, 1 as n from owed union all select *, -1 from effects) group by what, whose having sum(n) <> 0
union all
select 'NothingTwice', id, 'the points are not the sum of their movements' from users left join points on user_id = id
where balance is not (select sum(m.points) from point_movements m where m.user_id = id)
union all
select 'MoneyConserved', o.id, 'the order is ' || o.status || ' and its payment ' || coalesce(p.status, 'none')
from orders o left join payments p on p.order_id = o.id
where o.status || coalesce(p.status, '') not in ('0', '00', '02', '11', '2', '20', '22', '23', '33', '9')
union all
select 'MoneyConserved', order_id, 'the payment of ' || amount || ' is ' || status || ', and the bank has taken '
  || coalesce(taken, 0) || ' and given back ' || coalesce(given_back, 0)
from payments left join bank on payment = id where coalesce(taken, 0) <> iif(status in (1, 3), amount, 0)
  or coalesce(given_back, 0) <> iif(status = 3, amount, 0)
union all
select 'MoneyConserved', payment, 'the bank has money of a payment that is not there' from bank
where payment not in (select id from payments)
union all
select 'MoneyConserved', target, tells || ' was answered ' || said || ', and the payment is ' || p.status
from told a join payments p on p.id = a.target where a.kind = 'report' and a.name = 'succeeded' and a.until is not null
  and (a.code is not null or p.status not in (1, 3))
union all
select 'MoneyConserved', target, tells || ' was believed' from told
where kind in ('forgery', 'mistake') and until is not null and code is null;

create view wrong as
select * from wrong_in_the_end union all select * from wrong_answers union all select * from wrong_stock
union all select * from wrong_money;

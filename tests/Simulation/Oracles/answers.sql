-- What clients asked and heard, by the right clock (Journal writes it), and views of what is wrong with that, against the rows,
-- when all has come to rest.

-- key names the request for ever: the gid of what is a saga, else user and key. body is all that was asked for: two bodies under
-- one key are two requests. target is the order or payment that it is about. Without until nobody knows what has become of it.
-- code says why it was refused, about which product or user that speaks; said is the answer in full. Numbers of codes are those
-- of ErrorCodes.
create table asked (
  number integer primary key, client text, at integer, what text, until integer, code integer, said text, about integer,
  kind text as (what ->> 'Kind') stored, key text as (what ->> 'Key') stored, body text as (what ->> 'Body') stored,
  gid text as (what ->> 'Gid') stored, user_id integer as (what ->> 'UserId') stored, name text as (what ->> 'Name') stored,
  delta integer as (what ->> 'Delta') stored, target integer as (what ->> 'Target') stored,
  is_waiting integer as (what ->> 'IsWaiting') stored);
create index asked_by_key on asked (key);
create index asked_by_gid on asked (gid);

-- Products that a request wants, and how much of each; a seller's adjustment that takes is one.
create table wanted (number integer, product integer, quantity integer);
create index wanted_by_number on wanted (number);
create trigger asked_wants after insert on asked begin
  insert into wanted select new.number, value ->> 'ProductId', value ->> 'Quantity' from json_each(new.what, '$.Wants');
end;

-- Stock that was being taken: no other buyer may have it meanwhile, and be refused for want of it, though no row shows it.
create table reserved (product integer, quantity integer, since integer, until integer);
create index reserved_by_product on reserved (product, since);

-- Rows that somebody who is none of the mall's has held.
create table strangers (key text, since integer, until integer);

create view told as
select *, 'request ' || number || ' of ' || client || ' (' || body || ')' as tells, iif(code is not null, null, case kind
  when 'order' then (said ->> 'Id') || '|' || (said ->> 'UserId') || '|' || (said ->> 'Amount') || '|' || (
    select group_concat((value ->> 'ProductId') || ':' || (value ->> 'Quantity') || ':' || (value ->> 'Price'), ' '
      order by value ->> 'ProductId') from json_each(said, '$.Items'))
  when 'payment' then (said ->> '$.Payment.Id') || '|' || (said ->> '$.Payment.Amount')
  when 'product' then said ->> 'Id' when 'registration' then said ->> 'Id' end) as view
from asked;

create view placed as
select o.gid, o.user_id, o.status, i.lines, o.id || '|' || o.user_id || '|' || o.amount || '|' || i.items as view
from orders o left join (
  select order_id, group_concat(product_id || ':' || quantity, ' ' order by product_id) as lines,
    group_concat(product_id || ':' || quantity || ':' || price, ' ' order by product_id) as items
  from order_items group by order_id) i on i.order_id = o.id;

-- Requests for an order that is there.
create view mine as
select a.*, p.status from told a join placed p on p.gid = a.gid and a.body = 'order by ' || p.user_id || ' of ' || p.lines
where a.kind = 'order';

-- An answer binds when it is a success, or the refusal of a saga that had begun: whoever asks later gets it, or is refused for
-- another body. Whoever asks at the same time may be refused, but of two successes both are the same.
create view binding as
select a.* from told a where a.key is not null and a.until is not null and (a.code is null or a.code <> 100007
  and (a.code = 300002 and a.kind = 'order' or a.at > (select min(s.at) from seen_sagas s where s.gid = a.key)));

-- A refusal is a claim about the mall: it must have been true at some moment between the first such request and the answer.
create view refused as
select a.*, coalesce((select min(b.at) from asked b where b.key = a.key and b.body = a.body), a.at) as since,
  (select w.quantity from wanted w where w.number = a.number and w.product = a.about) as quantity
from told a where a.code is not null;

-- What the product of a refusal was meanwhile, by its row.
create view was as
select r.number, s.stock, s.status from refused r join seen_products s on s.id = r.about and s.at <= r.until
  and s.rowid >= coalesce((select max(x.rowid) from seen_products x where x.id = r.about and x.at < r.since), 0);

-- What the order of a refusal was meanwhile.
create view stood as
select r.number, s.status from refused r join seen_orders s on s.id = r.target and s.at <= r.until
  and s.rowid >= coalesce((select max(x.rowid) from seen_orders x where x.id = r.target and x.at < r.since), 0);

-- How much of it was free, at each moment at which that had changed.
create view free as
select r.number, s.stock - coalesce((
    select sum(h.quantity) from reserved h where h.product = r.about and h.since <= t.at and t.at <= h.until), 0) as stock
from refused r join (
  select id, at from seen_products union all select product, since from reserved union all select about, since from refused
) t on t.id = r.about and t.at between r.since and r.until
join seen_products s on s.id = r.about and s.at <= t.at
  and s.rowid >= coalesce((select max(x.rowid) from seen_products x where x.id = r.about and x.at < t.at), 0);

create view wrong_answers as
select 'NothingLost' as invariant, a.gid as subject,
  a.tells || ' was answered ' || a.said || ', and the row is ' || coalesce(p.view || ', status ' || p.status, 'none') as sentence
from told a left join placed p on p.gid = a.gid where a.kind = 'order' and a.until is not null and a.code is null
  and (p.gid is null or a.view is not null and (p.status = 9 or p.view is not a.view))
union all
select 'NothingTwice', gid, 'nobody asked for this order' from placed p
where not exists (select 1 from mine m where m.gid = p.gid)
union all
select 'NothingTwice', gid, tells || ' was answered ' || said || ', and the order stands' from mine m
where status <> 9 and code is not null
  and (code in (300002, 600002) or not exists (select 1 from mine x where x.gid = m.gid and x.code is null))
union all
select 'NothingTwice', name, 'this product is there more often than it was asked for' from products p group by name
having count(*) > (select count(distinct coalesce(a.key, a.number)) from asked a where a.kind = 'product' and a.name = p.name)
union all
select 'NothingLost', name, tells || ' was answered ' || said || ', and there is no such product' from told a
where kind = 'product' and view is not null and not exists (select 1 from products p where p.id = a.view and p.name = a.name
  and a.delta = (select s.stock from seen_products s where s.id = p.id order by rowid limit 1))
union all
select 'NothingLost', name, tells || ' was answered ' || said || ', and there is no such user' from told a
where kind = 'registration' and view is not null
  and not exists (select 1 from users u where u.id = a.view and u.mobile = a.name)
union all
select 'NothingLost', key, tells || ' was answered ' || said || ', and its key is unknown' from told a
where kind = 'adjustment' and key is not null and until is not null and code is null
  and not exists (select 1 from idempotency i where i.kind = 'stock' and i.user_id || ' ' || i.key = a.key)
union all
select 'NothingLost', target, tells || ' was answered ' || said || ', and the order is ' || o.status
from told a join orders o on o.id = a.target where until is not null and code is null
  and (kind = 'cancel' and o.status <> 2 or kind = 'refund' and o.status <> 3)
union all
select 'NothingLost', target, tells || ' was answered ' || said || ', and there is no such payment' from told a
where kind = 'payment' and view is not null
  and not exists (select 1 from payments p where p.order_id = a.target and p.id || '|' || p.amount = a.view)
union all
select 'KeyForEver', l.key, f.tells || ' was answered ' || f.said || ', and ' || l.tells || ' ' || l.said
from binding f join told l on l.key = f.key and l.number <> f.number and l.until is not null
where not exists (select 1 from binding b where b.key = f.key and (b.until, b.number) < (f.until, f.number))
  and (l.at >= f.until or exists (select 1 from binding b where b.number = l.number))
  and case when l.body <> f.body then l.code is not 100007
    when not (l.is_waiting and f.is_waiting) then l.code is 100007 -- Who does not wait for the end is told of none.
    else l.code is not f.code or l.said <> f.said end
union all
select 'RefusalTrue', coalesce(key, 'request ' || number), tells || ' was told: ' || said || ' And the branch had acted'
from refused r join barrier b on b.op = 'action' and b.reason = 'action'
  and r.code = 600002 and r.said like 'Branch ' || b.branch_id || ' of ' || b.gid || ' %'
union all
select 'RefusalTrue', coalesce(key, 'request ' || number), tells || ' was refused: ' || said || ' That was never true'
from refused r where not case code
  when 300002 then quantity is not null and (
    exists (select 1 from was w where w.number = r.number
      and (w.stock < r.quantity or w.status = 0 and r.said like '% was off sale, %'))
    or r.said like '% or the order was aborted.' and exists (
      select 1 from asked b where b.kind = 'abort' and b.gid = r.gid and b.at <= r.until)
    or exists (select 1 from free f where f.number = r.number and f.stock < r.quantity))
  when 300003 then (kind <> 'order' or quantity is not null)
    and (exists (select 1 from was w where w.number = r.number and w.status = 0)
      or r.said like '% is not sold at %') -- At the price that it was quoted at: prices are not noted.
  when 300001 then (kind <> 'order' or quantity is not null)
    and not exists (select 1 from seen_products s where s.id = r.about and s.at < r.since)
  when 200001 then not exists (select 1 from seen_users u where u.id = r.about and u.at < r.since)
  when 200002 then kind = 'registration' and exists (
    select 1 from seen_users u where u.mobile = r.name and u.is_there and u.at <= r.until
      and u.rowid >= coalesce((select max(x.rowid) from seen_users x where x.mobile = r.name and x.at < r.since), 0))
  when 100007 then exists (select 1 from asked b where b.key = r.key and b.body <> r.body and b.at <= r.until)
  when 400002 then exists (select 1 from stood s where s.number = r.number and case r.kind
    when 'payment' then s.status in (2, 9) when 'cancel' then s.status not in (0, 2) else s.status <> 1 end)
  when 500002 then kind = 'forgery'
  when 500003 then kind = 'mistake'
  when 400001 then 0 when 500001 then 0 when 500004 then 0 when 100004 then 0
  when 600002 then kind <> 'order'
    or exists (select 1 from asked b where b.kind = 'abort' and b.gid = r.gid and b.at <= r.until)
  else 1 end;

-- Where nothing goes wrong but that strangers hold products' rows now and then: whoever was not answered within 3 seconds, though
-- neither it nor another under its key wanted one of these products. The first half minute is for silos and front doors, until they know each other.
create view late as
select 'OneSickRow' as invariant, coalesce(key, client) as subject, tells || ' had to wait' as sentence from told a
where at > 300000000 + (select min(at) from asked) and (until is null or until - at > 30000000) and not exists (
  select 1 from strangers s where s.since <= coalesce(a.until, a.at + 30000000) and s.until + 30000000 >= a.at
    and (a.kind in ('abort', 'other') or s.key in (
      select w.product from wanted w join asked b using (number) where b.number = a.number or b.key = a.key)));

-- What an adjustment of stock may have come to: what was acknowledged, once a key; one without an answer may have happened, once.
create view adjusted as
with one as (
  select w.product, coalesce(a.key, 'request ' || a.number) as key, a.delta, a.until is null as is_open,
    a.key is null as is_keyless, a.until is not null and a.code is null as is_acknowledged,
    exists (select 1 from idempotency i where i.kind = 'stock' and i.user_id || ' ' || i.key = a.key) as has_happened
  from asked a join wanted w using (number) where a.kind = 'adjustment')
select product, key, delta from one where is_acknowledged
union
select product, key, delta from one o where (has_happened or is_keyless and is_open)
  and not exists (select 1 from one x where x.product = o.product and x.key = o.key and x.is_acknowledged)
union
select product, key, 0 from one o where not has_happened
  and not exists (select 1 from one x where x.product = o.product and x.key = o.key and x.is_acknowledged);

-- What sellers were told: each sum that a product's first stock and one choice of each of its adjustments may come to.
create view sums as
with recursive one as materialized (select * from adjusted),
keys as materialized (
  select product, key, row_number() over (partition by product order by key) as n from (select distinct product, key from one)),
sums (product, n, total) as (
  select id, 0, (select s.stock + s.sold from seen_products s where s.id = p.id order by s.rowid limit 1) from products p
  union
  select s.product, k.n, s.total + o.delta from sums s join keys k on k.product = s.product and k.n = s.n + 1
  join one o on o.product = k.product and o.key = k.key)
select product, total from sums s where n = (select count(*) from keys k where k.product = s.product);

create view wrong_stock as
select 'StockConserved' as invariant, 'product ' || id as subject, stock + sold || ' are on hand or sold, and what was '
  || 'acknowledged comes to ' || (select group_concat(total, ' or ') from sums s where s.product = p.id) as sentence
from products p where stock + sold not in (select total from sums s where s.product = p.id);

-- What a run has come to.
create view counts as
select 'requests' as what, count(*) as number from asked
union all
select 'orders placed', count(distinct gid) from asked where kind = 'order' and until is not null and code is null
union all
select case status when 'failed' then 'sagas compensated' else 'sagas ' || status end, count(distinct gid) from seen_sagas
group by status
union all
select 'orders ' || case status when 0 then 'open' when 1 then 'paid' when 2 then 'closed' when 3 then 'refunded' else 'void' end,
  count(*) from orders group by status
union all
select 'orders paid too late', count(*) from orders o join payments p on p.order_id = o.id where o.status = 2 and p.status = 3;

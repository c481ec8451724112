-- Payments, one an order, and what moves points. A payment whose pay_url is null has not reached its provider yet; public_url is
-- where the world reached the mall when it was made. A movement stands under what caused it, so that nothing moves points twice;
-- a balance is the sum of its movements.

create table payments (
  id integer not null primary key,
  order_id integer not null unique,
  user_id integer not null,
  amount integer not null,
  status integer not null,
  provider text not null,
  provider_ref text,
  pay_url text,
  public_url text not null,
  paid_time integer,
  create_time integer not null,
  update_time integer not null
);

create table point_movements (
  user_id integer not null,
  cause text not null,
  cause_id integer not null,
  points integer not null,
  create_time integer not null,
  primary key (user_id, cause, cause_id)
) without rowid;

insert into point_movements
select u.id, 'registration', u.id, p.balance, u.create_time from points p join users u on u.id = p.user_id where p.balance <> 0;

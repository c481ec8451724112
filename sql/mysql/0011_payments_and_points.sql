-- Payments, one an order, and what moves points. A payment whose pay_url is null has not reached its provider yet; public_url is
-- where the world reached the mall when it was made. A movement stands under what caused it, so that nothing moves points twice;
-- a balance is the sum of its movements.

create table if not exists payments (
  id bigint not null primary key,
  order_id bigint not null,
  user_id bigint not null,
  amount bigint not null,
  status bigint not null,
  provider varchar(32) not null,
  provider_ref varchar(256),
  pay_url longtext,
  public_url longtext not null,
  paid_time bigint,
  create_time bigint not null,
  update_time bigint not null,
  unique key payments_by_order (order_id)
) engine = innodb character set utf8mb4 /*!80017 collate utf8mb4_0900_bin */ /*M!100200 collate utf8mb4_nopad_bin */;

create table if not exists point_movements (
  user_id bigint not null,
  cause varchar(32) not null,
  cause_id bigint not null,
  points bigint not null,
  create_time bigint not null,
  primary key (user_id, cause, cause_id)
) engine = innodb character set utf8mb4 /*!80017 collate utf8mb4_0900_bin */ /*M!100200 collate utf8mb4_nopad_bin */;

insert ignore into point_movements
select u.id, 'registration', u.id, p.balance, u.create_time from points p join users u on u.id = p.user_id where p.balance <> 0;

-- What shoppers find products and shops by, and what they say of them.
-- sales is what lists go by: sold and shops.sales as of some seconds ago, so that the row of a product that sells is rewritten
-- without touching an index. stars and reviews are sums that each review adds to in its own commit; what is computed of them the
-- database keeps right by itself. score is what recommended means (docs/api.md): stars in hundredths as if five shoppers had
-- given three besides, and up to one star more for what has been sold, half of it at fifty pieces.
-- shelf is the shop of what is on sale: lists of one shop name it alone, so that no database can take the index of all products
-- for theirs, which looks as good where most have sold nothing.
-- search_name is the name as it is compared with what is searched for; where nobody has written it, the name in lower case is.

-- A table is changed in one statement, or not at all; there is no other way to say "if that has not been done" on both servers.
set @change = if(
  (select count(*) from information_schema.columns
   where table_schema = database() and table_name = 'products' and column_name = 'score') = 0,
  'alter table products
  add column attributes longtext not null default (''{}''),
  add column search_name longtext,
  add column sales bigint not null default 0,
  add column stars bigint not null default 0,
  add column reviews bigint not null default 0,
  add column score bigint generated always as (
    (stars * 100 + 1500) div (reviews + 5) + sales * 100 div (sales + 50)) stored,
  add column shelf bigint generated always as (case when status = 1 then shop_id end) stored,
  drop key products_by_shop,
  drop key products_by_position,
  add key products_by_place (status, position, id),
  add key products_by_price (status, price, id),
  add key products_by_sales (status, sales, id),
  add key products_by_score (status, score, id),
  add key shop_products_by_place (shelf, position, id),
  add key shop_products_by_price (shelf, price, id),
  add key shop_products_by_sales (shelf, sales, id),
  add key shop_products_by_score (shelf, score, id)', 'do 0');
prepare change_once from @change;
execute change_once;
deallocate prepare change_once;

set @change = if(
  (select count(*) from information_schema.columns
   where table_schema = database() and table_name = 'shops' and column_name = 'reviews') = 0,
  'alter table shops
  drop column rating,
  add column stars bigint not null default 0,
  add column reviews bigint not null default 0,
  add column rating bigint generated always as (
    case when reviews = 0 then 0 else (stars * 200 + reviews) div (reviews * 2) end) stored,
  drop key shops_by_position,
  add key shops_by_place (position, id),
  add key shops_by_sales (sales, id),
  add key shops_by_rating (rating, id)', 'do 0');
prepare change_once from @change;
execute change_once;
deallocate prepare change_once;

-- Nothing is written to a review again. A user says it once of each product.
create table if not exists reviews (
  id bigint not null primary key,
  product_id bigint not null,
  user_id bigint not null,
  stars bigint not null,
  content longtext not null default (''),
  create_time bigint not null,
  position bigint not null default 0,
  unique key reviews_by_user (product_id, user_id),
  key reviews_by_place (product_id, position, id)
) engine = innodb character set utf8mb4 /*!80017 collate utf8mb4_0900_bin */ /*M!100200 collate utf8mb4_nopad_bin */;

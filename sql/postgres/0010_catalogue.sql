-- What shoppers find products and shops by, and what they say of them.
-- sales is what lists go by: sold and shops.sales as of some seconds ago, so that the row of a product that sells is rewritten
-- without touching an index. stars and reviews are sums that each review adds to in its own commit; what is computed of them the
-- database keeps right by itself. score is what recommended means (docs/api.md): stars in hundredths as if five shoppers had
-- given three besides, and up to one star more for what has been sold, half of it at fifty pieces.
-- shelf is the shop of what is on sale: lists of one shop name it alone, so that no database can take the index of all products
-- for theirs, which looks as good where most have sold nothing.
-- search_name is the name as it is compared with what is searched for; where nobody has written it, the name in lower case is.

alter table products
  add column attributes text not null default '{}',
  add column search_name text,
  add column sales bigint not null default 0,
  add column stars bigint not null default 0,
  add column reviews bigint not null default 0;
alter table products
  add column score bigint not null generated always as (
    (stars * 100 + 1500) / (reviews + 5) + sales * 100 / (sales + 50)) stored,
  add column shelf bigint generated always as (case when status = 1 then shop_id end) stored;

drop index products_by_shop;
drop index products_by_position;
create index products_by_place on products (status, position, id);
create index products_by_price on products (status, price, id);
create index products_by_sales on products (status, sales, id);
create index products_by_score on products (status, score, id);
create index shop_products_by_place on products (shelf, position, id);
create index shop_products_by_price on products (shelf, price, id);
create index shop_products_by_sales on products (shelf, sales, id);
create index shop_products_by_score on products (shelf, score, id);

-- Finds names that have the letters of a word in them. It comes with the server's usual packages; without it a search goes through
-- the list, which is as good while there are some ten thousand products.
do $$
begin
  create extension if not exists pg_trgm;
  create index products_by_name on products using gin (coalesce(search_name, lower(name)) gin_trgm_ops);
exception when others then
  raise notice 'There is no index of names: %', sqlerrm;
end
$$;

alter table shops drop column rating;
alter table shops
  add column stars bigint not null default 0,
  add column reviews bigint not null default 0;
alter table shops add column rating bigint not null generated always as (
  case when reviews = 0 then 0 else (stars * 200 + reviews) / (reviews * 2) end) stored;

drop index shops_by_position;
create index shops_by_place on shops (position, id);
create index shops_by_sales on shops (sales, id);
create index shops_by_rating on shops (rating, id);

-- Nothing is written to a review again. A user says it once of each product.
create table reviews (
  id bigint not null primary key,
  product_id bigint not null,
  user_id bigint not null,
  stars bigint not null,
  content text not null default '',
  create_time bigint not null,
  position bigint not null default 0,
  unique (product_id, user_id)
);

create index reviews_by_place on reviews (product_id, position, id);

-- close_time is when due work next looks at an order that waits for its payment: whoever claims it moves it, and it is null when
-- there is nothing to close. What the customer was told stays as it was, in a column of its own. An order that was placed before
-- there was one and has ended since has none: it shows create_time and the setting.
alter table orders add column promised_close_time integer;

update orders set promised_close_time = close_time where close_time is not null;

-- What the paths of older malls know of an order and this mall does not: what was said when it was placed, as JSON; and that its
-- user does not want to see it in a list any more.
alter table orders add column extras text;

alter table orders add column is_hidden integer not null default 0;

-- close_time is when due work next looks at an order that waits for its payment: whoever claims it moves it, and it is null when
-- there is nothing to close. What the customer was told stays as it was, in a column of its own. An order that was placed before
-- there was one and has ended since has none: it shows create_time and the setting.
alter table orders add column promised_close_time bigint;

update orders set promised_close_time = close_time where close_time is not null;

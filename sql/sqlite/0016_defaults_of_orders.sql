-- Nothing is to be done here: values are no literals that a parser reads one by one, as they are on MySQL.
select 1;

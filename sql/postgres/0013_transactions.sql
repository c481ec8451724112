-- Transactions of services in any language: their rows are in sagas, under the kinds saga, msg, tcc, xa and workflow, and what is
-- known of their branches is here. A branch of a saga or a message gets its row with its result, one that a client registers when it
-- does so, and number is their order. payload is base64. What a workflow returned is the row of branch 00 and op result.

create table transaction_branches (
  gid text collate "C" not null,
  branch_id text collate "C" not null,
  op text collate "C" not null,
  status text not null,
  number bigint not null,
  target text,
  payload text,
  error text,
  create_time bigint not null,
  update_time bigint not null,
  primary key (gid, branch_id, op)
);

-- What clients have named: of category topics, subscribers as JSON. Listed from the newest, by position.
create table key_values (
  category text collate "C" not null,
  name text collate "C" not null,
  value text not null,
  version bigint not null,
  create_time bigint not null,
  update_time bigint not null,
  position bigint not null default 0,
  primary key (category, name)
);

-- Such transactions are listed from the newest; the mall's own sagas pay nothing for that.
create index sagas_of_services on sagas (position, gid) where kind in ('saga', 'msg', 'tcc', 'xa', 'workflow');

-- Transactions of services in any language: their rows are in sagas, under the kinds saga, msg, tcc, xa and workflow, and what is
-- known of their branches is here. A branch of a saga or a message gets its row with its result, one that a client registers when it
-- does so, and number is their order. payload is base64. What a workflow returned is the row of branch 00 and op result.

create table if not exists transaction_branches (
  gid varchar(128) not null,
  branch_id varchar(64) not null,
  op varchar(32) not null,
  status varchar(32) not null,
  number bigint not null,
  target longtext,
  payload longtext,
  error longtext,
  create_time bigint not null,
  update_time bigint not null,
  primary key (gid, branch_id, op)
) engine = innodb default character set utf8mb4
  /*!80017 collate utf8mb4_0900_bin */ /*M!100200 collate utf8mb4_nopad_bin */;

-- What clients have named: of category topics, subscribers as JSON. Listed from the newest, by position.
create table if not exists key_values (
  category varchar(64) not null,
  name varchar(128) not null,
  value longtext not null,
  version bigint not null,
  create_time bigint not null,
  update_time bigint not null,
  position bigint not null default 0,
  primary key (category, name)
) engine = innodb default character set utf8mb4
  /*!80017 collate utf8mb4_0900_bin */ /*M!100200 collate utf8mb4_nopad_bin */;

-- Who is a member of the cluster, each with a lease that it renews. Times are the database's.

-- One row: grows with every change of who is a member and as what. Whoever makes such a change locks it first.
create table if not exists membership_version (
  version bigint not null primary key
) engine = innodb character set utf8mb4 collate utf8mb4_bin;

insert into membership_version (version) select 0 where not exists (select 1 from membership_version);

create table if not exists silos (
  id bigint not null primary key,
  address varchar(255) not null,
  roles varchar(128) not null,
  protocol_version bigint not null,
  status varchar(32) not null,
  start_time bigint not null,
  lease_until bigint not null,
  suspected_by varchar(255),
  suspect_time bigint,
  end_time bigint,
  end_reason longtext
) engine = innodb character set utf8mb4 collate utf8mb4_bin;

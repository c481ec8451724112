-- Who is a member of the cluster, each with a lease that it renews. Times are the database's. Both tables are small and rewritten
-- all the time; the free space lets that happen in place.

-- One row: grows with every change of who is a member and as what. Whoever makes such a change locks it first.
create table membership_version (
  version bigint not null
) with (fillfactor = 10);

insert into membership_version (version) values (0);

create table silos (
  id bigint not null primary key,
  address text collate "C" not null,
  roles text not null,
  protocol_version bigint not null,
  status text collate "C" not null,
  start_time bigint not null,
  lease_until bigint not null,
  suspected_by text,
  suspect_time bigint,
  end_time bigint,
  end_reason text
) with (fillfactor = 50);

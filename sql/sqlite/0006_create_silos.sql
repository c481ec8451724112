-- Who is a member of the cluster, each with a lease that it renews. A file serves one process, so here they are for tests of what
-- the stores have in common.

-- One row: grows with every change of who is a member and as what. Whoever makes such a change locks it first.
create table membership_version (
  version integer not null
);

insert into membership_version (version) values (0);

create table silos (
  id integer not null primary key,
  address text not null,
  roles text not null,
  protocol_version integer not null,
  status text not null,
  start_time integer not null,
  lease_until integer not null,
  suspected_by text,
  suspect_time integer,
  end_time integer,
  end_reason text
);

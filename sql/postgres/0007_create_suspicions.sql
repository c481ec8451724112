-- Which members of the cluster do not hear which others: those who are cut off find themselves here, and give themselves up. Takes
-- the place of silos.suspected_by and silos.suspect_time, which had room for one and are not written any more.
create table suspicions (
  id bigint not null,
  suspected_by bigint not null,
  since bigint not null,
  primary key (id, suspected_by)
) with (fillfactor = 50);

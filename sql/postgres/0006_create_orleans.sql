-- What Orleans keeps here: who is a member of the cluster, private state of single grains, and the statements by which it reaches
-- both. It reads OrleansQuery at start, sends each text as one command without a transaction around it, and finds columns by
-- name.

-- A row for each cluster; grows with every change of who is a member and as what. Whoever makes such a change locks it first.
create table OrleansMembershipVersionTable (
  DeploymentId text collate "C" not null primary key,
  Version integer not null
) with (fillfactor = 10);

create table OrleansMembershipTable (
  DeploymentId text collate "C" not null,
  Address text collate "C" not null,
  Port integer not null,
  Generation integer not null,
  SiloName text not null,
  HostName text not null,
  Status integer not null,
  ProxyPort integer not null,
  SuspectTimes text,
  StartTime timestamptz not null,
  IAmAliveTime timestamptz not null,
  primary key (DeploymentId, Address, Port, Generation)
) with (fillfactor = 50);

-- A state that was cleared keeps its row, without payload, so that a version is never given twice. A grain without a key
-- extension has an empty one, since nulls would not be equal.
create table OrleansStorage (
  ServiceId text collate "C" not null,
  GrainTypeString text collate "C" not null,
  GrainIdN0 bigint not null,
  GrainIdN1 bigint not null,
  GrainIdExtensionString text collate "C" not null,
  Version integer not null,
  PayloadBinary bytea,
  primary key (ServiceId, GrainTypeString, GrainIdN0, GrainIdN1, GrainIdExtensionString)
) with (fillfactor = 70);

create table OrleansQuery (
  QueryKey text collate "C" not null primary key,
  QueryText text not null
);

-- Version is the one that was read: what was decided on an older one changes nothing. The result is whether it did.
insert into OrleansQuery (QueryKey, QueryText) values
('InsertMembershipVersionKey', $$
with inserted as (
  insert into OrleansMembershipVersionTable (DeploymentId, Version) values (@DeploymentId, 0) on conflict do nothing returning 1)
select count(*) = 1 from inserted
$$),
('InsertMembershipKey', $$
with next as (
  update OrleansMembershipVersionTable as v set Version = v.Version + 1
  where v.DeploymentId = @DeploymentId and v.Version = @Version and not exists (
    select 1 from OrleansMembershipTable as m
    where m.DeploymentId = @DeploymentId and m.Address = @Address and m.Port = @Port and m.Generation = @Generation)
  returning v.DeploymentId),
inserted as (
  insert into OrleansMembershipTable (
    DeploymentId, Address, Port, Generation, SiloName, HostName, Status, ProxyPort, StartTime, IAmAliveTime)
  select DeploymentId, @Address, @Port, @Generation, @SiloName, @HostName, @Status, @ProxyPort, @StartTime, @IAmAliveTime
  from next returning 1)
select count(*) = 1 from inserted
$$),
('UpdateMembershipKey', $$
with next as (
  update OrleansMembershipVersionTable as v set Version = v.Version + 1
  where v.DeploymentId = @DeploymentId and v.Version = @Version and exists (
    select 1 from OrleansMembershipTable as m
    where m.DeploymentId = @DeploymentId and m.Address = @Address and m.Port = @Port and m.Generation = @Generation)
  returning v.DeploymentId),
changed as (
  update OrleansMembershipTable as m
  set Status = @Status, SuspectTimes = @SuspectTimes, IAmAliveTime = @IAmAliveTime
  from next
  where m.DeploymentId = next.DeploymentId and m.Address = @Address and m.Port = @Port and m.Generation = @Generation
  returning 1)
select count(*) = 1 from changed
$$),
('UpdateIAmAlivetimeKey', $$
update OrleansMembershipTable set IAmAliveTime = @IAmAliveTime
where DeploymentId = @DeploymentId and Address = @Address and Port = @Port and Generation = @Generation
$$),
('MembershipReadRowKey', $$
select v.Version, m.Address, m.Port, m.Generation, m.SiloName, m.HostName, m.Status, m.ProxyPort, m.SuspectTimes, m.StartTime,
  m.IAmAliveTime
from OrleansMembershipVersionTable as v left join OrleansMembershipTable as m
  on m.DeploymentId = v.DeploymentId and m.Address = @Address and m.Port = @Port and m.Generation = @Generation
where v.DeploymentId = @DeploymentId
$$),
('MembershipReadAllKey', $$
select v.Version, m.Address, m.Port, m.Generation, m.SiloName, m.HostName, m.Status, m.ProxyPort, m.SuspectTimes, m.StartTime,
  m.IAmAliveTime
from OrleansMembershipVersionTable as v left join OrleansMembershipTable as m on m.DeploymentId = v.DeploymentId
where v.DeploymentId = @DeploymentId
$$),
('GatewaysQueryKey', $$
select Address, ProxyPort, Generation from OrleansMembershipTable
where DeploymentId = @DeploymentId and Status = @Status and ProxyPort > 0
$$),
('DeleteMembershipTableEntriesKey', $$
with gone as (delete from OrleansMembershipVersionTable where DeploymentId = @DeploymentId)
delete from OrleansMembershipTable where DeploymentId = @DeploymentId
$$),
-- 6 is dead. The others are alive, or are still to be declared dead.
('CleanupDefunctSiloEntriesKey', $$
delete from OrleansMembershipTable where DeploymentId = @DeploymentId and Status = 6 and IAmAliveTime < @IAmAliveTime
$$);

-- A write under a version changes the row that has it; one without a version makes the row. What is there instead is left alone,
-- and no row comes back: never a version that somebody else has written.
insert into OrleansQuery (QueryKey, QueryText) values
('ReadFromStorageKey', $$
select PayloadBinary, Version from OrleansStorage
where ServiceId = @ServiceId and GrainTypeString = @GrainTypeString and GrainIdN0 = @GrainIdN0 and GrainIdN1 = @GrainIdN1
  and GrainIdExtensionString = coalesce(@GrainIdExtensionString, '')
$$),
('WriteToStorageKey', $$
with changed as (
  update OrleansStorage set Version = Version + 1, PayloadBinary = @PayloadBinary
  where ServiceId = @ServiceId and GrainTypeString = @GrainTypeString and GrainIdN0 = @GrainIdN0 and GrainIdN1 = @GrainIdN1
    and GrainIdExtensionString = coalesce(@GrainIdExtensionString, '') and Version = @GrainStateVersion
  returning Version),
inserted as (
  insert into OrleansStorage (
    ServiceId, GrainTypeString, GrainIdN0, GrainIdN1, GrainIdExtensionString, Version, PayloadBinary)
  select @ServiceId, @GrainTypeString, @GrainIdN0, @GrainIdN1, coalesce(@GrainIdExtensionString, ''), 1, @PayloadBinary
  where @GrainStateVersion is null
  on conflict do nothing
  returning Version)
select Version as NewGrainStateVersion from changed union all select Version from inserted
$$),
('ClearStorageKey', $$
update OrleansStorage set Version = Version + 1, PayloadBinary = null
where ServiceId = @ServiceId and GrainTypeString = @GrainTypeString and GrainIdN0 = @GrainIdN0 and GrainIdN1 = @GrainIdN1
  and GrainIdExtensionString = coalesce(@GrainIdExtensionString, '') and Version = @GrainStateVersion
returning Version as NewGrainStateVersion
$$),
('DeleteStorageKey', $$
delete from OrleansStorage
where ServiceId = @ServiceId and GrainTypeString = @GrainTypeString and GrainIdN0 = @GrainIdN0 and GrainIdN1 = @GrainIdN1
  and GrainIdExtensionString = coalesce(@GrainIdExtensionString, '') and Version = @GrainStateVersion
returning Version + 1 as NewGrainStateVersion
$$);

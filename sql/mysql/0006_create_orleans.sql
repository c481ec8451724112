-- What Orleans keeps here: who is a member of the cluster, private state of single grains, and the statements by which it reaches
-- both. It reads OrleansQuery at start, sends each text as one command without a transaction around it, and finds columns by
-- name. Names of tables are case-sensitive on most servers. A session counts the rows that a statement has found, changed or not.

-- A row for each cluster; grows with every change of who is a member and as what. Whoever makes such a change locks it first.
create table if not exists OrleansMembershipVersionTable (
  DeploymentId varchar(255) not null primary key,
  Version int not null
) engine = innodb character set utf8mb4 collate utf8mb4_bin;

create table if not exists OrleansMembershipTable (
  DeploymentId varchar(255) not null,
  Address varchar(64) not null,
  Port int not null,
  Generation int not null,
  SiloName varchar(255) not null,
  HostName varchar(255) not null,
  Status int not null,
  ProxyPort int not null,
  SuspectTimes longtext,
  StartTime datetime(6) not null,
  IAmAliveTime datetime(6) not null,
  primary key (DeploymentId, Address, Port, Generation)
) engine = innodb character set utf8mb4 collate utf8mb4_bin;

-- A state that was cleared keeps its row, without payload, so that a version is never given twice. A grain without a key
-- extension has an empty one, since nulls would not be equal.
create table if not exists OrleansStorage (
  ServiceId varchar(64) not null,
  GrainTypeString varchar(128) not null,
  GrainIdN0 bigint not null,
  GrainIdN1 bigint not null,
  GrainIdExtensionString varchar(512) not null,
  Version int not null,
  PayloadBinary longblob,
  primary key (ServiceId, GrainTypeString, GrainIdN0, GrainIdN1, GrainIdExtensionString)
) engine = innodb character set utf8mb4 collate utf8mb4_bin;

create table if not exists OrleansQuery (
  QueryKey varchar(64) not null primary key,
  QueryText longtext not null
) engine = innodb character set utf8mb4 collate utf8mb4_bin;

-- Version is the one that was read: what was decided on an older one changes nothing. The result is whether it did. An insert is
-- a transaction at read committed, where a search that finds nothing locks nothing: two silos that join at once wait for each
-- other at the version's row and nowhere else.
replace into OrleansQuery (QueryKey, QueryText) values
('InsertMembershipVersionKey', '
insert ignore into OrleansMembershipVersionTable (DeploymentId, Version) values (@DeploymentId, 0);
select row_count() = 1
'),
('InsertMembershipKey', '
set transaction isolation level read committed;
start transaction;
update OrleansMembershipVersionTable as v set v.Version = v.Version + 1
where v.DeploymentId = @DeploymentId and v.Version = @Version and not exists (
  select 1 from OrleansMembershipTable as m
  where m.DeploymentId = v.DeploymentId and m.Address = @Address and m.Port = @Port and m.Generation = @Generation);
insert into OrleansMembershipTable (
  DeploymentId, Address, Port, Generation, SiloName, HostName, Status, ProxyPort, StartTime, IAmAliveTime)
select @DeploymentId, @Address, @Port, @Generation, @SiloName, @HostName, @Status, @ProxyPort, @StartTime, @IAmAliveTime
from dual where row_count() = 1;
select row_count() = 1;
commit
'),
('UpdateMembershipKey', '
update OrleansMembershipVersionTable as v straight_join OrleansMembershipTable as m on m.DeploymentId = v.DeploymentId
set v.Version = v.Version + 1, m.Status = @Status, m.SuspectTimes = @SuspectTimes, m.IAmAliveTime = @IAmAliveTime
where v.DeploymentId = @DeploymentId and v.Version = @Version
  and m.Address = @Address and m.Port = @Port and m.Generation = @Generation;
select row_count() > 0
'),
('UpdateIAmAlivetimeKey', '
update OrleansMembershipTable set IAmAliveTime = @IAmAliveTime
where DeploymentId = @DeploymentId and Address = @Address and Port = @Port and Generation = @Generation
'),
('MembershipReadRowKey', '
select v.Version, m.Address, m.Port, m.Generation, m.SiloName, m.HostName, m.Status, m.ProxyPort, m.SuspectTimes, m.StartTime,
  m.IAmAliveTime
from OrleansMembershipVersionTable as v left join OrleansMembershipTable as m
  on m.DeploymentId = v.DeploymentId and m.Address = @Address and m.Port = @Port and m.Generation = @Generation
where v.DeploymentId = @DeploymentId
'),
('MembershipReadAllKey', '
select v.Version, m.Address, m.Port, m.Generation, m.SiloName, m.HostName, m.Status, m.ProxyPort, m.SuspectTimes, m.StartTime,
  m.IAmAliveTime
from OrleansMembershipVersionTable as v left join OrleansMembershipTable as m on m.DeploymentId = v.DeploymentId
where v.DeploymentId = @DeploymentId
'),
('GatewaysQueryKey', '
select Address, ProxyPort, Generation from OrleansMembershipTable
where DeploymentId = @DeploymentId and Status = @Status and ProxyPort > 0
'),
('DeleteMembershipTableEntriesKey', '
delete v, m from OrleansMembershipVersionTable as v left join OrleansMembershipTable as m on m.DeploymentId = v.DeploymentId
where v.DeploymentId = @DeploymentId
'),
-- 6 is dead. The others are alive, or are still to be declared dead.
('CleanupDefunctSiloEntriesKey', '
delete from OrleansMembershipTable where DeploymentId = @DeploymentId and Status = 6 and IAmAliveTime < @IAmAliveTime
');

-- A write under a version changes the row that has it; one without a version makes the row. What is there instead is left alone,
-- and no row comes back: never a version that somebody else has written. One of a write's two statements does nothing. The insert
-- ignores a row that is there, because looking for it first would lock its neighbours; it would also cut off a key that is too
-- long, so that is looked at.
replace into OrleansQuery (QueryKey, QueryText) values
('ReadFromStorageKey', '
select PayloadBinary, Version from OrleansStorage
where ServiceId = @ServiceId and GrainTypeString = @GrainTypeString and GrainIdN0 = @GrainIdN0 and GrainIdN1 = @GrainIdN1
  and GrainIdExtensionString = coalesce(@GrainIdExtensionString, '''')
'),
('WriteToStorageKey', '
update OrleansStorage set Version = Version + 1, PayloadBinary = @PayloadBinary
where ServiceId = @ServiceId and GrainTypeString = @GrainTypeString and GrainIdN0 = @GrainIdN0 and GrainIdN1 = @GrainIdN1
  and GrainIdExtensionString = coalesce(@GrainIdExtensionString, '''') and Version = @GrainStateVersion;
select @GrainStateVersion + 1 as NewGrainStateVersion from dual where row_count() = 1;
insert ignore into OrleansStorage (
  ServiceId, GrainTypeString, GrainIdN0, GrainIdN1, GrainIdExtensionString, Version, PayloadBinary)
select @ServiceId, @GrainTypeString, @GrainIdN0, @GrainIdN1, coalesce(@GrainIdExtensionString, ''''), 1, @PayloadBinary
from dual
where @GrainStateVersion is null and char_length(coalesce(@GrainIdExtensionString, '''')) <= 512
  and char_length(@GrainTypeString) <= 128 and char_length(@ServiceId) <= 64;
select 1 as NewGrainStateVersion from dual where row_count() = 1
'),
('ClearStorageKey', '
update OrleansStorage set Version = Version + 1, PayloadBinary = null
where ServiceId = @ServiceId and GrainTypeString = @GrainTypeString and GrainIdN0 = @GrainIdN0 and GrainIdN1 = @GrainIdN1
  and GrainIdExtensionString = coalesce(@GrainIdExtensionString, '''') and Version = @GrainStateVersion;
select @GrainStateVersion + 1 as NewGrainStateVersion from dual where row_count() = 1
'),
('DeleteStorageKey', '
delete from OrleansStorage
where ServiceId = @ServiceId and GrainTypeString = @GrainTypeString and GrainIdN0 = @GrainIdN0 and GrainIdN1 = @GrainIdN1
  and GrainIdExtensionString = coalesce(@GrainIdExtensionString, '''') and Version = @GrainStateVersion;
select @GrainStateVersion + 1 as NewGrainStateVersion from dual where row_count() = 1
');

-- What Orleans keeps here: private state of single grains, and the statements by which it reaches it. It reads OrleansQuery at
-- start, sends each text as one command without a transaction around it, and finds columns by name. A file serves one process, so
-- there is no table of members.

-- A state that was cleared keeps its row, without payload, so that a version is never given twice. A grain without a key
-- extension has an empty one, since nulls would not be equal.
create table OrleansStorage (
  ServiceId text not null,
  GrainTypeString text not null,
  GrainIdN0 integer not null,
  GrainIdN1 integer not null,
  GrainIdExtensionString text not null,
  Version integer not null,
  PayloadBinary blob,
  primary key (ServiceId, GrainTypeString, GrainIdN0, GrainIdN1, GrainIdExtensionString)
);

create table OrleansQuery (
  QueryKey text not null primary key,
  QueryText text not null
) without rowid;

-- A write under a version changes the row that has it; one without a version makes the row. What is there instead is left alone,
-- and no row comes back: never a version that somebody else has written. One of a write's two statements does nothing.
insert into OrleansQuery (QueryKey, QueryText) values
('ReadFromStorageKey', '
select PayloadBinary, Version from OrleansStorage
where ServiceId = @ServiceId and GrainTypeString = @GrainTypeString and GrainIdN0 = @GrainIdN0 and GrainIdN1 = @GrainIdN1
  and GrainIdExtensionString = coalesce(@GrainIdExtensionString, '''')
'),
('WriteToStorageKey', '
update OrleansStorage set Version = Version + 1, PayloadBinary = @PayloadBinary
where ServiceId = @ServiceId and GrainTypeString = @GrainTypeString and GrainIdN0 = @GrainIdN0 and GrainIdN1 = @GrainIdN1
  and GrainIdExtensionString = coalesce(@GrainIdExtensionString, '''') and Version = @GrainStateVersion
returning Version as NewGrainStateVersion;
insert into OrleansStorage (ServiceId, GrainTypeString, GrainIdN0, GrainIdN1, GrainIdExtensionString, Version, PayloadBinary)
select @ServiceId, @GrainTypeString, @GrainIdN0, @GrainIdN1, coalesce(@GrainIdExtensionString, ''''), 1, @PayloadBinary
where @GrainStateVersion is null
on conflict do nothing
returning Version as NewGrainStateVersion
'),
('ClearStorageKey', '
update OrleansStorage set Version = Version + 1, PayloadBinary = null
where ServiceId = @ServiceId and GrainTypeString = @GrainTypeString and GrainIdN0 = @GrainIdN0 and GrainIdN1 = @GrainIdN1
  and GrainIdExtensionString = coalesce(@GrainIdExtensionString, '''') and Version = @GrainStateVersion
returning Version as NewGrainStateVersion
'),
('DeleteStorageKey', '
delete from OrleansStorage
where ServiceId = @ServiceId and GrainTypeString = @GrainTypeString and GrainIdN0 = @GrainIdN0 and GrainIdN1 = @GrainIdN1
  and GrainIdExtensionString = coalesce(@GrainIdExtensionString, '''') and Version = @GrainStateVersion
returning Version + 1 as NewGrainStateVersion
');

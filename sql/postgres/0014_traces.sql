-- What is done later than the request that caused it is linked with that request's trace: as W3C's header traceparent has it, and
-- null unless that trace is recorded.
alter table sagas add column trace_parent text;
alter table outbox add column trace_parent text;

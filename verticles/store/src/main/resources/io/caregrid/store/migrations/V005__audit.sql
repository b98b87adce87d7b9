-- Who touched whose data. Entries come from the nodes' journals, each once; nobody changes or removes one.
create table audit_event (
  id   uuid primary key,                   -- version 7 (RFC 9562): orders by time
  at   timestamptz not null,
  keys text[] collate "C" not null,        -- what finds it: "agent|subject", and every reference in it
  fact jsonb not null                      -- the journal's line
);
create index on audit_event using gin (keys);

-- Up to where each journal is in audit_event: moved by the statement that adds the entries, so a restored backup rewinds both.
create table audit_journal (
  journal  uuid primary key,
  node     text not null,
  segment  bigint not null,
  position bigint not null                 -- bytes, everything before it is in
);

create function audit_event_stays() returns trigger language plpgsql as $$
begin
  raise exception using errcode = 'insufficient_privilege', message = 'audit events are never changed or removed';
end $$;
create trigger stays before update or delete or truncate on audit_event for each statement execute function audit_event_stays();
revoke update, delete, truncate on audit_event from public;
do $$ begin execute format('revoke update, delete, truncate on audit_event from %I', current_user); end $$;

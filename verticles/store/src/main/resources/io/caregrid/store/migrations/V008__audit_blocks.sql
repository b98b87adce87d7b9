-- Accesses come a journal's batch at a time, and lie so: some thousand lines, packed, in one row, with the keys by which any of them is asked for. Single rows cost
-- the database more than the access itself. What was recorded before stays in audit_event, and is found there.
create table audit_block (
  month  date not null,                    -- first day of the month of its last line: a partition is a month, and goes as a whole
  first  uuid not null,                    -- least id of its lines (version 7: orders by time)
  last   uuid not null,                    -- greatest, at most an hour after the least
  events int not null,
  keys   bigint[] not null,                -- numbers of everything its lines may be asked for by
  lines  bytea not null                    -- the journal's lines, zstd
) partition by range (month);
alter table audit_block alter column keys set storage external;
alter table audit_block alter column lines set storage external;
create index on audit_block (last, first);
create index on audit_block using gin (keys);
create trigger stays before update or delete or truncate on audit_block for each statement execute function audit_event_stays();
revoke update, delete, truncate on audit_block from public;
do $$ begin execute format('revoke update, delete, truncate on audit_block from %I', current_user); end $$;

-- Makes the partition of a month, by whoever needs it first. Nobody changes or removes a line in it.
create function audit_month(wanted date) returns void language plpgsql as $$
declare part text := 'audit_block_' || to_char(wanted, 'YYYY_MM');
begin
  perform pg_advisory_xact_lock(hashtext('audit_month'));
  if to_regclass(part) is not null then return; end if;
  execute format('create table %I partition of audit_block for values from (%L) to (%L)', part, wanted, (wanted + interval '1 month')::date);
  execute format('create trigger stays before update or delete or truncate on %I for each statement execute function audit_event_stays()', part);
  execute format('revoke update, delete, truncate on %I from public', part);
  execute format('revoke update, delete, truncate on %I from %I', part, current_user);
end $$;

-- Removes the months that were over before a day, and the table of single events once all of it is older. Gives what it removed.
create function audit_forget(before date) returns text[] language plpgsql as $$
declare
  part record;
  gone text[] := '{}';
begin
  perform pg_advisory_xact_lock(hashtext('audit_month'));
  for part in select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
      where i.inhparent = 'audit_block'::regclass and c.relname ~ '^audit_block_[0-9]+_[0-9]{2}$'
        and to_date(substr(c.relname, 13), 'YYYY_MM') + interval '1 month' <= before order by c.relname loop
    execute format('drop table %I', part.relname);
    gone := gone || replace(substr(part.relname, 13), '_', '-');
  end loop;
  if (select at from audit_event order by id desc limit 1) < before::timestamp at time zone 'UTC' then
    execute format('grant truncate on audit_event to %I', current_user);
    alter table audit_event disable trigger stays;
    truncate audit_event;
    alter table audit_event enable trigger stays;
    execute format('revoke truncate on audit_event from %I', current_user);
    gone := gone || 'single events'::text;
  end if;
  return gone;
end $$;

-- Accesses come a journal's batch at a time, and lie so: some thousand lines, packed, in one row, with the keys by which any of them is asked for. Single rows cost
-- the database more than the access itself. What was recorded before stays in audit_event, and is found there.
create table audit_block (
  month  date not null,                    -- first day of the month of its last line: a partition is a month, and goes as a whole
  first  uuid not null,                    -- least id of its lines (version 7: orders by time)
  last   uuid not null,                    -- greatest, at most an hour after the least
  events int not null,
  kept   timestamptz not null default now(), -- when it came here, by this clock and no node's
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

-- Makes the partition of a month, by whoever needs it first, and of the next when it is the present one. It is made aside and attached: that waits for no
-- reader, and none waits for it. Nobody changes or removes a line in it.
create function audit_month(wanted date) returns void language plpgsql set lock_timeout = '2s' as $$
declare
  begins date;
  part text;
begin
  perform pg_advisory_xact_lock(hashtext('audit_month'));
  foreach begins in array case when wanted = date_trunc('month', now() at time zone 'UTC')::date
      then array[wanted, (wanted + interval '1 month')::date] else array[wanted] end loop
    part := 'audit_block_' || to_char(begins, 'YYYY_MM');
    continue when to_regclass(part) is not null;
    execute format('create table %I (like audit_block including all)', part);
    execute format('alter table audit_block attach partition %I for values from (%L) to (%L)', part, begins, (begins + interval '1 month')::date);
    execute format('create trigger stays before update or delete or truncate on %I for each statement execute function audit_event_stays()', part);
    execute format('revoke update, delete, truncate on %I from public', part);
    execute format('revoke update, delete, truncate on %I from %I', part, current_user);
  end loop;
end $$;

-- What was removed, until a node has recorded it in the trail itself.
create table audit_removed (
  id   bigint generated always as identity primary key,
  what text not null,                      -- a month as 2019-03, or: single events
  days int not null,                       -- that it was to be kept
  at   timestamptz not null default now(),
  told boolean not null default false      -- it is recorded
);

-- Removes the months that are over for so many days and came here as long ago, and the table of single events once all of it is older. This clock decides, and
-- never this month or the last. Whoever holds one of the tables is waited for two seconds only, since others wait behind.
create function audit_forget(days int) returns void language plpgsql set lock_timeout = '2s' as $$
declare
  today date := (now() at time zone 'UTC')::date;
  before date := least(today - days, (date_trunc('month', today) - interval '1 month')::date);
  part record;
  late boolean;
begin
  if days <= 0 then raise exception 'days must be at least 1'; end if;
  perform pg_advisory_xact_lock(hashtext('audit_month'));
  for part in select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
      where i.inhparent = 'audit_block'::regclass and c.relname ~ '^audit_block_[0-9]+_[0-9]{2}$'
        and to_date(substr(c.relname, 13), 'YYYY_MM') + interval '1 month' <= before order by c.relname loop
    execute format('select exists (select from %I where kept >= $1)', part.relname)
      into late using before::timestamp at time zone 'UTC';
    continue when late;
    execute format('drop table %I', part.relname);
    insert into audit_removed (what, days) values (replace(substr(part.relname, 13), '_', '-'), audit_forget.days);
  end loop;
  if (select at from audit_event order by id desc limit 1) < before::timestamp at time zone 'UTC'
      and (select applied from schema_version where version = 8) < before::timestamp at time zone 'UTC' then
    execute format('grant truncate on audit_event to %I', current_user);
    alter table audit_event disable trigger stays;
    truncate audit_event;
    alter table audit_event enable trigger stays;
    execute format('revoke truncate on audit_event from %I', current_user);
    insert into audit_removed (what, days) values ('single events', audit_forget.days);
  end if;
end $$;

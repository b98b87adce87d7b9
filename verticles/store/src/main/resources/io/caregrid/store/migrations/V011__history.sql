-- The history of a type, and of all of them, is asked for by time. Current rows are found by their hour; versions before them get an index of their own: they are
-- only ever added, so it grows at its end. Current rows get none: an index on upd would end the HOT updates of devices' Observations.

do $$
declare
  h record;
begin
  for h in select tablename from pg_tables where schemaname = current_schema() and tablename like 'h\_%' loop
    execute format('create index on %I (upd, id, ver)', h.tablename);
  end loop;
end $$;

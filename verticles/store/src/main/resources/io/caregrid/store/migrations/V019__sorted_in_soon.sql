-- What waits in the token and text indexes (V012) is sorted in a quarter of a second after it came, by a node that gives changes their place in the feed, and no longer by whoever
-- fills the list: so the lists may be longer, and more is sorted in together. The bound is for imports, which are faster than that. All indexes are locked, against readers too, until
-- the last one is done; none is built anew.
do $$
declare
  r record;
begin
  for r in select tablename from pg_tables where schemaname = current_schema() and tablename like 'r\_%' and tablename <> 'r_observation' order by tablename loop
    perform gather_index_entries(substr(r.tablename, 3), 2048);
  end loop;
end $$;
select gather_index_entries('Observation', 256);

-- Sorts in what waits in the indexes of a type: the pages it took from their lists. Null: somebody else does it just now.
create function sort_in_index_entries(type text) returns bigint language plpgsql as $$
begin
  if not pg_try_advisory_xact_lock(hashtext('gathered'), hashtext(type)) then return null; end if;
  return (select coalesce(sum(gin_clean_pending_list(x.indexrelid)), 0)
    from pg_index x join pg_class c on c.oid = x.indexrelid join pg_am m on m.oid = c.relam
    where m.amname = 'gin' and x.indrelid = to_regclass('r_' || lower(type)));
end $$;

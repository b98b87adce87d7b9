-- New entries of the token and text indexes are gathered, and sorted in by the hundred: one by one each of a Patient's 105 tokens and 55 trigrams was a way through the
-- index and a record in the log of its own, 96 % of the 56 to 80 kB of WAL that a Patient took. Whoever searches looks at what is still waiting, half a microsecond a row: so no
-- more than some two hundred rows may wait, and those who search Observations wait the least. No index is built anew; but all are locked, against readers too, until the last one is.

-- Call it after add_resource_type and add_search_columns. kilobytes  of tokens that may wait; texts take about half of it
create function gather_index_entries(name text, kilobytes int) returns void language plpgsql as $$
declare
  i record;
begin
  for i in
    select c.oid::regclass as index, a.attname as of
    from pg_index x join pg_class c on c.oid = x.indexrelid join pg_am m on m.oid = c.relam
      join pg_attribute a on a.attrelid = x.indrelid and a.attnum = x.indkey[0]
    where x.indrelid = format('%I', 'r_' || lower(name))::regclass and m.amname = 'gin' and a.attname in ('tok', 'words')
    order by a.attname
  loop
    execute format('alter index %s set (fastupdate = on, gin_pending_list_limit = %s)', i.index,
      case when i.of = 'tok' then kilobytes else greatest(64, kilobytes / 2) end);
  end loop;
end $$;

do $$
declare
  r record;
begin
  for r in select tablename from pg_tables where schemaname = current_schema() and tablename like 'r\_%' and tablename <> 'r_observation' order by tablename loop
    perform gather_index_entries(substr(r.tablename, 3), 512);
  end loop;
end $$;
select gather_index_entries('Observation', 128);

-- Changes are taken from the queue by a range of its key, not by a list of keys. The plan of the list, made while the queue was empty and kept by the connection,
-- compared every row with every key: with 100,000 waiting a pass took over a minute, and the feed stood. Otherwise as in V001.
create or replace function stamp_changes(most int) returns int language plpgsql as $$
declare
  head feed_head%rowtype;
  last bigint;
  moved int;
begin
  select * into head from feed_head for update skip locked;
  if not found then return 0; end if;
  select max(serial) into last from (select serial from change_queue order by serial limit most) first;
  if last is null then return 0; end if;
  -- What became visible meanwhile below last is taken, too: of one resource the earlier version was visible before.
  with taken as (delete from change_queue where serial <= last returning *)
  insert into feed (incarnation, position, mark, type, id, ver, op, at, stamped)
    select head.incarnation, head.position + row_number() over (order by serial), gen_random_uuid(), type, id, ver, op, at, now() from taken;
  get diagnostics moved = row_count;
  if moved > 0 then update feed_head set position = position + moved; end if;
  return moved;
end $$;

-- What the change feed and the tags cost whoever stores pictures, and what a removed tag leaves. See docs/adr/2611-dicom-change-feed-and-tags.md.
-- Whoever gives places looks at the feed's head first, whoever stores takes the queue last: in this order nobody waits for us whom we wait for.
lock table image_feed_head, image_change_queue in access exclusive mode;

-- A statement that adds instances writes one line for all of them. Who was in the middle of one when this came has written the other kind.
alter table image_change_queue
  alter study drop not null, alter series drop not null, alter instance drop not null,
  add changes int not null default 1,
  add studies text[] collate "C", add series_ text[] collate "C", add instances text[] collate "C";
alter table image_change_queue
  alter studies set storage external, alter series_ set storage external, alter instances set storage external, set (toast_tuple_target = 8160);

-- Whatever adds a row, this version or the one before: the feed is told, and the tags are indexed or noted to be.
-- Each table is looked into by a key: one that is read whole, forbidden as that is, looks so dear that PostgreSQL 15 to 17 compile the plan, which takes longer than all the rest.
create or replace function image_added() returns trigger language plpgsql set enable_seqscan = off set jit = off as $$
declare
  current_ int;
begin
  -- each looked up by its key, whatever the plan is made over
  insert into image_change_queue (action, changes, studies, series_, instances)
    select 'C', count(*), array_agg(s.study order by a.sid), array_agg(e.series order by a.sid), array_agg(a.instance order by a.sid)
    from added a,
      lateral (select x.series, x.study_id from image_series x where x.id = a.series_id offset 0) e,
      lateral (select y.study from image_study y where y.id = e.study_id offset 0) s
    group by a.sid / 500 order by a.sid / 500;
  if not found then return null; end if;
  -- Who changes the list of tags waits for us, and we for him. The next statement sees the list as it is then.
  perform pg_advisory_xact_lock_shared(hashtext('image'), hashtext('tags'));
  select epoch into current_ from image_tag_head where one;
  if current_ = 0 then return null; end if;
  insert into image_tag_due (sid, node) select sid, node from added where tag_epoch < current_;
  if found then
    -- of tags that were removed since they were read nothing stays, and nobody will come for it
    update image_instance i set tag_values = image_tags_left(i.tag_values)
      where i.sid = any(array(select sid from added where tag_epoch < current_ and tag_values is not null));
  end if;
  if exists (select from added where tag_values is not null) then
    perform put_image_tags((select jsonb_agg(jsonb_build_object('sid', sid, 'values', tag_values)) from added where tag_values is not null));
  end if;
  return null;
end $$;

-- What a row keeps of the values it came with: those of tags that are. Null: nothing.
create function image_tags_left(values_ jsonb) returns jsonb language sql stable as $$
  select jsonb_agg(v.one order by v.nr) from jsonb_array_elements(values_) with ordinality v(one, nr)
  where exists (select from image_tag t where t.id = (v.one ->> 'tag')::int)
$$;

-- Gives at most so many changes their place, or those of one line, and says how many it looked at. waits: for another who does it just now, so that all that was committed before is in the feed;
-- while what was here before the feed is entered, it is behind anyhow, and nobody waits.
create or replace function stamp_image_changes(most int, waits boolean) returns int language plpgsql
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off
as $$
declare
  head image_feed_head%rowtype;
  last bigint;
  moved int;
  taken_ int;
  stamp timestamptz;
begin
  -- nothing to do takes no lock; what another is moving just now is still in the queue that we see
  if exists (select from image_feed_head where one and filled < fill_to) then waits := false;
  elsif not exists (select from image_change_queue) then return 0;
  end if;
  if waits then
    select * into head from image_feed_head where one for update;
  else
    select * into head from image_feed_head where one for update skip locked;
  end if;
  if not found then return 0; end if;
  -- later than whatever was read, even where the clock was set back
  stamp := greatest(clock_timestamp(), head.at + interval '1 microsecond');

  -- first what was here before the feed, in the order it came: what happened since has to come behind it
  if head.filled < head.fill_to then
    select max(sid), count(*) into last, taken_ from (
      select sid from image_instance where sid > head.filled and sid <= head.fill_to order by sid limit most) first;
    -- each looked up by its key: a plan of joins that is made while the tables are empty may read all studies for each picture
    insert into image_feed (sequence, at, action, study, series, instance)
      select head.sequence + row_number() over (order by i.sid), stamp, 'C', s.study, e.series, i.instance
      from image_instance i,
        lateral (select x.series, x.study_id from image_series x where x.id = i.series_id offset 0) e,
        lateral (select y.study from image_study y where y.id = e.study_id offset 0) s
      where i.sid > head.filled and i.sid <= last;
    get diagnostics moved = row_count;
    -- some of them may have been removed since they were counted: that is no sign of the end
    update image_feed_head set sequence = head.sequence + moved, at = stamp,
      filled = case when taken_ < most then fill_to else last end where one;
    if taken_ >= most then return taken_; end if;
    head.sequence := head.sequence + moved;
  end if;

  select max(serial), sum(changes) into last, taken_ from (
    select serial, changes, sum(changes) over (order by serial rows unbounded preceding) as upto
    from (select serial, changes from image_change_queue order by serial limit most) first) lines
    where upto - changes < most;
  if last is null then return 0; end if;
  with taken as (delete from image_change_queue where serial <= last returning *),
  each as (
    select t.serial, t.action, c.* from taken t,
      unnest(coalesce(t.studies, array[t.study]), coalesce(t.series_, array[t.series]), coalesce(t.instances, array[t.instance]))
        with ordinality as c(study, series, instance, nr)),
  news as (
    select t.*, coalesce(lag(t.action) over (partition by t.instance order by t.serial, t.nr),
      (select f.action from image_feed f where f.instance = t.instance order by f.sequence desc limit 1)) as before
    from each t)
  -- created while it is here: its row was made anew from the files, which is no news
  insert into image_feed (sequence, at, action, study, series, instance)
    select head.sequence + row_number() over (order by serial, nr), stamp, action, study, series, instance
    from news where not (action = 'C' and before is not null and before <> 'D');
  get diagnostics moved = row_count;
  if moved > 0 then update image_feed_head set sequence = head.sequence + moved, at = stamp where one; end if;
  return taken_;
end $$;

-- A tag that is gone leaves its values in the rows of the instances that came with them: they are taken out, in the order of arrival.
alter table image_tag_gone
  add done bigint not null default 0,  -- sid up to which the rows are clean
  add upto bigint,                     -- the last that may have some; null: not looked yet. Who comes later brings none
  add walk int;                        -- the tag whose walk over the rows takes out what this one left as well
-- Of tags that were removed before this; no tag has this number.
insert into image_tag_gone (tag) select 0 from image_tag_head where epoch > 0;

-- Removes some of what tags that are no more have left, and says how much it removed or looked at; 0: nothing is left, or others hold what is next.
-- What they left in the index goes first; then one walk over the rows does for all that are gone when it begins. Of the rows at most 500 are looked at at a time, and those that somebody holds are left for the next time: nobody who stores or removes waits for long, nor does this for him.
create or replace function sweep_image_tags(most int) returns int language plpgsql
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off
as $$
declare
  gone image_tag_gone%rowtype;
  swept int;
  errors int;
  looked int;
  piece int := least(most, 500);
  last bigint;
  stale bigint[];
  mine bigint[];
  held bigint;
begin
  select * into gone from image_tag_gone g
    where walk is null or walk = tag or exists (select from image_tag_value v where v.tag = g.tag)
      or exists (select from image_tag_error e where e.tag = g.tag)
    order by not exists (select from image_tag_value v where v.tag = g.tag) and not exists (select from image_tag_error e where e.tag = g.tag), tag
    limit 1 for update skip locked;
  if gone.tag is null then return 0; end if;
  delete from image_tag_value where tag = gone.tag and id in (select id from image_tag_value where tag = gone.tag order by id limit most);
  get diagnostics swept = row_count;
  delete from image_tag_error where tag = gone.tag and instance in (select instance from image_tag_error where tag = gone.tag order by instance limit most);
  get diagnostics errors = row_count;
  if swept + errors > 0 then return swept + errors; end if;

  if gone.upto is null then
    update image_tag_gone set walk = gone.tag where tag in (select tag from image_tag_gone where upto is null for update skip locked);
    gone.upto := coalesce((select max(sid) from image_instance), 0); -- looked for after they were seen to be gone
    update image_tag_gone set upto = gone.upto where walk = gone.tag;
  end if;
  select count(*), max(sid), array_agg(sid order by sid) filter (where tag_values is not null and tag_values is distinct from image_tags_left(tag_values))
    into looked, last, stale
    from (select sid, tag_values from image_instance where sid > gone.done and sid <= gone.upto order by sid limit piece) rows_;
  if looked < piece then last := gone.upto; end if;
  mine := array(select sid from image_instance where sid = any(stale) order by sid for update skip locked);
  update image_instance set tag_values = image_tags_left(tag_values) where sid = any(mine);
  -- one that is held; one that was removed just now is looked for once more
  held := (select min(s) from unnest(stale) s where s <> all(mine));
  if held is not null then last := held - 1; end if;
  if last >= gone.upto then
    delete from image_tag_gone where tag = gone.tag;
    update image_tag_gone set done = upto, walk = null where walk = gone.tag; -- clean, too
  else
    update image_tag_gone set done = last where tag = gone.tag;
  end if;
  return case when held is not null and cardinality(mine) = 0 then 0 else looked + 1 end;
end $$;

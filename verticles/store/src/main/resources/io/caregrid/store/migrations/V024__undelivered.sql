-- What was given up can be told again: as little of it as before. Of letters from before nobody knows any more whether their filter had failed.
alter table tell_dead add column bare boolean not null default true; -- nothing of the resource is sent
create index on tell_dead (target, died desc, incarnation, position);

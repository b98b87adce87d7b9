-- Up to when it was known what all devices had sent, by the node that listens: others tell it, too. Null: a version before this one listened.
alter table silence_watch add column known timestamptz;

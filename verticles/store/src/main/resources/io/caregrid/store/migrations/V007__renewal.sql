-- A session is renewed by one node at a time: an issuer may take a refresh token once, and take everything back when it comes twice.
alter table web_session add column renewing timestamptz; -- somebody renews it, and has until then; null: nobody does

-- Seals what a browser carries to the issuer and back, so that any node can open it. Two random UUIDs, 244 random bits. Whoever reads it can make
-- attempts to sign in, and nothing else: no session is opened by it.
create table web_secret (one boolean primary key default true check (one), secret bytea not null);
insert into web_secret (secret) values (uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));

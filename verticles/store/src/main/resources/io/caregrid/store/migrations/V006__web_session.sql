-- Who is signed in with a browser. The cookie is not here: id is its SHA-256, and renewal is sealed with a key that only the cookie gives.
create table web_session (
  id      bytea primary key,
  who     jsonb not null,        -- as the issuer's token said it
  until   timestamptz not null,  -- then the issuer has to be asked again
  ends    timestamptz not null,  -- then whoever it is has to sign in again
  renewal bytea                  -- the refresh token, sealed; null: the issuer gave none
);
create index on web_session (ends);

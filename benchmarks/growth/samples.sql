-- What `fill.sql` draws from: a spread that is the same for the same row, a year's time, and what
-- the product wrote and sealed, numbered from 0. All of it ends with the session or the transaction.

CREATE OR REPLACE FUNCTION pg_temp.pick(i bigint, bound bigint, seed int) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (hashint8extended(i, seed) & 9223372036854775807) % greatest(bound, 1);

CREATE OR REPLACE FUNCTION pg_temp.year(i bigint, of_all bigint) RETURNS timestamptz
LANGUAGE sql STABLE
RETURN now() - interval '365 days' * (1 - i::float8 / of_all) - interval '1 minute';

CREATE TEMP TABLE said ON COMMIT DROP AS
SELECT row_number() OVER (ORDER BY id) - 1 AS n, event FROM inbox;

CREATE TEMP TABLE spoken ON COMMIT DROP AS
SELECT row_number() OVER (ORDER BY id) - 1 AS n, message FROM outbox;

CREATE TEMP TABLE talks ON COMMIT DROP AS
SELECT row_number() OVER (PARTITION BY draft ORDER BY lines) - 1 AS n, draft, session
  FROM (SELECT lines, lines = ANY(CAST(:drafts AS int[])) AS draft, session
          FROM conversations JOIN addresses USING (person_id) JOIN chats USING (address)) AS kept;

CREATE TEMP TABLE sent ON COMMIT DROP AS
SELECT answers, same_as FROM cases LIMIT 1;

CREATE TEMP TABLE kelurahan (k int, n serial, code text) ON COMMIT DROP;

CREATE TEMP TABLE checks (n serial, name text) ON COMMIT DROP;

CREATE TEMP TABLE sealed (n int, name bytea, code bytea, identity_name bytea, nik bytea,
                          nik_index bytea, born_on bytea, address bytea, news bytea)
ON COMMIT DROP;

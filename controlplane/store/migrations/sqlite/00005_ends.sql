-- What outlives its end for a while.
-- +goose Up
-- What is gone, until the runs that waited for it are rejected.
CREATE TABLE departed (
    id      TEXT   NOT NULL PRIMARY KEY,
    kind    TEXT   NOT NULL,
    reason  TEXT   NOT NULL,
    by_id   TEXT   NOT NULL,
    by_name TEXT   NOT NULL,
    at      BIGINT NOT NULL
);

-- What a claim handed out, sealed, until a minute after its work has ended.
ALTER TABLE claims ADD COLUMN secrets BLOB;
CREATE INDEX claims_secrets ON claims (run_id, attempt) WHERE secrets IS NOT NULL;

-- +goose Down
DROP INDEX claims_secrets;
ALTER TABLE claims DROP COLUMN secrets;
DROP TABLE departed;

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

-- +goose Down
DROP TABLE departed;

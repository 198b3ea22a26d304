-- Orchestrators that we do not own, and what is seen there.
-- +goose Up
ALTER TABLE orchestrators ADD COLUMN version BIGINT NOT NULL DEFAULT 1;

-- Credentials, sealed, each tied to its orchestrator and name.
CREATE TABLE orchestrator_secrets (
    orchestrator_id TEXT NOT NULL REFERENCES orchestrators (id) ON DELETE CASCADE,
    name            TEXT NOT NULL,
    value           BYTEA NOT NULL,
    PRIMARY KEY (orchestrator_id, name)
);

-- How the watching of an orchestrator stands; only the newest epoch may write.
CREATE TABLE watches (
    orchestrator_id TEXT   NOT NULL PRIMARY KEY REFERENCES orchestrators (id) ON DELETE CASCADE,
    epoch           BIGINT NOT NULL,
    mark            TEXT   NOT NULL DEFAULT '',
    polled_at       BIGINT NOT NULL DEFAULT 0,
    took            BIGINT NOT NULL DEFAULT 0,
    calls           BIGINT NOT NULL DEFAULT 0,
    failures        BIGINT NOT NULL DEFAULT 0,
    failing_since   BIGINT NOT NULL DEFAULT 0,
    trouble         TEXT   NOT NULL DEFAULT '',
    next_at         BIGINT NOT NULL DEFAULT 0,
    version         TEXT   NOT NULL DEFAULT '',
    strays          TEXT   NOT NULL DEFAULT '',
    blocked         TEXT   NOT NULL DEFAULT ''
);

ALTER TABLE works ADD COLUMN seen TEXT NOT NULL DEFAULT '';
ALTER TABLE works ADD COLUMN log_due BIGINT NOT NULL DEFAULT 0;
ALTER TABLE works ADD COLUMN outcome_due BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE works ADD COLUMN log_begun BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX works_log_due ON works (log_due) WHERE log_due > 0;

-- +goose Down
DROP INDEX works_log_due;
ALTER TABLE works DROP COLUMN log_begun;
ALTER TABLE works DROP COLUMN outcome_due;
ALTER TABLE works DROP COLUMN log_due;
ALTER TABLE works DROP COLUMN seen;
DROP TABLE watches;
DROP TABLE orchestrator_secrets;
ALTER TABLE orchestrators DROP COLUMN version;

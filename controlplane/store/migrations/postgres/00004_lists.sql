-- What two filters at once and long logs need.
-- +goose Up
DROP INDEX runs_dataset_scheduled;
DROP INDEX runs_dataset_updated;
CREATE INDEX runs_dataset_scheduled ON runs (dataset_id, scheduled_at, id, status, created_by_id);
CREATE INDEX runs_dataset_updated ON runs (dataset_id, updated_at, id, status, created_by_id);
CREATE INDEX runs_dataset_operator_updated ON runs (dataset_id, operator, updated_at, id, status);

-- The last number given to a revision of this name, also of one that is gone.
ALTER TABLE plugins ADD COLUMN revisions BIGINT NOT NULL DEFAULT 0;
UPDATE plugins SET revisions = coalesce((SELECT max(number) FROM revisions WHERE plugin_id = plugins.id), 0);

-- A row is one chunk; or joined ones, the last of which is seq, with the beginnings of the hashes of all.
ALTER TABLE chunks ADD COLUMN joined BIGINT NOT NULL DEFAULT 0; -- how many before it are in it too
ALTER TABLE chunks ADD COLUMN hashes TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE chunks DROP COLUMN hashes;
ALTER TABLE chunks DROP COLUMN joined;
ALTER TABLE plugins DROP COLUMN revisions;
DROP INDEX runs_dataset_operator_updated;
DROP INDEX runs_dataset_updated;
DROP INDEX runs_dataset_scheduled;
CREATE INDEX runs_dataset_updated ON runs (dataset_id, updated_at, id, status);
CREATE INDEX runs_dataset_scheduled ON runs (dataset_id, scheduled_at, id, status);

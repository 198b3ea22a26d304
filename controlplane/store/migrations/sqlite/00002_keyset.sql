-- +goose Up
CREATE TABLE keyset (
    one        BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),
    wrapped    TEXT   NOT NULL,
    wrapped_by TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- +goose Down
DROP TABLE keyset;

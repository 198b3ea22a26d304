-- +goose Up
ALTER TABLE settings ADD COLUMN just_in_time_users BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE principals ADD COLUMN locked_by TEXT NOT NULL DEFAULT '';
ALTER TABLE principals ADD COLUMN last_seen_at BIGINT NOT NULL DEFAULT 0;

-- Names are the organisation's own words; the name of a deleted group is free again.
CREATE TABLE groups (
    id          TEXT   NOT NULL PRIMARY KEY,
    name        TEXT   NOT NULL UNIQUE,
    description TEXT   NOT NULL,
    created_at  BIGINT NOT NULL
);

CREATE TABLE members (
    group_id     TEXT NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    principal_id TEXT NOT NULL REFERENCES principals (id),
    locked_by    TEXT NOT NULL,
    PRIMARY KEY (group_id, principal_id)
);
CREATE INDEX members_principal ON members (principal_id, group_id);

CREATE TABLE group_grants (
    dataset_id TEXT NOT NULL REFERENCES datasets (id),
    group_id   TEXT NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    permission TEXT NOT NULL,
    PRIMARY KEY (dataset_id, group_id)
);
CREATE INDEX group_grants_group ON group_grants (group_id, dataset_id);
CREATE INDEX datasets_default ON datasets (default_permission, name, id);

-- Who someone is at a login provider. One person may come through several.
CREATE TABLE identities (
    provider     TEXT   NOT NULL,
    subject      TEXT   NOT NULL,
    principal_id TEXT   NOT NULL REFERENCES principals (id),
    email        TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    seen_at      BIGINT NOT NULL,
    PRIMARY KEY (provider, subject)
);
CREATE INDEX identities_principal ON identities (principal_id);

CREATE TABLE sessions (
    id           TEXT   NOT NULL PRIMARY KEY,
    hash         TEXT   NOT NULL UNIQUE,
    principal_id TEXT   NOT NULL REFERENCES principals (id),
    provider     TEXT   NOT NULL,
    address      TEXT   NOT NULL,
    agent        TEXT   NOT NULL,
    logout       BLOB,
    created_at   BIGINT NOT NULL,
    seen_at      BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL
);
CREATE INDEX sessions_principal ON sessions (principal_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

-- Logins that wait for the provider's answer; a row is used once.
CREATE TABLE logins (
    state      TEXT   NOT NULL PRIMARY KEY,
    browser    TEXT   NOT NULL,
    provider   TEXT   NOT NULL,
    nonce      TEXT   NOT NULL,
    verifier   TEXT   NOT NULL,
    return_to  TEXT   NOT NULL,
    invitation TEXT   NOT NULL, -- the hash of an invitation's token, '' for none
    expires_at BIGINT NOT NULL
);
CREATE INDEX logins_expiry ON logins (expires_at);

-- Assertions that were used, until they expire, so that none is good twice.
CREATE TABLE assertions (
    provider   TEXT   NOT NULL,
    id         TEXT   NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (provider, id)
);
CREATE INDEX assertions_expiry ON assertions (expires_at);

CREATE TABLE devices (
    hash         TEXT   NOT NULL PRIMARY KEY,
    user_code    TEXT   NOT NULL UNIQUE,
    address      TEXT   NOT NULL,
    agent        TEXT   NOT NULL,
    principal_id TEXT   NOT NULL,
    expires_at   BIGINT NOT NULL
);
CREATE INDEX devices_expiry ON devices (expires_at);

CREATE TABLE invitations (
    id              TEXT   NOT NULL PRIMARY KEY,
    hash            TEXT   NOT NULL UNIQUE,
    email           TEXT   NOT NULL,
    role            TEXT   NOT NULL,
    dataset_id      TEXT   NOT NULL,
    dataset_name    TEXT   NOT NULL,
    permission      TEXT   NOT NULL,
    invited_by_id   TEXT   NOT NULL,
    invited_by_name TEXT   NOT NULL,
    created_at      BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    accepted_at     BIGINT NOT NULL DEFAULT 0,
    accepted_by_id  TEXT   NOT NULL DEFAULT '',
    revoked_at      BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX invitations_email ON invitations (email);

CREATE TABLE secrets (
    key             TEXT   NOT NULL PRIMARY KEY,
    value           BLOB NOT NULL,
    description     TEXT   NOT NULL,
    created_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL,
    updated_by_id   TEXT   NOT NULL,
    updated_by_name TEXT   NOT NULL
);

-- An entry is never changed once it is sealed; only refusals of the running minute are counted up before that.
CREATE TABLE audit (
    id          TEXT   NOT NULL PRIMARY KEY,
    at          BIGINT NOT NULL,
    actor_id    TEXT   NOT NULL,
    actor_name  TEXT   NOT NULL,
    actor_kind  TEXT   NOT NULL,
    address     TEXT   NOT NULL,
    request     TEXT   NOT NULL,
    via         TEXT   NOT NULL,
    action      TEXT   NOT NULL,
    object_kind TEXT   NOT NULL,
    object_id   TEXT   NOT NULL,
    object_name TEXT   NOT NULL,
    outcome     TEXT   NOT NULL,
    count       BIGINT NOT NULL,
    minute      BIGINT NOT NULL,
    detail      TEXT   NOT NULL,
    chain       BIGINT NOT NULL DEFAULT 0,
    mac         TEXT   NOT NULL DEFAULT ''
);
CREATE INDEX audit_at ON audit (at, id);
CREATE INDEX audit_actor ON audit (actor_id, at, id);
CREATE INDEX audit_object ON audit (object_id, at, id) WHERE object_id <> '';
CREATE INDEX audit_action ON audit (action, at, id);
CREATE INDEX audit_refusals ON audit (at, id) WHERE outcome = 'refused';
CREATE UNIQUE INDEX audit_refused ON audit (actor_id, action, minute) WHERE outcome = 'refused' AND chain = 0;
CREATE UNIQUE INDEX audit_chain ON audit (chain) WHERE chain > 0;
CREATE INDEX audit_unsealed ON audit (at, id) WHERE chain = 0;

-- +goose Down
DROP TABLE audit;
DROP TABLE secrets;
DROP TABLE invitations;
DROP TABLE devices;
DROP TABLE assertions;
DROP TABLE logins;
DROP TABLE sessions;
DROP TABLE identities;
DROP INDEX datasets_default;
DROP TABLE group_grants;
DROP TABLE members;
DROP TABLE groups;
ALTER TABLE principals DROP COLUMN last_seen_at;
ALTER TABLE principals DROP COLUMN locked_by;
ALTER TABLE settings DROP COLUMN just_in_time_users;

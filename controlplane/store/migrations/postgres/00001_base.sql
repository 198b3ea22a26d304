-- The schema. Times are microseconds since 1970 in UTC, 0 for none. JSON is TEXT: the order of its objects is kept.
-- What is compared byte for byte is of collation "C": its order is that of SQLite, whatever the database's own.
-- +goose Up

-- ---- The installation ----

CREATE TABLE installation (
    one        INTEGER PRIMARY KEY CHECK (one = 1),
    id         TEXT    COLLATE "C" NOT NULL,
    created_at BIGINT  NOT NULL
);

CREATE TABLE settings (
    one                                         INTEGER PRIMARY KEY CHECK (one = 1),
    default_user_role                           TEXT    NOT NULL,
    default_dataset_permission                  TEXT    NOT NULL,
    default_operator_minimum_role               TEXT    NOT NULL,
    default_operator_minimum_dataset_permission TEXT    NOT NULL,
    all_runs_minimum_role                       TEXT    NOT NULL,
    api_key_roles                               TEXT    NOT NULL,
    just_in_time_users                          BOOLEAN NOT NULL DEFAULT TRUE
);

CREATE TABLE keyset (
    one        BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),
    wrapped    TEXT   NOT NULL,
    wrapped_by TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE leases (
    name       TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
    holder     TEXT   NOT NULL,
    expires_at BIGINT NOT NULL
);

-- ---- Who there is, and how he comes in ----

CREATE TABLE principals (
    id           TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
    kind         TEXT   COLLATE "C" NOT NULL,
    name         TEXT   COLLATE "C" NOT NULL,
    email        TEXT   COLLATE "C" NOT NULL,
    role         TEXT   NOT NULL,
    description  TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    deleted_at   BIGINT NOT NULL DEFAULT 0,
    locked_by    TEXT   NOT NULL DEFAULT '',
    last_seen_at BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX principals_account ON principals (name) WHERE kind = 'service_account' AND deleted_at = 0;
CREATE UNIQUE INDEX principals_email ON principals (email) WHERE email <> '' AND deleted_at = 0;
CREATE INDEX principals_name ON principals (kind, name, id) WHERE deleted_at = 0;

CREATE TABLE api_keys (
    id           TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
    owner_id     TEXT   COLLATE "C" NOT NULL REFERENCES principals (id),
    name         TEXT   COLLATE "C" NOT NULL,
    hash         TEXT   NOT NULL UNIQUE,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX api_keys_owner ON api_keys (owner_id);

-- Names are the organisation's own words; the name of a deleted group is free again.
CREATE TABLE groups (
    id          TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
    name        TEXT   COLLATE "C" NOT NULL UNIQUE,
    description TEXT   NOT NULL,
    created_at  BIGINT NOT NULL
);

CREATE TABLE members (
    group_id     TEXT COLLATE "C" NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    principal_id TEXT COLLATE "C" NOT NULL REFERENCES principals (id),
    locked_by    TEXT NOT NULL,
    PRIMARY KEY (group_id, principal_id)
);
CREATE INDEX members_principal ON members (principal_id, group_id);

-- Who someone is at a login provider. One person may come through several.
CREATE TABLE identities (
    provider     TEXT   COLLATE "C" NOT NULL,
    subject      TEXT   COLLATE "C" NOT NULL,
    principal_id TEXT   COLLATE "C" NOT NULL REFERENCES principals (id),
    email        TEXT   COLLATE "C" NOT NULL,
    created_at   BIGINT NOT NULL,
    seen_at      BIGINT NOT NULL,
    PRIMARY KEY (provider, subject)
);
CREATE INDEX identities_principal ON identities (principal_id);

CREATE TABLE sessions (
    id           TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
    hash         TEXT   COLLATE "C" NOT NULL UNIQUE,
    principal_id TEXT   COLLATE "C" NOT NULL REFERENCES principals (id),
    provider     TEXT   COLLATE "C" NOT NULL,
    address      TEXT   NOT NULL,
    agent        TEXT   NOT NULL,
    logout       BYTEA,
    created_at   BIGINT NOT NULL,
    seen_at      BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL
);
CREATE INDEX sessions_principal ON sessions (principal_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

-- Logins that wait for the provider's answer; a row is used once.
CREATE TABLE logins (
    state      TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
    browser    TEXT   COLLATE "C" NOT NULL,
    provider   TEXT   COLLATE "C" NOT NULL,
    nonce      TEXT   NOT NULL,
    verifier   TEXT   NOT NULL,
    return_to  TEXT   NOT NULL,
    invitation TEXT   COLLATE "C" NOT NULL, -- the hash of an invitation's token, '' for none
    expires_at BIGINT NOT NULL
);
CREATE INDEX logins_expiry ON logins (expires_at);

-- Assertions that were used, until they expire, so that none is good twice.
CREATE TABLE assertions (
    provider   TEXT   COLLATE "C" NOT NULL,
    id         TEXT   COLLATE "C" NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (provider, id)
);
CREATE INDEX assertions_expiry ON assertions (expires_at);

CREATE TABLE devices (
    hash         TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
    user_code    TEXT   COLLATE "C" NOT NULL UNIQUE,
    address      TEXT   NOT NULL,
    agent        TEXT   NOT NULL,
    principal_id TEXT   COLLATE "C" NOT NULL,
    expires_at   BIGINT NOT NULL
);
CREATE INDEX devices_expiry ON devices (expires_at);

CREATE TABLE invitations (
    id              TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
    hash            TEXT   COLLATE "C" NOT NULL UNIQUE,
    email           TEXT   COLLATE "C" NOT NULL,
    role            TEXT   NOT NULL,
    dataset_id      TEXT   COLLATE "C" NOT NULL,
    dataset_name    TEXT   COLLATE "C" NOT NULL,
    permission      TEXT   NOT NULL,
    invited_by_id   TEXT   COLLATE "C" NOT NULL,
    invited_by_name TEXT   NOT NULL,
    created_at      BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    accepted_at     BIGINT NOT NULL DEFAULT 0,
    accepted_by_id  TEXT   COLLATE "C" NOT NULL DEFAULT '',
    revoked_at      BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX invitations_email ON invitations (email);

-- ---- Datasets, and who may do what with them ----

CREATE TABLE datasets (
    id                 TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
    name               TEXT   COLLATE "C" NOT NULL UNIQUE,
    default_permission TEXT   NOT NULL,
    creator_id         TEXT   COLLATE "C" NOT NULL,
    creator_name       TEXT   NOT NULL,
    created_at         BIGINT NOT NULL,
    updated_at         BIGINT NOT NULL,
    source_id          TEXT   COLLATE "C" NOT NULL DEFAULT '', -- where it appeared from, its id and its name there
    source_key         TEXT   COLLATE "C" NOT NULL DEFAULT '',
    source_name        TEXT   COLLATE "C" NOT NULL DEFAULT '',
    tags               TEXT   COLLATE "C" NOT NULL DEFAULT '[]',
    samples            BIGINT NOT NULL DEFAULT -1 -- about how many it has there
);
CREATE UNIQUE INDEX datasets_source ON datasets (source_id, source_key) WHERE source_id <> '';
CREATE INDEX datasets_default ON datasets (default_permission, name, id);

CREATE TABLE grants (
    dataset_id   TEXT COLLATE "C" NOT NULL REFERENCES datasets (id),
    principal_id TEXT COLLATE "C" NOT NULL REFERENCES principals (id),
    permission   TEXT NOT NULL,
    PRIMARY KEY (dataset_id, principal_id)
);
CREATE INDEX grants_principal ON grants (principal_id);

CREATE TABLE group_grants (
    dataset_id TEXT COLLATE "C" NOT NULL REFERENCES datasets (id),
    group_id   TEXT COLLATE "C" NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    permission TEXT NOT NULL,
    PRIMARY KEY (dataset_id, group_id)
);
CREATE INDEX group_grants_group ON group_grants (group_id, dataset_id);

-- ---- What can be run ----

CREATE TABLE plugins (
    id          TEXT    COLLATE "C" NOT NULL PRIMARY KEY,
    name        TEXT    COLLATE "C" NOT NULL,
    enabled     BOOLEAN NOT NULL,
    revision_id TEXT    COLLATE "C" NOT NULL,
    created_at  BIGINT  NOT NULL,
    updated_at  BIGINT  NOT NULL,
    deleted_at  BIGINT  NOT NULL DEFAULT 0,
    revisions   BIGINT  NOT NULL DEFAULT 0, -- the last number given to a revision of this name, also of one that is gone
    changes     BIGINT  NOT NULL DEFAULT 0  -- how often it, its current revision or what admins decided about its operators has changed
);
CREATE UNIQUE INDEX plugins_name ON plugins (name) WHERE deleted_at = 0;

CREATE TABLE revisions (
    id              TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
    plugin_id       TEXT   COLLATE "C" NOT NULL REFERENCES plugins (id),
    number          BIGINT NOT NULL,
    sha256          TEXT   NOT NULL,
    size            BIGINT NOT NULL,
    root            TEXT   NOT NULL,
    manifest        TEXT   NOT NULL,
    created_at      BIGINT NOT NULL,
    created_by_id   TEXT   COLLATE "C" NOT NULL,
    created_by_name TEXT   NOT NULL,
    UNIQUE (plugin_id, number)
);
CREATE INDEX revisions_sha256 ON revisions (sha256);

CREATE TABLE operators (
    plugin_id                  TEXT    COLLATE "C" NOT NULL REFERENCES plugins (id),
    name                       TEXT    COLLATE "C" NOT NULL,
    enabled                    BOOLEAN NOT NULL,
    minimum_role               TEXT    NOT NULL,
    minimum_dataset_permission TEXT    NOT NULL,
    PRIMARY KEY (plugin_id, name)
);

CREATE TABLE secrets (
    key             TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
    value           BYTEA  NOT NULL,
    description     TEXT   NOT NULL,
    created_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL,
    updated_by_id   TEXT   COLLATE "C" NOT NULL,
    updated_by_name TEXT   NOT NULL
);

-- ---- Where it runs ----

CREATE TABLE orchestrators (
    id         TEXT    COLLATE "C" NOT NULL PRIMARY KEY,
    name       TEXT    COLLATE "C" NOT NULL UNIQUE,
    kind       TEXT    COLLATE "C" NOT NULL,
    enabled    BOOLEAN NOT NULL,
    quota      BIGINT  NOT NULL,
    config     TEXT    NOT NULL,
    routes     TEXT    NOT NULL,
    version    BIGINT  NOT NULL DEFAULT 1, -- rises when its config or a credential changes
    created_at BIGINT  NOT NULL,
    updated_at BIGINT  NOT NULL
);

-- What removed orchestrators were called: their runs stay.
CREATE TABLE former_orchestrators (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name       TEXT   NOT NULL,
    removed_at BIGINT NOT NULL
);
CREATE INDEX former_orchestrators_name ON former_orchestrators (name, removed_at);

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

CREATE TABLE orchestrator_keys (
    id           TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
    owner_id     TEXT   COLLATE "C" NOT NULL REFERENCES orchestrators (id),
    name         TEXT   COLLATE "C" NOT NULL,
    hash         TEXT   NOT NULL UNIQUE,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX orchestrator_keys_owner ON orchestrator_keys (owner_id);

CREATE TABLE workers (
    orchestrator_id TEXT    COLLATE "C" NOT NULL REFERENCES orchestrators (id),
    name            TEXT    COLLATE "C" NOT NULL,
    incarnation     TEXT    NOT NULL,
    former          TEXT    NOT NULL DEFAULT '',
    version         TEXT    NOT NULL,
    pool            TEXT    COLLATE "C" NOT NULL,
    concurrency     BIGINT  NOT NULL,
    running         TEXT    NOT NULL,
    draining        BOOLEAN NOT NULL,
    warnings        TEXT    NOT NULL DEFAULT '[]',
    seen_at         BIGINT  NOT NULL,
    PRIMARY KEY (orchestrator_id, name)
);

-- What FiftyOne makes of a revision where it was met. The large column comes last.
CREATE TABLE environments (
    revision_id     TEXT    COLLATE "C" NOT NULL,
    orchestrator_id TEXT    COLLATE "C" NOT NULL,
    worker          TEXT    COLLATE "C" NOT NULL,
    seen_at         BIGINT  NOT NULL,
    lacks           TEXT    NOT NULL,
    offer           TEXT    NOT NULL,
    PRIMARY KEY (revision_id, orchestrator_id, worker)
);
CREATE INDEX environments_lacking ON environments (revision_id) WHERE lacks <> '';

-- ---- Runs ----

-- What lists filter by comes first and the large columns last: a scan then stays on the first page of a row.
CREATE TABLE runs (
    id                TEXT    COLLATE "C" NOT NULL PRIMARY KEY,
    status            TEXT    COLLATE "C" NOT NULL,
    dataset_id        TEXT    COLLATE "C" NOT NULL,
    orchestrator_id   TEXT    COLLATE "C" NOT NULL,
    created_by_id     TEXT    COLLATE "C" NOT NULL,
    operator          TEXT    COLLATE "C" NOT NULL,
    scheduled_at      BIGINT  NOT NULL,
    updated_at        BIGINT  NOT NULL,
    pinned            BOOLEAN NOT NULL DEFAULT FALSE,
    slot              BOOLEAN NOT NULL DEFAULT FALSE,
    attempt           BIGINT  NOT NULL DEFAULT 0,
    priority          BIGINT  NOT NULL DEFAULT 0,
    pool              TEXT    COLLATE "C" NOT NULL DEFAULT '',
    not_before        BIGINT  NOT NULL DEFAULT 0,
    queued_at         BIGINT  NOT NULL DEFAULT 0,
    dispatched_at     BIGINT  NOT NULL DEFAULT 0,
    started_at        BIGINT  NOT NULL DEFAULT 0,
    ended_at          BIGINT  NOT NULL DEFAULT 0,
    version           BIGINT  NOT NULL DEFAULT 1,
    plugin            TEXT    NOT NULL DEFAULT '',
    plugin_version    TEXT    NOT NULL DEFAULT '',
    plugin_revision   BIGINT  NOT NULL DEFAULT 0,
    revision_id       TEXT    COLLATE "C" NOT NULL DEFAULT '',
    operator_label    TEXT    NOT NULL DEFAULT '',
    label             TEXT    NOT NULL DEFAULT '',
    target            TEXT    NOT NULL DEFAULT '{}',
    created_by_name   TEXT    NOT NULL DEFAULT '',
    rerun_of          TEXT    NOT NULL DEFAULT '',
    trace             TEXT    NOT NULL DEFAULT '',
    timeout_ns        BIGINT  NOT NULL DEFAULT 0,
    start_within_ns   BIGINT  NOT NULL DEFAULT 0,
    retries_left      BIGINT  NOT NULL DEFAULT 0,
    retried           BIGINT  NOT NULL DEFAULT 0,
    requeued          BIGINT  NOT NULL DEFAULT 0,
    started_late      BIGINT  NOT NULL DEFAULT 0,
    result_key        TEXT    NOT NULL DEFAULT '',
    failure_kind      TEXT    NOT NULL DEFAULT '',
    failure_message   TEXT    NOT NULL DEFAULT '',
    log_path          TEXT    NOT NULL DEFAULT '',
    log_size          BIGINT  NOT NULL DEFAULT 0,
    log_download_only BOOLEAN NOT NULL DEFAULT FALSE,
    params            TEXT    NOT NULL DEFAULT '',
    "view"            TEXT    NOT NULL DEFAULT '',
    inputs_schema     TEXT    NOT NULL DEFAULT '',
    outputs_schema    TEXT    NOT NULL DEFAULT '',
    result            TEXT    NOT NULL DEFAULT '',
    failure_stack     TEXT    NOT NULL DEFAULT ''
);

-- One index for each order of a list, alone and under each filter. What stands behind the id is there for a second filter,
-- which then reads no rows.
CREATE INDEX runs_scheduled ON runs (scheduled_at, id);
CREATE INDEX runs_updated ON runs (updated_at, id);
CREATE INDEX runs_operator ON runs (operator, scheduled_at DESC, id DESC);
CREATE INDEX runs_operator_updated ON runs (operator, updated_at, id);
CREATE INDEX runs_dataset_scheduled ON runs (dataset_id, scheduled_at, id, status, created_by_id);
CREATE INDEX runs_dataset_updated ON runs (dataset_id, updated_at, id, status, created_by_id);
CREATE INDEX runs_dataset_operator ON runs (dataset_id, operator, scheduled_at DESC, id DESC, status);
CREATE INDEX runs_dataset_operator_updated ON runs (dataset_id, operator, updated_at, id, status);
CREATE INDEX runs_status_scheduled ON runs (status, scheduled_at, id);
CREATE INDEX runs_status_updated ON runs (status, updated_at, id);
CREATE INDEX runs_status_operator ON runs (status, operator, scheduled_at DESC, id DESC);
CREATE INDEX runs_orchestrator_scheduled ON runs (orchestrator_id, scheduled_at, id);
CREATE INDEX runs_orchestrator_updated ON runs (orchestrator_id, updated_at, id);
CREATE INDEX runs_orchestrator_operator ON runs (orchestrator_id, operator, scheduled_at DESC, id DESC);
CREATE INDEX runs_user_scheduled ON runs (created_by_id, scheduled_at, id, status);
CREATE INDEX runs_user_updated ON runs (created_by_id, updated_at, id, status);
CREATE INDEX runs_user_operator ON runs (created_by_id, operator, scheduled_at DESC, id DESC, status);
CREATE INDEX runs_pinned_scheduled ON runs (scheduled_at, id) WHERE pinned;
CREATE INDEX runs_pinned_updated ON runs (updated_at, id) WHERE pinned;
CREATE INDEX runs_pinned_operator ON runs (operator, scheduled_at DESC, id DESC) WHERE pinned;

-- What admission, dispatch and the keeping of logs look for.
CREATE INDEX runs_queue ON runs (orchestrator_id, priority DESC, scheduled_at, id) WHERE status = 'scheduled';
CREATE INDEX runs_slot ON runs (orchestrator_id, id) WHERE slot;
CREATE INDEX runs_undispatched ON runs (queued_at, id) WHERE status = 'queued' AND dispatched_at = 0;
CREATE INDEX runs_unkept ON runs (ended_at, id) WHERE log_path = '' AND ended_at > 0 AND attempt > 0;

-- Labels are found by trigrams where the extension may be made; without it a search reads more rows.
-- +goose StatementBegin
DO $$
BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    CREATE INDEX runs_label ON runs USING gin (label gin_trgm_ops);
EXCEPTION WHEN OTHERS THEN
    RAISE NOTICE 'no trigram index on labels: %', SQLERRM;
END
$$;
-- +goose StatementEnd

CREATE TABLE works (
    run_id        TEXT    COLLATE "C" NOT NULL REFERENCES runs (id),
    attempt       BIGINT  NOT NULL,
    state         TEXT    NOT NULL,
    ref           TEXT    NOT NULL,
    url           TEXT    NOT NULL,
    ending        TEXT    NOT NULL,
    ending_at     BIGINT  NOT NULL,
    ending_told   BOOLEAN NOT NULL,
    worker        TEXT    COLLATE "C" NOT NULL,
    incarnation   TEXT    NOT NULL,
    late          BOOLEAN NOT NULL,
    ended_at      BIGINT  NOT NULL,
    seen_at       BIGINT  NOT NULL,
    progress      TEXT    NOT NULL,
    reported      TEXT    NOT NULL,
    reported_body TEXT    NOT NULL,
    seen          TEXT    NOT NULL DEFAULT '', -- as it was last found at an orchestrator that is not ours
    log_due       BIGINT  NOT NULL DEFAULT 0,  -- when its log is collected there next
    outcome_due   BOOLEAN NOT NULL DEFAULT FALSE,
    PRIMARY KEY (run_id, attempt)
);
CREATE INDEX works_log_due ON works (log_due) WHERE log_due > 0;
CREATE INDEX works_worker ON works (worker) WHERE worker <> '' AND state <> 'ended';

CREATE TABLE claims (
    run_id          TEXT   COLLATE "C" NOT NULL REFERENCES runs (id),
    attempt         BIGINT NOT NULL,
    source          TEXT   COLLATE "C" NOT NULL,
    try             BIGINT NOT NULL,
    nonce           TEXT   NOT NULL,
    orchestrator_id TEXT   COLLATE "C" NOT NULL,
    worker          TEXT   COLLATE "C" NOT NULL,
    incarnation     TEXT   NOT NULL,
    at              BIGINT NOT NULL,
    log_path        TEXT   NOT NULL DEFAULT '', -- where it says that its log lies
    secrets         BYTEA, -- what it handed out, sealed, until a minute after its work has ended
    PRIMARY KEY (run_id, attempt, source, try)
);
CREATE INDEX claims_secrets ON claims (run_id, attempt) WHERE secrets IS NOT NULL;

-- ---- FiftyOne databases ----

CREATE TABLE sources (
    id                 TEXT    COLLATE "C" NOT NULL PRIMARY KEY,
    name               TEXT    COLLATE "C" NOT NULL UNIQUE,
    kind               TEXT    COLLATE "C" NOT NULL,
    uri                BYTEA,            -- sealed, tied to its source
    database_name      TEXT    COLLATE "C" NOT NULL,
    principal_id       TEXT    COLLATE "C" NOT NULL,
    default_permission TEXT    COLLATE "C" NOT NULL,
    intake             BOOLEAN NOT NULL,
    mirror             BOOLEAN NOT NULL,
    pools              TEXT    COLLATE "C" NOT NULL,
    rules              TEXT    COLLATE "C" NOT NULL,
    version            BIGINT  NOT NULL DEFAULT 1, -- rises when its address or database changes
    created_at         BIGINT  NOT NULL,
    updated_at         BIGINT  NOT NULL
);

-- How the watching of a source stands; only the newest epoch may write.
CREATE TABLE source_watches (
    source_id     TEXT    COLLATE "C" NOT NULL PRIMARY KEY REFERENCES sources (id) ON DELETE CASCADE,
    epoch         BIGINT  NOT NULL,
    mark          TEXT    COLLATE "C" NOT NULL DEFAULT '',
    streams       BOOLEAN NOT NULL DEFAULT FALSE,
    seen_at       BIGINT  NOT NULL DEFAULT 0,
    failing_since BIGINT  NOT NULL DEFAULT 0,
    trouble       TEXT    COLLATE "C" NOT NULL DEFAULT '',
    server        TEXT    COLLATE "C" NOT NULL DEFAULT ''
);

-- The operations of sources that are ours, each once for ever.
CREATE TABLE holds (
    source_id    TEXT    COLLATE "C" NOT NULL REFERENCES sources (id) ON DELETE CASCADE,
    operation    TEXT    COLLATE "C" NOT NULL, -- its id there
    state        TEXT    COLLATE "C" NOT NULL,
    run_id       TEXT    COLLATE "C" NOT NULL,
    mirrored     BOOLEAN NOT NULL,
    principal_id TEXT    COLLATE "C" NOT NULL,
    created_at   BIGINT  NOT NULL,
    PRIMARY KEY (source_id, operation)
);
CREATE UNIQUE INDEX holds_run ON holds (run_id) WHERE run_id <> '';
CREATE INDEX holds_open ON holds (source_id, operation) WHERE state <> 'over';

-- What a run's operator is asked with besides its params, as an App sends it.
CREATE TABLE requests (
    run_id    TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES runs (id),
    source_id TEXT COLLATE "C" NOT NULL, -- of the App; '' for a run that was scheduled here
    request   TEXT COLLATE "C" NOT NULL,
    pipeline  TEXT COLLATE "C" NOT NULL
);

-- What is gone, until the runs that waited for it are rejected.
CREATE TABLE departed (
    id      TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
    kind    TEXT   NOT NULL,
    reason  TEXT   NOT NULL,
    by_id   TEXT   COLLATE "C" NOT NULL,
    by_name TEXT   NOT NULL,
    at      BIGINT NOT NULL
);

CREATE TABLE events (
    seq        BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id     TEXT   COLLATE "C" NOT NULL REFERENCES runs (id),
    at         BIGINT NOT NULL,
    kind       TEXT   COLLATE "C" NOT NULL,
    attempt    BIGINT NOT NULL,
    actor_id   TEXT   COLLATE "C" NOT NULL,
    actor_name TEXT   NOT NULL,
    message    TEXT   NOT NULL
);
CREATE INDEX events_run ON events (run_id, seq);

CREATE TABLE idempotency (
    principal_id TEXT   COLLATE "C" NOT NULL,
    key          TEXT   COLLATE "C" NOT NULL,
    body_hash    TEXT   NOT NULL,
    run_id       TEXT   COLLATE "C" NOT NULL,
    created_at   BIGINT NOT NULL,
    PRIMARY KEY (principal_id, key)
);
CREATE INDEX idempotency_age ON idempotency (created_at);

-- ---- What runs say ----

-- A row is one chunk; or joined ones, the last of which is seq, with the beginnings of the hashes of all.
CREATE TABLE chunks (
    run_id     TEXT   COLLATE "C" NOT NULL REFERENCES runs (id),
    attempt    BIGINT NOT NULL,
    source     TEXT   COLLATE "C" NOT NULL,
    try        BIGINT NOT NULL,
    seq        BIGINT NOT NULL,
    size       BIGINT NOT NULL,
    sha256     TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    joined     BIGINT NOT NULL DEFAULT 0, -- how many before it are in it too
    hashes     TEXT   NOT NULL DEFAULT '',
    taken      BOOLEAN NOT NULL DEFAULT FALSE, -- read where it was written, not sent by who wrote it
    uri        TEXT   NOT NULL DEFAULT '', -- where it lies, when that is not with us
    PRIMARY KEY (run_id, attempt, source, try, seq)
);

-- ---- What was done ----

-- Operators that were asked for their forms, for a minute each. The sum tells params apart.
CREATE TABLE questions (
    id              TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
    orchestrator_id TEXT   COLLATE "C" NOT NULL,
    pool            TEXT   NOT NULL,
    principal_id    TEXT   COLLATE "C" NOT NULL,
    operator        TEXT   NOT NULL,
    revision_id     TEXT   COLLATE "C" NOT NULL,
    dataset_id      TEXT   COLLATE "C" NOT NULL,
    params          TEXT   NOT NULL,
    sum             TEXT   NOT NULL,
    view            TEXT   NOT NULL,
    request         TEXT   NOT NULL,
    answer          TEXT   NOT NULL,
    asked_at        BIGINT NOT NULL,
    taken_at        BIGINT NOT NULL,
    answered_at     BIGINT NOT NULL
);
CREATE INDEX questions_asked ON questions (asked_at);
CREATE INDEX questions_waiting ON questions (orchestrator_id, pool, asked_at) WHERE taken_at = 0 AND answered_at = 0;
CREATE INDEX questions_answered ON questions (principal_id, operator, asked_at) WHERE answered_at > 0;

-- An entry is never changed once it is sealed; only refusals of the running minute are counted up before that.
CREATE TABLE audit (
    id          TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
    at          BIGINT NOT NULL,
    actor_id    TEXT   COLLATE "C" NOT NULL,
    actor_name  TEXT   NOT NULL,
    actor_kind  TEXT   NOT NULL,
    address     TEXT   NOT NULL,
    request     TEXT   NOT NULL,
    via         TEXT   NOT NULL,
    action      TEXT   COLLATE "C" NOT NULL,
    object_kind TEXT   COLLATE "C" NOT NULL,
    object_id   TEXT   COLLATE "C" NOT NULL,
    object_name TEXT   NOT NULL,
    outcome     TEXT   COLLATE "C" NOT NULL,
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
DROP TABLE questions;
DROP TABLE chunks;
DROP TABLE idempotency;
DROP TABLE events;
DROP TABLE departed;
DROP TABLE holds;
DROP TABLE source_watches;
DROP TABLE sources;
DROP TABLE claims;
DROP TABLE works;
DROP TABLE runs;
DROP TABLE environments;
DROP TABLE workers;
DROP TABLE orchestrator_keys;
DROP TABLE watches;
DROP TABLE orchestrator_secrets;
DROP TABLE orchestrators;
DROP TABLE former_orchestrators;
DROP TABLE secrets;
DROP TABLE operators;
DROP TABLE revisions;
DROP TABLE plugins;
DROP TABLE group_grants;
DROP TABLE grants;
DROP TABLE datasets;
DROP TABLE invitations;
DROP TABLE devices;
DROP TABLE assertions;
DROP TABLE logins;
DROP TABLE sessions;
DROP TABLE identities;
DROP TABLE members;
DROP TABLE groups;
DROP TABLE api_keys;
DROP TABLE principals;
DROP TABLE leases;
DROP TABLE keyset;
DROP TABLE settings;
DROP TABLE installation;

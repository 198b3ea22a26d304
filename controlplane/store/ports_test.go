package store_test

import (
	"signalbox/controlplane/api"
	"signalbox/controlplane/audit"
	"signalbox/controlplane/catalog"
	"signalbox/controlplane/dispatch"
	"signalbox/controlplane/identity"
	"signalbox/controlplane/queue"
	"signalbox/controlplane/runs"
	"signalbox/controlplane/secrets"
	"signalbox/controlplane/store"
	"signalbox/logs"
)

var (
	_ runs.Store        = (*store.Store)(nil)
	_ queue.Store       = (*store.Store)(nil)
	_ dispatch.Store    = (*store.Store)(nil)
	_ catalog.Store     = (*store.Store)(nil)
	_ identity.Store    = (*store.Store)(nil)
	_ logs.Store        = (*store.Store)(nil)
	_ api.Facts         = (*store.Store)(nil)
	_ api.Sharing       = (*store.Store)(nil)
	_ api.Datasets      = (*store.Store)(nil)
	_ api.Orchestrators = (*store.Store)(nil)
	_ api.Notes         = (*store.Store)(nil)
)

var (
	_ identity.LoginStore      = (*store.Store)(nil)
	_ identity.InvitationStore = (*store.Store)(nil)
	_ identity.SweepStore      = (*store.Store)(nil)
)

var (
	_ audit.RefusalStore = (*store.Store)(nil)
	_ audit.Store        = (*store.Store)(nil)
)

var (
	_ secrets.SecretStore = (*store.Store)(nil)
	_ api.Organisation    = (*store.Store)(nil)
)

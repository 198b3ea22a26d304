package catalog

import (
	"context"

	sb "signalbox"
)

// Store keeps plugins, their revisions and what admins decided about operators. Every method is one transaction.
// Errors: NotFound, Conflict, Unavailable.
type Store interface {
	// Install keeps an upload: a new plugin; or with overwrite a new revision of one with that name (the same bytes as
	// an earlier revision: the pointer moves to it, nothing is added). Operators new to the plugin get the defaults of
	// the settings. A name that exists, without overwrite: Conflict. created tells that the plugin is new.
	Install(ctx context.Context, u Upload) (plugin sb.Plugin, created bool, err error)
	// Plugins reads a page of plugins with their operators, by name.
	Plugins(ctx context.Context, cursor string, limit int) (sb.Page[sb.Plugin], error)
	// Plugin reads one by id or name.
	Plugin(ctx context.Context, idOrName string) (sb.Plugin, error)
	// Revisions reads a plugin's revisions, newest first.
	Revisions(ctx context.Context, pluginID string) ([]sb.Revision, error)
	// Revision reads one revision by its id; that of an uninstalled plugin too.
	Revision(ctx context.Context, id string) (sb.Revision, error)
	// Rollback moves the pointer to an earlier revision.
	Rollback(ctx context.Context, pluginID string, number int) (sb.Plugin, error)
	// EnablePlugin switches a plugin with all its operators.
	EnablePlugin(ctx context.Context, pluginID string, enabled bool) (sb.Plugin, error)
	// SetOperator changes what admins decided about one operator; nil fields stay.
	SetOperator(ctx context.Context, pluginID, operator string, patch OperatorPatch) (sb.Operator, error)
	// Uninstall removes a plugin; its Scheduled runs are rejected with the reason soon after. Its revisions stay for runs
	// that are pinned to them.
	Uninstall(ctx context.Context, pluginID string, by sb.Who, reason string) error
	// Operators reads all operators of enabled and disabled plugins, by URI, with their plugins. Nobody changes what it
	// gives.
	Operators(ctx context.Context) ([]sb.Operator, []sb.Plugin, error)
	// Environments reads where a revision was met, the last first.
	Environments(ctx context.Context, revisionID string) ([]sb.Environment, error)
	// Lacking reads the operators that no environment could load which met their plugin's revision, with why, by revision
	// and name.
	Lacking(ctx context.Context) (map[string]map[string]string, error)
	// ForgetRevisions removes revisions that are not current, of which no run is open, and whose last run ended 30 days
	// ago or that never had one and are 30 days old. It tells the hashes that no revision has any more.
	ForgetRevisions(ctx context.Context) (sha256 []string, err error)
	// Waiting tells how many Scheduled, and how many other open runs a plugin has.
	Waiting(ctx context.Context, pluginID string) (scheduled, open int, err error)
}

// Upload is a checked archive whose bytes are in the blob store.
type Upload = sb.Upload

// OperatorPatch changes what admins decided about an operator.
type OperatorPatch = sb.OperatorPatch

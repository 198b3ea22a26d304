package signalbox

import (
	"encoding/json"
	"strings"
	"time"
)

// Plugin is an installed plugin: a name, a pointer to its current revision, and what admins decided about it.
type Plugin struct {
	ID        string
	Name      string // as in its manifest, such as "@acme/tools"
	Enabled   bool
	Revision  Revision // the current one
	Operators []Operator
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Revision is one upload of a plugin. The same bytes are never a new revision.
type Revision struct {
	ID        string
	PluginID  string
	Number    int    // counts from 1 in one plugin
	SHA256    string // hex, of the archive; also its name in the blob store
	Size      int64  // bytes of the archive
	Root      string // the folder in the archive that holds the manifest, "" for the archive's root
	Manifest  Manifest
	CreatedAt time.Time
	CreatedBy Who
}

// Manifest is what a plugin's fiftyone.yml says, as far as Signalbox uses it.
type Manifest struct {
	Name        string             `json:"name"`
	Version     string             `json:"version,omitempty"` // as written: 1.0 stays "1.0"
	Author      string             `json:"author,omitempty"`
	URL         string             `json:"url,omitempty"`
	License     string             `json:"license,omitempty"`
	Description string             `json:"description,omitempty"`
	FiftyOne    string             `json:"fiftyone,omitempty"` // the version constraint
	Operators   []string           `json:"operators,omitempty"`
	Panels      []string           `json:"panels,omitempty"`
	Secrets     []string           `json:"secrets,omitempty"`
	Commands    map[string]Command `json:"commands,omitempty"` // the `signalbox.operators` of the manifest
}

// Command says how an operator runs without FiftyOne.
type Command struct {
	Label    string          `json:"label,omitempty"`
	Command  []string        `json:"command"`
	Inputs   json.RawMessage `json:"inputs,omitempty"`  // JSON Schema 2020-12, order kept
	Outputs  json.RawMessage `json:"outputs,omitempty"` // JSON Schema 2020-12, order kept
	Timeout  time.Duration   `json:"timeout,omitempty"`
	Retries  int             `json:"retries,omitempty"`
	Access   string          `json:"access,omitempty"`   // read, write or exclusive
	Executor string          `json:"executor,omitempty"` // "" for a process, DummyExecutor for the scripted one
}

// DummyExecutor names the scripted executor, which starts no process.
const DummyExecutor = "dummy"

// Installed is what the installation of a plugin did, or would do.
type Installed struct {
	Plugin    Plugin // as it is, or would be; in a dry run without what admins decide about operators new to it
	Created   bool
	Unchanged bool     // these bytes are the current revision already
	Added     []string // operators
	Removed   []string
	Scheduled int    // runs that are scheduled with the present revision, and keep it
	OtherName string // of a new plugin: the installed one that it may have been meant to upgrade, which stays beside it
}

// ArchiveKey is the key of a plugin archive in the blob store: the same bytes have the same key.
func ArchiveKey(sha256 string) string { return "plugins/" + sha256 + ".zip" }

// DefaultTimeout bounds one attempt of an operator that names no timeout of its own.
const DefaultTimeout = 24 * time.Hour

// Operator is one operator of a plugin with what admins decided about it. Decisions belong to (plugin, name):
// they survive a revision without the operator and come back with it.
type Operator struct {
	PluginID                 string
	Plugin                   string // the plugin's name
	Name                     string
	Enabled                  bool
	MinimumRole              Role
	MinimumDatasetPermission Permission
	Command                  *Command // nil: it needs the FiftyOne runtime
}

// URI is the operator's name across plugins.
func (o Operator) URI() string { return o.Plugin + "/" + o.Name }

// Label is what people read: the manifest's label, else the name.
func (o Operator) Label() string {
	if o.Command != nil && o.Command.Label != "" {
		return o.Command.Label
	}
	return o.Name
}

// SplitURI cuts an operator's URI at its last slash into plugin and operator.
func SplitURI(uri string) (plugin, operator string, ok bool) {
	i := strings.LastIndexByte(uri, '/')
	if i <= 0 || i == len(uri)-1 {
		return "", "", false
	}
	return uri[:i], uri[i+1:], true
}

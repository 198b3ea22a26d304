package signalbox

import (
	"slices"
	"time"
)

// Role is what a principal may do in the organisation.
type Role string

// The roles, from least to most.
const (
	Guest        Role = "guest"
	Labeler      Role = "labeler"
	Collaborator Role = "collaborator"
	Member       Role = "member"
	Admin        Role = "admin"
)

// Roles lists the roles from least to most.
var Roles = []Role{Guest, Labeler, Collaborator, Member, Admin}

// AtLeast tells whether r is s or above. An unknown role is below all.
func (r Role) AtLeast(s Role) bool {
	return slices.Index(Roles, r) >= slices.Index(Roles, s) && r.Valid()
}

// Valid tells whether the role exists.
func (r Role) Valid() bool { return slices.Contains(Roles, r) }

// Permission is what a principal may do with a dataset.
type Permission string

// The permissions, from least to most.
const (
	NoAccess  Permission = "none"
	CanView   Permission = "view"
	CanTag    Permission = "tag"
	CanEdit   Permission = "edit"
	CanManage Permission = "manage"
)

// Permissions lists the permissions from least to most.
var Permissions = []Permission{NoAccess, CanView, CanTag, CanEdit, CanManage}

// AtLeast tells whether p is q or above. An unknown permission is below all.
func (p Permission) AtLeast(q Permission) bool {
	return slices.Index(Permissions, p) >= slices.Index(Permissions, q) && p.Valid()
}

// Valid tells whether the permission exists.
func (p Permission) Valid() bool { return slices.Contains(Permissions, p) }

// PrincipalKind tells users from service accounts.
type PrincipalKind string

// The kinds of principal.
const (
	User           PrincipalKind = "user"
	ServiceAccount PrincipalKind = "service_account"
)

// Principal is someone who may act: a user or a service account.
type Principal struct {
	ID          string
	Kind        PrincipalKind
	Name        string
	Email       string // empty for service accounts
	Role        Role
	Description string
	LockedBy    string // the login provider whose mapping decides the role; "" when admins do
	CreatedAt   time.Time
	LastSeenAt  *time.Time // of a user: the last login
}

// Who names a principal where a name is shown. The name is the one at the time of the act.
type Who struct {
	ID   string
	Name string
}

// Who names the principal.
func (p Principal) Who() Who { return Who{ID: p.ID, Name: p.Name} }

// Facts are all that decides what one principal may do with one dataset and one operator.
// They are read in one transaction and judged by pure functions.
type Facts struct {
	Principal Principal
	Settings  Settings
	Dataset   *Dataset   // nil: no dataset is meant
	Own       Permission // the principal's own grant on the dataset
	Group     Permission // the best grant of the principal's groups on the dataset
	Via       string     // the name of a group that gave it; "" without one
	Plugin    *Plugin    // nil: no operator is meant, or it does not exist
	Operator  *Operator  // nil with a Plugin: the plugin's current revision has no such operator
	Run       *Run       // nil: no run is meant
}

// Ask names what a decision is about. Empty fields are not meant.
type Ask struct {
	PrincipalID string
	Dataset     string // id or name
	DatasetID   string // id alone, as a row names it: never another's name; wins over Dataset
	Operator    string // URI
	Run         string // id; its dataset and operator are then the facts', whatever Dataset and Operator say
}

// Action is something a principal may be allowed to do. The rules are in controlplane/access.
type Action string

// The actions.
const (
	ActAdminister    Action = "administer" // plugins, orchestrators, principals, settings, secrets, audit
	ActCreateDataset Action = "create_dataset"
	ActClone         Action = "clone" // make a dataset from the facts' one
	ActViewDataset   Action = "view_dataset"
	ActExport        Action = "export"         // no endpoint here: other programs ask by explain
	ActTag           Action = "tag"            // likewise
	ActEdit          Action = "edit"           // likewise
	ActManageDataset Action = "manage_dataset" // rename, delete, set access
	ActSchedule      Action = "schedule"       // the facts' operator on the facts' dataset
	ActPrioritise    Action = "prioritise"     // a priority above 0
	ActSeeRun        Action = "see_run"
	ActRenameRun     Action = "rename_run"
	ActPinRun        Action = "pin_run"
	ActEndRun        Action = "end_run" // mark as failed, stop

	// On any run of the facts' dataset, also other people's.
	ActSeeRuns    Action = "see_all_runs"
	ActRenameRuns Action = "rename_runs"
	ActPinRuns    Action = "pin_runs"
	ActEndRuns    Action = "end_runs"

	ActUseKeys Action = "use_api_keys"
)

// Settings are the organisation's.
type Settings struct {
	DefaultUserRole                         Role
	DefaultDatasetPermission                Permission
	DefaultOperatorMinimumRole              Role
	DefaultOperatorMinimumDatasetPermission Permission
	AllRunsMinimumRole                      Role
	APIKeyRoles                             []Role
	JustInTimeUsers                         bool // whether a first login makes a user; else an invitation must
}

// DefaultSettings are in force until an admin changes them.
func DefaultSettings() Settings {
	return Settings{
		DefaultUserRole: Member, DefaultDatasetPermission: CanEdit,
		DefaultOperatorMinimumRole: Member, DefaultOperatorMinimumDatasetPermission: CanEdit,
		AllRunsMinimumRole: Member, APIKeyRoles: []Role{Collaborator, Member, Admin}, JustInTimeUsers: true,
	}
}

// Headcount is how many have a role, and how many API keys they hold that have not expired.
type Headcount struct {
	Role            Role
	Users           int
	ServiceAccounts int
	Keys            int
}

// Key is an API key without its secret, which is shown once and kept only as a hash.
type Key struct {
	ID         string
	Owner      string // a principal, or an orchestrator
	Name       string
	CreatedAt  time.Time
	ExpiresAt  *time.Time
	LastUsedAt *time.Time
}

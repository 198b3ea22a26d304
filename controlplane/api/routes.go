package api

import (
	"net/http"

	sb "signalbox"
)

const (
	get    = http.MethodGet
	post   = http.MethodPost
	patch  = http.MethodPatch
	put    = http.MethodPut
	remove = http.MethodDelete

	multipartForm = "multipart/form-data"
	eventStream   = "text/event-stream"
)

// The tables below are all of the API: who may come in stands beside each path.

func (s *server) routes() {
	s.accountRoutes()
	s.settingRoutes()
	s.peopleRoutes()
	s.invitationRoutes()
	s.sessionRoutes()
	s.datasetRoutes()
	s.sharingRoutes()
	s.explainRoutes()
	s.pluginRoutes()
	s.secretRoutes()
	s.runRoutes()
	s.logRoutes()
	s.orchestratorRoutes()
	s.sourceRoutes()
	s.auditRoutes()
	s.workRoutes()
}

func (s *server) accountRoutes() {
	me, accounts := me{s.Identity, s.Groups}, accounts{s.Identity, s.Groups}
	on(s, route{method: get, path: "/me", what: "Who am I?", door: forPeople}, me.show)
	on(s, route{method: get, path: "/me/keys", what: "My API keys", door: forPeople}, me.keys)
	on(s, route{method: post, path: "/me/keys", what: "Make an API key of mine; it is shown this once", door: forPeople, status: 201}, me.createKey)
	on(s, route{method: remove, path: "/me/keys/{id}", what: "End an API key of mine", door: forPeople}, me.deleteKey)

	on(s, route{method: get, path: "/service-accounts", what: "Service accounts", door: forPeople, right: sb.ActAdminister}, accounts.list)
	on(s, route{method: post, path: "/service-accounts", what: "Make a service account", door: forPeople, right: sb.ActAdminister, status: 201}, accounts.create)
	on(s, route{method: get, path: "/service-accounts/{id}", what: "A service account", door: forPeople, right: sb.ActAdminister}, accounts.show)
	foretold(s, route{method: patch, path: "/service-accounts/{id}", what: "Change a service account", door: forPeople, right: sb.ActAdminister}, ofNamed[accountPatch](accounts.scope), accounts.patch)
	foretold(s, route{method: remove, path: "/service-accounts/{id}", what: "Delete a service account; its keys end at once", door: forPeople, right: sb.ActAdminister}, ofNamed[DryID](accounts.scope), quietly(accounts.delete))
	on(s, route{method: get, path: "/service-accounts/{id}/keys", what: "API keys of a service account", door: forPeople, right: sb.ActAdminister}, accounts.keys)
	on(s, route{method: post, path: "/service-accounts/{id}/keys", what: "Make an API key of a service account; it is shown this once", door: forPeople, right: sb.ActAdminister, status: 201}, accounts.createKey)
	on(s, route{method: remove, path: "/service-accounts/{id}/keys/{key}", what: "End an API key of a service account", door: forPeople, right: sb.ActAdminister}, accounts.deleteKey)
}

func (s *server) peopleRoutes() {
	users, groups := users{s.Users, s.Groups}, groups{s.Groups}
	on(s, route{method: get, path: "/users", what: "Users", door: forPeople, right: sb.ActAdminister}, users.list)
	on(s, route{method: get, path: "/users/{id}", what: "A user", door: forPeople, right: sb.ActAdminister}, users.show)
	foretold(s, route{method: patch, path: "/users/{id}", what: "Change a user's role or name", door: forPeople, right: sb.ActAdminister}, ofNamed[userPatch](users.scope), users.patch)
	foretold(s, route{method: remove, path: "/users/{id}", what: "Delete a user; his keys, sessions, grants and memberships end at once", door: forPeople, right: sb.ActAdminister}, ofNamed[DryID](users.scope), quietly(users.delete))

	on(s, route{method: get, path: "/groups", what: "Groups", door: forPeople, right: sb.ActAdminister}, groups.list)
	on(s, route{method: post, path: "/groups", what: "Make a group", door: forPeople, right: sb.ActAdminister, status: 201}, groups.create)
	on(s, route{method: get, path: "/groups/{id}", what: "A group with its members", door: forPeople, right: sb.ActAdminister}, groups.show)
	on(s, route{method: patch, path: "/groups/{id}", what: "Rename or describe a group", door: forPeople, right: sb.ActAdminister}, groups.patch)
	foretold(s, route{method: remove, path: "/groups/{id}", what: "Delete a group; what it gave its members ends at once", door: forPeople, right: sb.ActAdminister}, ofNamed[DryID](groups.scope), quietly(groups.delete))
	on(s, route{method: get, path: "/groups/{id}/members", what: "Members of a group", door: forPeople, right: sb.ActAdminister}, groups.members)
	foretold(s, route{method: put, path: "/groups/{id}/members/{principal}", what: "Put a user or a service account into a group", door: forPeople, right: sb.ActAdminister}, groups.memberScope(s.principal), quietly(groups.add))
	foretold(s, route{method: remove, path: "/groups/{id}/members/{principal}", what: "Take a user or a service account out of a group", door: forPeople, right: sb.ActAdminister}, groups.memberScope(s.principal), quietly(groups.remove))
}

func (s *server) datasetRoutes() {
	h := datasets{s.Datasets, s.Facts, s.Access}
	on(s, route{method: post, path: "/datasets", what: "Make a dataset", door: forPeople, right: sb.ActCreateDataset, status: 201}, h.create)
	on(s, route{method: get, path: "/datasets/{name}", what: "A dataset", door: forPeople, right: sb.ActViewDataset}, h.show)
	foretold(s, route{method: patch, path: "/datasets/{name}", what: "Rename a dataset, or set its default access", door: forPeople, right: sb.ActManageDataset}, h.scope, h.patch)
	on(s, route{method: remove, path: "/datasets/{name}", what: "Delete a dataset's entry here; its samples stay in FiftyOne", door: forPeople, right: sb.ActManageDataset}, h.delete)
}

func (s *server) pluginRoutes() {
	h := plugins{s.Catalog}
	operators := operators{s.Catalog, s.Orchestrators, s.Sources, s.Facts, s.Access, s.Queue}
	archive := []string{"application/zip", "application/octet-stream", multipartForm}
	on(s, route{method: get, path: "/plugins", what: "Plugins", door: forPeople, right: sb.ActAdminister}, h.list)
	on(s, route{
		method: post, path: "/plugins", what: "Install or upgrade a plugin from a ZIP", door: forPeople, right: sb.ActAdminister, status: 201,
		limit: s.MaxArchive, within: uploadTime, takes: archive,
	}, h.install)
	on(s, route{method: get, path: "/plugins/{name}", what: "A plugin", door: forPeople, right: sb.ActAdminister}, h.show)
	on(s, route{method: patch, path: "/plugins/{name}", what: "Enable or disable a plugin", door: forPeople, right: sb.ActAdminister}, h.patch)
	on(s, route{method: remove, path: "/plugins/{name}", what: "Uninstall a plugin; runs that wait for it are rejected", door: forPeople, right: sb.ActAdminister}, h.delete)
	on(s, route{method: get, path: "/plugins/{name}/archive", what: "The ZIP of a plugin's current revision", door: forPeople, right: sb.ActAdminister, gives: "application/zip"}, h.archive)
	on(s, route{method: get, path: "/plugins/{name}/revisions", what: "A plugin's revisions, newest first", door: forPeople, right: sb.ActAdminister}, h.revisions)
	on(s, route{method: post, path: "/plugins/{name}/rollback", what: "Go back to an earlier revision", door: forPeople, right: sb.ActAdminister}, h.rollback)
	foretold(s, route{method: patch, path: "/plugins/{name}/operators/{operator}", what: "Decide who may run an operator", door: forPeople, right: sb.ActAdminister}, h.scope, h.operator)
	on(s, route{method: get, path: "/operators", what: "Operators that I may run, and with all=true why not the rest", door: forPeople}, operators.list)
	on(s, route{method: get, path: "/operators/{uri}/outlook", what: "Where a run of it could go, and what it would wait for there", door: forPeople, right: sb.ActSchedule}, operators.outlook)
	on(s, route{method: post, path: "/operators/{uri}/form", what: "An operator's form for the params so far", door: forPeople, right: sb.ActSchedule, limit: runBody}, forms{s.Forms}.ask)
}

func (s *server) runRoutes() {
	h := runs{s.Runs, s.Queue, s.Facts, s.Access, s.Orchestrators}
	bulk := bulk{h}
	events := events{s.Runs, s.Access, s.Notes, s.again, s.Closing}
	on(s, route{method: post, path: "/runs", what: "Schedule a run", door: forPeople, right: sb.ActSchedule, status: 202, limit: runBody}, h.schedule)
	on(s, route{method: get, path: "/runs", what: "Runs that I may see", door: forPeople}, h.list)
	on(s, route{method: post, path: "/runs/bulk", what: "Do the same to several runs", door: forPeople}, bulk.do)
	on(s, route{method: get, path: "/runs/{id}", what: "A run", door: forPeople, right: sb.ActSeeRun}, h.show)
	on(s, route{method: patch, path: "/runs/{id}", what: "Rename or pin a run", door: forPeople, right: sb.ActRenameRun}, h.patch)
	on(s, route{method: post, path: "/runs/{id}/rerun", what: "Run it again, with the same or other params", door: forPeople, right: sb.ActSchedule, status: 202, limit: runBody}, h.rerun)
	on(s, route{method: post, path: "/runs/{id}/fail", what: "Mark a run as failed; its work goes on", door: forPeople, right: sb.ActEndRun}, h.fail)
	on(s, route{method: post, path: "/runs/{id}/stop", what: "Stop a run and its work; 202 when the run was over and only its work is asked to end", door: forPeople, right: sb.ActEndRun}, h.stop)
	on(s, route{method: post, path: "/runs/{id}/release", what: "Free the slot of work that nobody can ask any more", door: forPeople, right: sb.ActAdminister}, h.release)
	on(s, route{method: get, path: "/runs/{id}/wait", what: "Why does it wait?", door: forPeople, right: sb.ActSeeRun}, h.wait)
	on(s, route{method: get, path: "/runs/{id}/events", what: "The timeline of a run", door: forPeople, right: sb.ActSeeRun}, h.events)
	on(s, route{method: get, path: "/events", what: "Ids of runs, and for admins of plugins, that change, as they change", door: forPeople, gives: eventStream}, events.stream)
}

func (s *server) logRoutes() {
	h := runLogs{s.Runs, s.Logs, s.again, s.Closing, s.watched, s.Bridge}
	on(s, route{method: get, path: "/runs/{id}/logs", what: "A run's log as a table, up to 1 MiB", door: forPeople, right: sb.ActSeeRun}, h.show)
	on(s, route{method: get, path: "/runs/{id}/logs/download", what: "A run's whole log; takes byte ranges", door: forPeople, right: sb.ActSeeRun, gives: "text/plain"}, h.download)
	on(s, route{method: get, path: "/runs/{id}/logs/lines", what: "Lines of a log of any size", door: forPeople, right: sb.ActSeeRun}, h.lines)
	on(s, route{method: get, path: "/runs/{id}/logs/index", what: "How many lines of which severity a log has", door: forPeople, right: sb.ActSeeRun}, h.index)
	on(s, route{method: post, path: "/runs/{id}/logs/scrub", what: "Blank out text in a run's log for ever", door: forPeople, right: sb.ActAdminister}, h.scrub)
	on(s, route{method: get, path: "/runs/{id}/logs/stream", what: "A run's log as it grows", door: forPeople, right: sb.ActSeeRun, gives: eventStream}, h.stream)
}

func (s *server) orchestratorRoutes() {
	h := orchestrators{s.Orchestrators, s.Registrar, s.Bridge, s.Identity}
	on(s, route{method: get, path: "/orchestrators", what: "Orchestrators", door: forPeople, right: sb.ActAdminister}, h.list)
	on(s, route{method: post, path: "/orchestrators", what: "Register an orchestrator", door: forPeople, right: sb.ActAdminister, status: 201}, h.create)
	on(s, route{method: get, path: "/orchestrators/{name}", what: "An orchestrator", door: forPeople, right: sb.ActAdminister}, h.show)
	on(s, route{method: patch, path: "/orchestrators/{name}", what: "Change an orchestrator, or switch it", door: forPeople, right: sb.ActAdminister}, h.patch)
	on(s, route{method: remove, path: "/orchestrators/{name}", what: "Remove an orchestrator without open work", door: forPeople, right: sb.ActAdminister}, h.delete)
	on(s, route{method: post, path: "/orchestrators/{name}/probe", what: "Ask an orchestrator whether runs can be sent there", door: forPeople, right: sb.ActAdminister}, h.probe)
	on(s, route{method: post, path: "/orchestrators/{name}/reconcile", what: "Look at an orchestrator's work now", door: forPeople, right: sb.ActAdminister}, h.reconcile)
	on(s, route{method: get, path: "/orchestrators/{name}/workers", what: "Workers seen in the last day", door: forPeople, right: sb.ActAdminister}, h.workers)
	on(s, route{method: get, path: "/orchestrators/{name}/work", what: "Runs that hold a slot, and how they were seen there", door: forPeople, right: sb.ActAdminister}, h.work)
	on(s, route{method: get, path: "/orchestrators/{name}/keys", what: "An orchestrator's keys", door: forPeople, right: sb.ActAdminister}, h.keys)
	on(s, route{method: post, path: "/orchestrators/{name}/keys", what: "Make an orchestrator key; it is shown this once", door: forPeople, right: sb.ActAdminister, status: 201}, h.createKey)
	on(s, route{method: remove, path: "/orchestrators/{name}/keys/{id}", what: "End an orchestrator key", door: forPeople, right: sb.ActAdminister}, h.deleteKey)
}

func (s *server) sourceRoutes() {
	h := sources{s.Sources, s.SourceRegistrar}
	on(s, route{method: get, path: "/sources", what: "FiftyOne databases", door: forPeople, right: sb.ActAdminister}, h.list)
	on(s, route{method: post, path: "/sources", what: "Register a FiftyOne database", door: forPeople, right: sb.ActAdminister, status: 201}, h.create)
	on(s, route{method: get, path: "/sources/{name}", what: "A FiftyOne database, and how it goes", door: forPeople, right: sb.ActAdminister}, h.show)
	on(s, route{method: patch, path: "/sources/{name}", what: "Change a FiftyOne database, or switch its intake and mirror", door: forPeople, right: sb.ActAdminister}, h.patch)
	on(s, route{method: remove, path: "/sources/{name}", what: "Remove a FiftyOne database without open runs; its datasets here go, its data stays", door: forPeople, right: sb.ActAdminister}, h.delete)
}

func (s *server) workRoutes() {
	h, resolvers := work{s.Work, s.Logs, s.watched}, resolvers{s.Forms, s.Closing}
	lines := []string{"text/plain", "application/x-ndjson"}
	on(s, route{method: post, path: "/work/claim", what: "Take the work of an attempt", door: forOrchestrators, limit: workBody, within: workTime}, h.claim)
	on(s, route{method: post, path: "/work/workers", what: "Tell of a worker", door: forOrchestrators, limit: workBody, within: workTime}, h.workers)
	on(s, route{method: post, path: "/work/forms", what: "Answer what was asked before, and wait for an operator's form to resolve; 204 when none is wanted", door: forOrchestrators, limit: workBody, within: workTime}, resolvers.ask)
	on(s, route{method: get, path: "/work/forms/{id}/plugin", what: "The archive of the plugin that a form is asked of", door: forOrchestrators, gives: "application/zip"}, resolvers.archive)
	on(s, route{method: get, path: "/work/{run}/plugin", what: "The archive of the revision that the run is pinned to", door: forWork, gives: "application/zip"}, h.archive)
	on(s, route{method: post, path: "/work/{run}/start", what: "The work begins", door: forWork, limit: workBody, within: workTime}, h.start)
	on(s, route{method: post, path: "/work/{run}/heartbeat", what: "The work is alive; shall it stop?", door: forWork, limit: workBody, within: workTime}, h.heartbeat)
	on(s, route{method: post, path: "/work/{run}/progress", what: "How far the work is", door: forWork, limit: workBody, within: workTime}, h.progress)
	on(s, route{method: post, path: "/work/{run}/logs", what: "A chunk of the log: whole lines, up to 1 MiB", door: forWork, limit: workBody, within: workTime, takes: lines}, h.append)
	on(s, route{method: post, path: "/work/{run}/log-path", what: "Where the log is or will be", door: forWork, limit: workBody, within: workTime}, h.logPath)
	on(s, route{method: post, path: "/work/{run}/environment", what: "What the FiftyOne here makes of the plugin", door: forWork, limit: workBody, within: workTime}, h.environment)
	on(s, route{method: post, path: "/work/{run}/complete", what: "The work says that it completed", door: forWork, limit: completeBody, within: workTime}, h.complete)
	on(s, route{method: post, path: "/work/{run}/fail", what: "The work says that it failed", door: forWork, limit: workBody, within: workTime}, h.fail)
	on(s, route{method: post, path: "/work/{run}/end", what: "The work has ended; from the worker and its shim, with the claim's end_token", door: forWork, ends: true, limit: workBody, within: workTime}, h.end)
}

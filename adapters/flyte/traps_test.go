package flyte

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/adapters/flyte/flytetest"
)

const installation = "inst"

// submission is an attempt of a run for a launch plan; run is made a ULID.
func submission(plan, run string, attempt int) sb.Submission {
	ref := sb.AttemptRef{Run: strings.ToUpper(run) + strings.Repeat("0", 26-len(run)), Attempt: attempt}
	d := sb.Submission{AttemptRef: ref, Installation: installation, Target: sb.Target{LaunchPlan: plan}}
	d.Name = (*Adapter)(nil).Name(installation, ref)
	return d
}

func see(t *testing.T, a *Adapter, from sb.Mark, open ...sb.Place) sb.View {
	t.Helper()
	view, err := a.Look(t.Context(), open, installation, from)
	require.NoError(t, err)
	return view
}

// over looks until a place has ended.
func over(t *testing.T, a *Adapter, at sb.Place) sb.Seen {
	t.Helper()
	for range 20 {
		if seen := see(t, a, "", at).Places[0]; seen.Sight.Over() {
			return seen
		}
	}
	require.Fail(t, "it does not end")
	return sb.Seen{}
}

func TestASecondSubmissionNeverReplacesTheInputsOfTheFirst(t *testing.T) {
	t.Parallel()
	s := flytetest.Start(t)
	a := registered(t, s.URL, "", "")
	d := submission(flytetest.OK, "x", 1)
	d.Inputs = json.RawMessage(`{"threshold": 1}`)
	_, err := a.Submit(t.Context(), d)
	require.NoError(t, err)
	before := s.Inputs(d.Name)
	d.Inputs = json.RawMessage(`{"threshold": 2}`)
	_, err = a.Submit(t.Context(), d)
	require.NoError(t, err)
	require.Equal(t, before, s.Inputs(d.Name))
	require.Equal(t, 1, s.Calls("CreateExecution"))
}

func TestALostAnswerIsAskedAfter(t *testing.T) {
	t.Parallel()
	s := flytetest.Start(t)
	a := registered(t, s.URL, "", "")
	d := submission(flytetest.OK, "x", 1)
	s.LoseAnswer("CreateExecution")
	at, err := a.Submit(t.Context(), d)
	require.NoError(t, err)
	require.Equal(t, d.Name, at.Name)
	require.Equal(t, 1, s.Executions(flytetest.OK))
}

func TestWhatWasAcceptedAndNeverStartedIsBroken(t *testing.T) {
	t.Parallel()
	s := flytetest.Start(t)
	a := registered(t, s.URL, "", "")
	at, err := a.Submit(t.Context(), submission(flytetest.Broken, "x", 1))
	require.NoError(t, err)
	seen := over(t, a, at)
	require.Equal(t, sb.SeenBroken, seen.Sight)
	require.Contains(t, seen.Why, "could not start it")
	o, err := a.Outcome(t.Context(), at)
	require.NoError(t, err)
	require.Contains(t, o.Message, "Internal: failed to create workflow")
	require.Contains(t, o.Message, "of Flyte's own")
}

func TestAMappedElementIsOnePartHoweverOftenItWasTried(t *testing.T) {
	t.Parallel()
	s := flytetest.Start(t)
	a := registered(t, s.URL, "", "")
	for plan, want := range map[string]map[string]int{
		flytetest.Mapped: {"n0[0]": 0, "n0[1]": 0, "n0[2]": 1},
		flytetest.Single: {"n0[0]": 1},
		flytetest.OK:     {"n0": 0},
	} {
		at, err := a.Submit(t.Context(), submission(plan, plan[3:4], 1))
		require.NoError(t, err)
		over(t, a, at)
		parts, err := a.Parts(t.Context(), at)
		require.NoError(t, err)
		got := map[string]int{}
		for _, p := range parts {
			got[p.Source] = p.Try
			require.Equal(t, sb.SeenSucceeded, p.Sight, plan)
			require.Contains(t, p.URL, "https://logs.example.com/"+at.Name)
		}
		require.Equal(t, want, got, plan)
		require.Len(t, parts, len(want), plan)
	}
}

func TestTasksOfSubWorkflowsAndThoseThatTasksMakeAreParts(t *testing.T) {
	t.Parallel()
	s := flytetest.Start(t)
	a := registered(t, s.URL, "", "")
	at, err := a.Submit(t.Context(), submission(flytetest.Nested, "x", 1))
	require.NoError(t, err)
	over(t, a, at)
	parts, err := a.Parts(t.Context(), at)
	require.NoError(t, err)
	var got []string
	for _, p := range parts {
		got = append(got, p.Source)
		require.Equal(t, sb.SeenSucceeded, p.Sight)
		if p.Source == "n1" {
			require.Contains(t, p.URL, at.Name+"-child", "it leads to the execution that it started")
			require.Less(t, p.Try, p.First, "it ran no task here")
		}
	}
	require.Equal(t, []string{"n0-0-n0", "n0-0-n1", "n0-0-n1-0-dn0", "n1"}, got)
}

func TestALimitOfTheLaunchPlanWaits(t *testing.T) {
	t.Parallel()
	s := flytetest.Start(t)
	a := registered(t, s.URL, "", "")
	_, err := a.Submit(t.Context(), submission(flytetest.Limited, "x", 1))
	require.NoError(t, err)
	_, err = a.Submit(t.Context(), submission(flytetest.Limited, "y", 1))
	require.Equal(t, sb.Unavailable, sb.CodeOf(err), err)
	require.ErrorContains(t, err, "concurrency limit")
	require.Equal(t, 1, s.Executions(flytetest.Limited))
}

func TestOfManyThatNoListHasSomeAreAskedForInALook(t *testing.T) {
	t.Parallel()
	s := flytetest.Start(t)
	a := registered(t, s.URL, "", "")
	var open []sb.Place
	for i := range 5 * getsMost {
		d := submission(flytetest.OK, "x", 1)
		d.Name = fmt.Sprintf("s%026d-1", i)
		open = append(open, sb.Place{Target: d.Target, Name: d.Name})
	}
	gone := map[string]bool{}
	for range 2 {
		before := s.Calls("GetExecution")
		view := see(t, a, "", open...)
		require.Len(t, view.Places, getsMost, "the others are left out until a later look")
		require.Equal(t, getsMost, s.Calls("GetExecution")-before)
		for _, p := range view.Places {
			require.Equal(t, sb.SeenGone, p.Sight)
			gone[p.Name] = true
		}
	}
	require.Greater(t, len(gone), getsMost, "others than before")
}

func TestWhatListsLeaveOutIsAskedForByItself(t *testing.T) {
	t.Parallel()
	s := flytetest.Start(t)
	a := registered(t, s.URL, "", "")
	at, err := a.Submit(t.Context(), submission(flytetest.Fail, "x", 1))
	require.NoError(t, err)
	over(t, a, at)
	s.Archive(at.Name)
	require.Equal(t, sb.SeenFailed, see(t, a, "", at).Places[0].Sight)
	o, err := a.Outcome(t.Context(), at)
	require.NoError(t, err)
	require.Equal(t, "RetriesExhausted: ValueError: deliberate failure", o.Message)
	require.Contains(t, o.Stack, `raise ValueError("deliberate failure")`, "errors in lists are cut")
}

func TestOutputsThatFlyteDoesNotGiveAreSaid(t *testing.T) {
	t.Parallel()
	s := flytetest.Start(t)
	a := registered(t, s.URL, "", "")
	at, err := a.Submit(t.Context(), submission(flytetest.Big, "x", 1))
	require.NoError(t, err)
	over(t, a, at)
	o, err := a.Outcome(t.Context(), at)
	require.NoError(t, err)
	require.True(t, o.Completed)
	require.Empty(t, o.Result)
	require.Contains(t, o.Message, "s3://flyte/metadata/"+at.Name)
}

func TestAManyAreSeenInFewCallsAndStrangersDoNotCount(t *testing.T) {
	t.Parallel()
	s := flytetest.Start(t)
	a := registered(t, s.URL, "", "")
	var open []sb.Place
	for i := range 250 {
		at, err := a.Submit(t.Context(), submission(flytetest.Sleep, string(rune('a'+i%26))+string(rune('a'+i/26)), 1))
		require.NoError(t, err)
		open = append(open, at)
	}
	s.Foreign("anothers")
	view := see(t, a, "", open...)
	require.LessOrEqual(t, view.Calls, 5)
	require.Empty(t, view.Strays)
	require.Len(t, view.Places, len(open))
}

func TestStraysAreFoundPageByPage(t *testing.T) {
	t.Parallel()
	s := flytetest.Start(t)
	a := registered(t, s.URL, "", "")
	d := submission(flytetest.Sleep, "x", 2)
	_, err := a.Submit(t.Context(), d)
	require.NoError(t, err)
	other := submission(flytetest.Sleep, "z", 1)
	other.Installation = "another"
	_, err = a.Submit(t.Context(), other)
	require.NoError(t, err)
	for i := range straysPage {
		s.Foreign("f" + strings.Repeat("o", i+1))
	}
	view := see(t, a, "")
	require.Empty(t, view.Strays)
	view = see(t, a, view.Mark)
	require.Len(t, view.Strays, 1)
	require.Equal(t, d.AttemptRef, view.Strays[0].Of)
	require.Empty(t, view.Mark, "it begins again")
}

func TestInputsAreWrittenByTheirTypes(t *testing.T) {
	t.Parallel()
	s := flytetest.Start(t)
	a := registered(t, s.URL, "", "")
	attempt := 0
	for inputs, wrong := range map[string]string{
		`{"threshold": 1, "items": ["a"], "when": "2026-01-02T03:04:05+02:00"}`: "",
		`{"when": null}`:         "",
		`{"threshold": "1"}`:     "threshold is no float",
		`{"items": ["a", 1]}`:    "items element 1 is no string",
		`{"when": "tomorrow"}`:   "when is none of the types datetime or none",
		`{"unknown": 10}`:        "unknown is no input of it",
		`{"a": 1, "items": "b"}`: "a is no input of it; items is no list",
	} {
		attempt++
		d := submission(flytetest.OK, "x", attempt)
		d.Inputs = json.RawMessage(inputs)
		_, err := a.Submit(t.Context(), d)
		if wrong == "" {
			require.NoError(t, err, inputs)
			continue
		}
		require.Equal(t, sb.Invalid, sb.CodeOf(err), inputs)
		require.ErrorContains(t, err, wrong, inputs)
	}
}

func TestIDsTravelWhereTheInterfaceHasThem(t *testing.T) {
	t.Parallel()
	s := flytetest.Start(t)
	a := registered(t, s.URL, "", "")
	d := submission(flytetest.IDs, "x", 3)
	_, err := a.Submit(t.Context(), d)
	require.NoError(t, err)
	b, err := json.Marshal(s.Inputs(d.Name))
	require.NoError(t, err)
	require.Contains(t, string(b), `"signalbox_run":{"scalar":{"primitive":{"stringValue":"`+d.Run+`"}}}`)
	require.Contains(t, string(b), `"signalbox_attempt":{"scalar":{"primitive":{"integer":"3"}}}`)
}

func TestATaskRunsByItself(t *testing.T) {
	t.Parallel()
	s := flytetest.Start(t)
	a := registered(t, s.URL, "", "")
	d := submission("", "x", 1)
	d.Target, d.Inputs = sb.Target{Task: flytetest.Task, Version: flytetest.Version}, json.RawMessage(`{"n": 9223372036854775807}`)
	at, err := a.Submit(t.Context(), d)
	require.NoError(t, err)
	require.Equal(t, sb.SeenSucceeded, over(t, a, at).Sight)
	d = submission("", "y", 1)
	d.Target = sb.Target{Task: flytetest.Task, Version: "v2"}
	_, err = a.Submit(t.Context(), d)
	require.Equal(t, sb.NotFound, sb.CodeOf(err))
}

func TestAPlanWithoutAnActiveVersionIsBlocked(t *testing.T) {
	t.Parallel()
	s := flytetest.Start(t)
	a := registered(t, s.URL, "", "")
	for target, why := range map[sb.Target]string{
		{LaunchPlan: flytetest.OK}:                               "",
		{LaunchPlan: flytetest.Idle}:                             "launch plan sb.idle has no active version in Flyte",
		{LaunchPlan: flytetest.Idle, Version: flytetest.Version}: "",
	} {
		said, err := a.Blocked(t.Context(), target)
		require.NoError(t, err)
		require.Equal(t, why, said)
	}
	faults, err := a.Faults(t.Context(), sb.Route{Target: sb.Target{LaunchPlan: flytetest.Params}, Inputs: json.RawMessage(`{"fixed": "y", "must": "x"}`)})
	require.NoError(t, err)
	require.Len(t, faults, 1)
	require.Equal(t, "is set by the launch plan itself", faults[0].Message)
}

func TestWhatAPersonTerminatesIsStopped(t *testing.T) {
	t.Parallel()
	s := flytetest.Start(t)
	a := registered(t, s.URL, "", "")
	at, err := a.Submit(t.Context(), submission(flytetest.Sleep, "x", 1))
	require.NoError(t, err)
	see(t, a, "", at)
	s.Abort(at.Name)
	require.Equal(t, sb.SeenStopped, over(t, a, at).Sight)
	o, err := a.Outcome(t.Context(), at)
	require.NoError(t, err)
	require.Equal(t, "it was terminated in Flyte: by hand", o.Message)
}

func TestCredentialsOfAClient(t *testing.T) {
	t.Parallel()
	s := flytetest.Start(t)
	s.WithLogin("s3cret/+")
	client := `, "auth": "client_credentials", "client_id": "signalbox"`
	a := registered(t, s.URL, client, `{"client_secret": "s3cret/+"}`)
	see(t, a, "")
	see(t, a, "")
	require.Equal(t, 1, s.Calls("token"))
	s.Forget()
	see(t, a, "")
	require.Equal(t, 2, s.Calls("token"), "a token that is refused is replaced once")

	for name, one := range map[string]struct{ config, secrets, words string }{
		"none where one is wanted": {"", "", "set auth to token or client_credentials"},
		"a wrong secret":           {client, `{"client_secret": "wrong"}`, "are not taken where tokens come from"},
		"a wrong token":            {`, "auth": "token"`, `{"token": "wrong"}`, "does not take the credentials"},
	} {
		checks := registered(t, s.URL, one.config, one.secrets).Probe(t.Context(), nil)
		require.Len(t, checks, 1, name)
		require.False(t, checks[0].OK)
		require.Equal(t, "credentials", checks[0].Name)
		require.Contains(t, checks[0].Detail, one.words, name)
		require.NotContains(t, checks[0].Detail, "wrong")
	}
}

func TestTheSecretGoesNowhereElseThanTheConfigSays(t *testing.T) {
	t.Parallel()
	s := flytetest.Start(t)
	s.WithLogin("s3cret")
	asked := 0
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		require.Equal(t, "/realms/x/token", r.URL.Path)
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"access_token": "first", "expires_in": 60}`))
	}))
	t.Cleanup(other.Close)
	s.TokensFrom(other.URL + "/realms/x/token")
	client := `, "auth": "client_credentials", "client_id": "signalbox", "header": "flyte-authorization"`
	a := registered(t, s.URL, client, `{"client_secret": "s3cret"}`)
	_, err := a.Look(t.Context(), nil, installation, "")
	require.Equal(t, sb.Unauthenticated, sb.CodeOf(err))
	require.ErrorContains(t, err, "name it as token_url")
	require.Zero(t, asked)
	a = registered(t, s.URL, client+`, "token_url": "`+other.URL+`/realms/x/token"`, `{"client_secret": "s3cret"}`)
	see(t, a, "")
	require.Equal(t, 1, asked)
}

func TestEveryFaultOfAConfigIsListed(t *testing.T) {
	t.Parallel()
	_, err := New(
		json.RawMessage(`{"url": "ftp://x", "auth": "client_credentials", "domain": "a/b", "header": "a b", "poll_seconds": 0.1, "bogus": 1, "ca": "no"}`),
		json.RawMessage(`{"extra": 1}`),
	)
	require.Equal(t, sb.Invalid, sb.CodeOf(err))
	var e *sb.Error
	require.ErrorAs(t, err, &e)
	var where []string
	for _, f := range e.Faults {
		where = append(where, f.Location)
	}
	require.ElementsMatch(t, []string{
		"config.bogus", "secrets.extra", "config.client_id", "config.project", "secrets.client_secret", "config.domain", "config.header",
		"config.poll_seconds", "config.url", "config.ca",
	}, where)
}

func TestEitherCasingIsRead(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{`{"launch_plan": {"resource_type": "TASK"}}`, `{"launchPlan": {"resourceType": "TASK"}}`} {
		require.Equal(t, "TASK", objectOf(json.RawMessage(raw)).object("launch_plan").text("resource_type"))
	}
	require.Empty(t, objectOf(json.RawMessage(`{"launch_plan": null}`)).text("launch_plan"))
}

func TestAllKindsOfValuesAreRead(t *testing.T) {
	t.Parallel()
	for literal, want := range map[string]string{
		`{"scalar": {"primitive": {"integer": "9223372036854775807"}}}`:                       `9223372036854775807`,
		`{"scalar": {"primitive": {"float_value": 1.5}}}`:                                     `1.5`,
		`{"scalar": {"primitive": {"floatValue": "NaN"}}}`:                                    `"NaN"`,
		`{"scalar": {"primitive": {"boolean": false}}}`:                                       `false`,
		`{"scalar": {"generic": {"a": {"bC": 1}}}}`:                                           `{"a": {"bC": 1}}`,
		`{"scalar": {"none_type": {}}}`:                                                       `null`,
		`{"scalar": {"blob": {"uri": "s3://b/x"}}}`:                                           `"s3://b/x"`,
		`{"scalar": {"structuredDataset": {"uri": "s3://b/d"}}}`:                              `"s3://b/d"`,
		`{"scalar": {"binary": {"value": "gaFuAQ==", "tag": "msgpack"}}}`:                     `{"n": 1}`,
		`{"scalar": {"binary": {"value": "AA==", "tag": "other"}}}`:                           `{"base64": "AA==", "tag": "other"}`,
		`{"collection": {"literals": [{"scalar": {"primitive": {"string_value": "x"}}}]}}`:    `["x"]`,
		`{"map": {"literals": {"someKey": {"scalar": {"primitive": {"stringValue": "x"}}}}}}`: `{"someKey": "x"}`,
		`{"scalar": {"union": {"value": {"scalar": {"primitive": {"integer": "1"}}}}}}`:       `1`,
		`{"offloaded_metadata": {"uri": "s3://b/o", "size_bytes": "1"}}`:                      `{"uri": "s3://b/o"}`,
	} {
		b, err := json.Marshal(valueOf(objectOf(json.RawMessage(literal))))
		require.NoError(t, err, literal)
		require.JSONEq(t, want, string(b), literal)
	}
}

package flyte

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/adapters/flyte/connecttest"
)

// page answers every call of a service of Flyte's with something else.
func page(status int, kind, body string) func(http.ResponseWriter, *http.Request, http.Handler) bool {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) bool {
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
		return true
	}
}

func TestAnAnswerThatIsNotFlyte2sIsNoEnd(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		with func(http.ResponseWriter, *http.Request, http.Handler) bool
		code sb.Code
	}{
		"a proxy's 404":                  {page(404, "text/html", "<html>no such backend"), sb.Unavailable},
		"a proxy's 404 in JSON":          {page(404, "application/json", `{"message":"<html>no such backend"}`), sb.Unavailable},
		"FlyteAdmin's 404":               {page(404, "application/json", `{"code":5,"message":"<html>Not Found"}`), sb.Unavailable},
		"a proxy's page":                 {page(200, "text/html", "<html>log in"), sb.Unavailable},
		"a redirect to a login":          {page(302, "text/html", "<html>log in"), sb.Unavailable},
		"a proxy's 401":                  {page(401, "text/html", "<html>go away"), sb.Unauthenticated},
		"a proxy's 403":                  {page(403, "text/html", "<html>go away"), sb.Unauthenticated},
		"Flyte's unauthenticated":        {page(401, "application/json", `{"code":"unauthenticated","message":"<html>no"}`), sb.Unauthenticated},
		"Flyte's permission_denied":      {page(403, "application/json", `{"code":"permission_denied","message":"<html>no"}`), sb.Forbidden},
		"a gateway's 502":                {page(502, "text/html", "<html>bad gateway"), sb.Unavailable},
		"too many requests":              {page(429, "application/json", `{"code":"resource_exhausted","message":"<html>slow down"}`), sb.Unavailable},
		"Flyte's unknown":                {page(500, "application/json", `{"code":"unknown","message":"<html>sql"}`), sb.Unavailable},
		"a method that is not there":     {page(501, "application/json", `{"code":"unimplemented","message":"<html>no"}`), sb.Unavailable},
		"JSON that breaks off":           {page(200, "application/json", `{"runs": [{"act`), sb.Unavailable},
		"another kind of content wanted": {page(415, "text/plain", "<html>"), sb.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := connecttest.Start(t)
			a, _ := connected(t, s)
			at := sent(t, a, attempt(a, connecttest.Sleep))
			s.Meddle(c.with)
			_, err := a.Look(t.Context(), []sb.Place{at}, installation, "")
			require.Equal(t, c.code, sb.CodeOf(err), err)
			require.NotContains(t, err.Error(), "<html>")
			require.Error(t, a.Stop(t.Context(), at, "stop"))
			_, err = a.Outcome(t.Context(), at)
			require.Error(t, err)
			require.NotEqual(t, sb.NotFound, sb.CodeOf(err))
			s.Meddle(nil)
			require.False(t, see(t, a, "", at).Places[0].Sight.Over())
		})
	}
}

func TestFlyte2IsDetected(t *testing.T) {
	t.Parallel()
	s := connecttest.Start(t)
	a, _ := connected(t, s)
	require.Equal(t, "Flyte 2 (experimental)", see(t, a, "").Version)
	checks := a.Probe(t.Context(), []sb.Route{
		{Target: sb.Target{Task: connecttest.OK, Version: "v1"}}, {Target: sb.Target{Task: connecttest.OK, Version: "v9"}}, {Target: sb.Target{LaunchPlan: "work"}},
	})
	var wrong []string
	for _, c := range checks {
		if !c.OK {
			require.NotEmpty(t, c.Fix, c.Name)
			wrong = append(wrong, c.Name)
		}
	}
	require.Equal(t, []string{"task " + connecttest.OK, "launch plan work"}, wrong)
	require.Contains(t, checks[0].Detail, "experimental")
	for name, change := range map[string]string{"has no project elsewhere": "project", "has no domain elsewhere": "domain"} {
		other, err := assemble(json.RawMessage(fmt.Sprintf(`{"url": %q, "project": %q, "domain": %q, %q: "elsewhere"}`, s.URL, connecttest.Project, connecttest.Domain, change)), nil, a.around)
		require.NoError(t, err)
		t.Cleanup(other.out.CloseIdle)
		checks = other.Probe(t.Context(), nil)
		last := checks[len(checks)-1]
		require.False(t, last.OK)
		require.Contains(t, last.Detail, name)
	}
}

func TestTheOrganisationOfFlyte2(t *testing.T) {
	t.Parallel()
	for url, org := range map[string]string{
		"https://acme.hosted.example.com": "acme", "http://localhost:8090": "", "http://10.0.0.7:8090": "", "https://flyte.local": "",
	} {
		a, err := New(json.RawMessage(fmt.Sprintf(`{"url": %q, "project": "p", "domain": "d"}`, url)), nil)
		require.NoError(t, err)
		require.Equal(t, org, (&connect{a: a}).org(), url)
	}
	a, err := New(json.RawMessage(`{"url": "https://acme.hosted.example.com", "project": "p", "domain": "d", "org": "other"}`), nil)
	require.NoError(t, err)
	require.Equal(t, "other", (&connect{a: a}).org())
}

func TestTheLogOfAPodThatIsGone(t *testing.T) {
	t.Parallel()
	s := connecttest.Start(t)
	a, _ := connected(t, s)
	at := sent(t, a, attempt(a, connecttest.OK))
	see(t, a, "", at)
	s.Finish()
	s.DropPods()
	_, err := a.Log(t.Context(), at, sb.Part{Source: rootAction}, 1)
	require.Equal(t, sb.NotFound, sb.CodeOf(err), err)
}

func TestTheLogOfWhatRunsComesAsItIsWritten(t *testing.T) {
	t.Parallel()
	s := connecttest.Start(t)
	a, _ := connected(t, s)
	at := sent(t, a, attempt(a, connecttest.Sleep))
	for see(t, a, "", at).Places[0].Word != "running" {
		require.NoError(t, t.Context().Err())
	}
	body, err := a.Log(t.Context(), at, sb.Part{Source: rootAction}, 1)
	require.NoError(t, err)
	first := make([]byte, 4096)
	n, err := body.Read(first)
	require.NoError(t, err)
	_, severity, text, known := sb.ParseLine(first[:n-1])
	require.True(t, known)
	require.Equal(t, sb.Info, severity)
	require.Equal(t, "line 0 of a0", string(text))
	require.NoError(t, body.Close())
}

// frame is a part of a stream.
func frame(flags byte, message string) string {
	return string(binary.BigEndian.AppendUint32([]byte{flags}, uint32(len(message)))) + message
}

func TestStreamsOfFlyte2ThatAreNotWhole(t *testing.T) {
	t.Parallel()
	line := frame(0, `{"logs":[{"lines":[{"message":"one"}]}]}`)
	for name, c := range map[string]struct {
		kind, body string
		opens      bool
		code       sb.Code // of opening, or of reading to the end; "" for none
	}{
		"whole":                          {"", line + frame(2, `{}`), true, ""},
		"without a last frame":           {"", line, true, sb.Unavailable},
		"broken off in a frame":          {"", line + line[:9], true, sb.Unavailable},
		"an error after lines":           {"", line + frame(2, `{"error":{"code":"internal","message":"secret"}}`), true, sb.Unavailable},
		"an error at once":               {"", frame(2, `{"error":{"code":"internal","message":"secret"}}`), false, sb.Unavailable},
		"nothing at all":                 {"", "", false, sb.Unavailable},
		"no lines":                       {"", frame(0, `{}`) + frame(2, `{}`), false, sb.NotFound},
		"a frame of 4 GiB":               {"", "\x00\xff\xff\xff\xff", false, sb.Unavailable},
		"a frame that is compressed":     {"", frame(1, "x"), false, sb.Unavailable},
		"a message that cannot be read":  {"", frame(0, `{"logs":`), false, sb.Unavailable},
		"a last frame that is no object": {"", line + frame(2, `secret`), true, sb.Unavailable},
		"a page":                         {"text/html", "<html>log in", false, sb.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := connecttest.Start(t)
			a, _ := connected(t, s)
			at := sent(t, a, attempt(a, connecttest.OK))
			kind := c.kind
			if kind == "" {
				kind = "application/connect+json"
			}
			s.Meddle(page(200, kind, c.body))
			body, err := a.Log(t.Context(), at, sb.Part{Source: rootAction}, 1)
			if c.opens {
				require.NoError(t, err)
				var all []byte
				all, err = io.ReadAll(body)
				require.Equal(t, "one\n", string(all))
				require.NoError(t, body.Close())
			}
			require.Equal(t, c.code, sb.CodeOf(err), err)
			if err != nil {
				require.NotContains(t, err.Error(), "secret")
			}
		})
	}
}

func TestALineOfALogIsWrittenOnce(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 5, 1, 10, 0, 0, 0, time.UTC)
	for line, wanted := range map[string]string{
		"plain":        "2026-05-01T10:00:00.000000Z INFO plain\n",
		"WARNING: hot": "2026-05-01T10:00:00.000000Z WARNING hot\n",
		"2026-05-01 09:59:59,000 - w - ERROR - it broke": "2026-05-01 09:59:59,000 - w - ERROR - it broke\n",
	} {
		require.Equal(t, wanted, string(appendLine(nil, &at, []byte(line))))
	}
	require.Equal(t, "plain\n", string(appendLine(nil, nil, []byte("plain"))))
}

func TestThePhasesOfFlyte2(t *testing.T) {
	t.Parallel()
	for phase, sight := range map[string]sb.Sight{
		"": sb.SeenWaiting, "ACTION_PHASE_UNSPECIFIED": sb.SeenWaiting, "ACTION_PHASE_QUEUED": sb.SeenWaiting,
		"ACTION_PHASE_WAITING_FOR_RESOURCES": sb.SeenWaiting, "ACTION_PHASE_INITIALIZING": sb.SeenWaiting, "ACTION_PHASE_RUNNING": sb.SeenActive,
		"ACTION_PHASE_PAUSED": sb.SeenActive, "ACTION_PHASE_SUCCEEDED": sb.SeenSucceeded, "ACTION_PHASE_RECOVERED": sb.SeenSucceeded,
		"ACTION_PHASE_FAILED": sb.SeenFailed, "ACTION_PHASE_TIMED_OUT": sb.SeenFailed, "ACTION_PHASE_ABORTED": sb.SeenStopped,
		"ACTION_PHASE_OF_LATER": sb.SeenActive,
	} {
		require.Equal(t, sight, connectStatus{Phase: phase}.sight(), phase)
	}
}

package airflow

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/adapters/airflow/airflowtest"
)

// answers are what a gateway, a proxy or a server in trouble gives in place of Airflow's answer.
var answers = map[string]struct {
	status int
	head   map[string]string
	body   string
}{
	"too many requests, come in an hour": {429, map[string]string{"Retry-After": "3600"}, `{"detail":"slow down"}`},
	"an error of the server":             {500, nil, "Internal Server Error"},
	"a gateway that met a broken server": {502, nil, "<html>bad gateway"},
	"unavailable for an hour":            {503, map[string]string{"Retry-After": "3600"}, "<html>maintenance"},
	"a gateway that waited too long":     {504, nil, "<html>gateway time-out"},
	"a redirect to a login page":         {302, map[string]string{"Location": "/login?next=/"}, ""},
	"a redirect to another host":         {307, map[string]string{"Location": "http://login.example.com/"}, ""},
	"a login page":                       {200, map[string]string{"Content-Type": "text/html"}, "<html>log in"},
	"JSON that breaks off":               {200, map[string]string{"Content-Type": "application/json"}, `{"dag_run_id": "signalbox-`},
	"JSON of something else":             {200, map[string]string{"Content-Type": "application/json"}, `{"status": "ok"}`},
	"a body without an end":              {200, map[string]string{"Content-Type": "application/json"}, strings.Repeat(" ", 9<<20)},
}

// Whatever the answer to a start is, and whether the start was done or not: there is one run in the end, and nothing counts
// as started that is not there.
func TestAStartThatIsNotAnsweredByAirflow(t *testing.T) {
	t.Parallel()
	for name, answer := range answers {
		for _, version := range versions {
			for _, done := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s, %s, done: %v", name, version, done), func(t *testing.T) {
					t.Parallel()
					s := airflowtest.Start(t, version)
					a := registered(t, s.URL, "")
					starts := 0
					s.Meddle(func(w http.ResponseWriter, r *http.Request, next http.Handler) bool {
						if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/dagRuns") || starts > 0 {
							return false
						}
						if starts++; done {
							next.ServeHTTP(httptest.NewRecorder(), r)
						}
						for key, value := range answer.head {
							w.Header().Set(key, value)
						}
						w.WriteHeader(answer.status)
						_, _ = w.Write([]byte(answer.body))
						return true
					})
					d := submission(airflowtest.Sleep, "x")
					at, err := a.Submit(t.Context(), d)
					if err != nil {
						require.Equal(t, sb.Unavailable, sb.CodeOf(err), err)
						require.NotContains(t, err.Error(), "<html>")
						require.False(t, done, "it is there, and can be asked for")
						at = submit(t, a, airflowtest.Sleep, "x")
					}
					require.Equal(t, d.Name, at.Name)
					require.Equal(t, 1, s.Runs(airflowtest.Sleep, d.Name))
				})
			}
		}
	}
}

//go:build e2e

package e2e

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/client"
)

const leakyManifest = `name: "@test/leaky"
operators: [say, fail]
secrets: [PLANTED_KEY, NOT_THERE]
signalbox:
  operators:
    say: {command: [sh, say.sh]}
    fail: {command: [sh, fail.sh]}
`

const leakyHead = `[ "${#PLANTED_KEY}" = 22 ] || exit 9
[ -z "${NOT_THERE+x}" ] || exit 8
if grep -q planted "$SIGNALBOX_CONTEXT"; then exit 7; fi
echo "the key is $PLANTED_KEY, the token is $SIGNALBOX_TOKEN"
printf %s "in pieces: "; printf %s "$PLANTED_KEY" | cut -c1-12 | tr -d '\n'; sleep 0.3; printf %s "$PLANTED_KEY" | cut -c13-
signalbox report progress 0.5 "with $PLANTED_KEY"
`

// zipOf packs files, given as name and text in turn.
func zipOf(t *testing.T, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		f, err := w.Create(files[i])
		require.NoError(t, err)
		_, err = io.WriteString(f, files[i+1])
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return b.Bytes()
}

// Everything secret goes through the real flows, and is then looked for in all that is kept and shown.
func TestNoSecretIsLeftAnywhere(t *testing.T) {
	t.Parallel()
	const value = `planted "secret" value`
	w := newWorld(t)
	n := w.dev()
	ctx := t.Context()
	planted := value
	_, err := w.client.Secrets.Create(ctx, client.SecretPatch{Key: "PLANTED_KEY", Value: &planted})
	require.NoError(t, err)
	key, err := w.client.Me.Keys().Create(ctx, client.KeyDraft{Name: "planted"})
	require.NoError(t, err)
	place, err := w.client.Orchestrators.Keys("builtin").Create(ctx, client.KeyDraft{Name: "planted"})
	require.NoError(t, err)
	invited, err := w.client.Invitations.Send(ctx, "planted@example.org", sb.Guest)
	require.NoError(t, err)
	opened := newVisitor(t, w.url).get(invited.Link)
	require.Equal(t, http.StatusOK, opened.status, opened.body)
	_, token, _ := strings.Cut(invited.Link, "token=")
	_, err = w.client.Plugins.Install(ctx, bytes.NewReader(zipOf(t, "fiftyone.yml", leakyManifest,
		"say.sh", leakyHead+`printf '{"key":"%s"}' "$(printf %s "$PLANTED_KEY" | sed 's/"/\\"/g')" > "$SIGNALBOX_RESULT"`,
		"fail.sh", leakyHead+`echo "$PLANTED_KEY" >&2; signalbox report failure "no $PLANTED_KEY" --stack "at $PLANTED_KEY"; exit 1`)), client.Install{})
	require.NoError(t, err)

	var shown strings.Builder
	shown.WriteString(opened.body)
	var last string
	for operator, status := range map[string]sb.Status{"say": sb.Completed, "fail": sb.Failed} {
		run := w.over(w.schedule("@test/leaky/"+operator, nil).ID)
		require.Equal(t, status, run.Status, "%+v", run.Failure)
		run = w.await(run.ID, "logged", func(r client.Run) bool { return r.Log != nil })
		_, err := w.client.Runs.Download(ctx, run.ID, &shown, 0)
		require.NoError(t, err)
		shown.Write(run.JSON)
		last = run.ID
	}
	require.Contains(t, shown.String(), "the key is ***, the token is ***")
	require.Contains(t, shown.String(), "in pieces: ***")
	require.Contains(t, shown.String(), `"key":"***"`)
	require.Contains(t, shown.String(), "no ***")
	require.Contains(t, shown.String(), "The secret NOT_THERE does not exist here")

	for path, body := range map[string]string{
		"/secrets": `{"key":"PLANTED_KEY","value":"` + strings.ReplaceAll(value, `"`, `\"`) + `"}`, "/datasets": `{"name":{"x":"` + key.Key + `"}}`,
	} {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url+"/api/v1"+path, strings.NewReader(body))
		require.NoError(t, err)
		req.Header.Set("X-API-Key", key.Key)
		req.Header.Set("Content-Type", "application/json")
		answer, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		text, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		require.GreaterOrEqual(t, answer.StatusCode, 400)
		shown.Write(text)
	}
	for _, path := range []string{"audit", "runs", "secrets", "orchestrators", "me/keys", "settings", "doctor", "invitations"} {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.url+"/api/v1/"+path, http.NoBody)
		require.NoError(t, err)
		req.Header.Set("X-API-Key", key.Key)
		answer, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		_, err = io.Copy(&shown, answer.Body)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		require.Equal(t, http.StatusOK, answer.StatusCode, path)
	}
	require.Zero(t, n.end(), "what was in memory is written")

	escaped, err := json.Marshal(value)
	require.NoError(t, err)
	needles := map[string]string{
		"the secret": value, "the secret in JSON": strings.Trim(string(escaped), `"`), "an API key": key.Key, "an orchestrator key": place.Key, "a run token": "sbr_", "an invitation's token": token,
	}
	for file, what := range map[string]string{"admin.key": "the admin's key", "worker.key": "the worker's key"} {
		text, err := os.ReadFile(filepath.Join(w.dir, file))
		require.NoError(t, err)
		needles[what] = strings.TrimSpace(string(text))
	}
	where := map[string][]byte{"what was shown": []byte(shown.String()), "what the process said": []byte(n.out.String())}
	require.NoError(t, filepath.WalkDir(w.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() || entry.Name() == "admin.key" || entry.Name() == "worker.key" {
			return err
		}
		text, err := os.ReadFile(path)
		where[path] = text
		return err
	}))
	for begin, known := range map[string]string{"signalbox.db": "PLANTED_KEY", "temporal.db": "run:" + last} {
		found := false
		for name, text := range where {
			found = found || strings.HasPrefix(filepath.Base(name), begin) && bytes.Contains(text, []byte(known))
		}
		require.True(t, found, "the search finds what is in %s, or in the file beside it", begin)
	}
	for name, text := range where {
		for what, needle := range needles {
			if i := bytes.Index(text, []byte(needle)); i >= 0 {
				t.Errorf("%s is in %s: %q", what, name, text[max(0, i-80):min(len(text), i+80)])
			}
		}
	}
}

package providers

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	sb "signalbox"
)

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func TestProvidersAreReadWithoutAskingThem(t *testing.T) {
	t.Parallel()
	secret := write(t, "secret", "s\n")
	list, err := Read(write(t, "p.yaml", `
oidc:
  - name: company
    issuer: https://login.nowhere.example
    client_id: signalbox
    client_secret_file: `+secret+`
    mapping: {role: {from: roles, values: {boss: admin}}, groups: {from: groups}}
saml:
  - {name: old, label: The old one, metadata_url: "https://idp.nowhere.example/metadata", domains: [example.org]}
`), "https://signalbox.example.org")
	require.NoError(t, err)
	require.Len(t, list, 2)
	require.Equal(t, sb.Provider{Name: "company", Label: "company", Kind: sb.OIDC}, list[0].About())
	require.Equal(t, sb.Provider{Name: "old", Label: "The old one", Kind: sb.SAML}, list[1].About())
}

func TestAnEmptyFileHasNoProviders(t *testing.T) {
	t.Parallel()
	list, err := Read(write(t, "p.yaml", ""), "https://signalbox.example.org")
	require.NoError(t, err)
	require.Empty(t, list)
}

func TestEveryFaultOfTheFileIsTold(t *testing.T) {
	t.Parallel()
	_, err := Read(write(t, "p.yaml", `
oidc:
  - {name: Company!, issuer: "http://login.example.org", client_secret_file: /nowhere/at/all}
  - {name: demo, issuer: "https://x.example", client_id: a, mapping: {role: {from: r, values: {x: owner}}, groups: {values: {a: b}}}}
saml:
  - {name: one, metadata_url: "https://x.example", metadata_file: x}
  - {name: one, metadata_file: `+write(t, "m.xml", "<x/>")+`, certificate_file: x}
`), "https://signalbox.example.org")
	var e *sb.Error
	require.ErrorAs(t, err, &e)
	var places []string
	for _, f := range e.Faults {
		places = append(places, f.Location)
	}
	require.ElementsMatch(t, []string{
		"oidc[0].name", "oidc[0].issuer", "oidc[0].client_id", "oidc[0].client_secret_file",
		"oidc[1].name", "oidc[1].mapping.role.values.x", "oidc[1].mapping.groups.from",
		"saml[0]", "saml[0].metadata_file", "saml[1].name", "saml[1].metadata_file", "saml[1]",
	}, places)
}

func TestAFieldThatDoesNotExistIsAFault(t *testing.T) {
	t.Parallel()
	_, err := Read(write(t, "p.yaml", "oidc: [{name: a, client_secret: hunter2}]"), "")
	require.Equal(t, sb.Invalid, sb.CodeOf(err))
	require.ErrorContains(t, err, "client_secret")
	require.NotContains(t, err.Error(), "hunter2")
	_, err = Read("/nowhere/at/all", "")
	require.Equal(t, sb.Invalid, sb.CodeOf(err))
}

func TestWhatIsNotReached(t *testing.T) {
	t.Parallel()
	for address, fine := range map[string]bool{
		"127.0.0.1:80": true, "10.0.0.1:80": true, "[::1]:80": true, "192.0.2.1:443": true, "169.254.169.254:80": false,
		"[::ffff:169.254.169.254]:80": false, "[fe80::1]:80": false, "0.0.0.0:80": false, "[::]:80": false, "[fd00:ec2::254]:80": false,
		"224.0.0.1:80": false,
	} {
		require.Equal(t, fine, usual("tcp", address, nil) == nil, address)
	}
}

func TestRedirectsStayAndAnswersEnd(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(elsewhere.Close)
	m := http.NewServeMux()
	s := httptest.NewServer(m)
	t.Cleanup(s.Close)
	m.HandleFunc("/here", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("x")) })
	m.Handle("/stays", http.RedirectHandler("/here", http.StatusFound))
	m.Handle("/leaves", http.RedirectHandler(elsewhere.URL, http.StatusFound))
	m.HandleFunc("/long", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, maxAnswer+1)) })
	c := outgoing()
	t.Cleanup(c.CloseIdleConnections)
	for path, fine := range map[string]bool{"/here": true, "/stays": true, "/leaves": false, "/long": false, "/nowhere": false} {
		_, err := fetch(c, s.URL+path)(t.Context())
		require.Equal(t, fine, err == nil, path)
	}
}

//go:build e2e

package e2e

import (
	"archive/zip"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"html"
	"io"
	"math/big"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const keycloakVersion = "26.0.7"

// keycloak unpacks and starts a real Keycloak with a realm that knows us and our certificate, and gives its address.
func keycloak(t *testing.T, home, certificate string) string {
	t.Helper()
	if _, err := exec.LookPath("java"); err != nil {
		t.Skip("Java is not installed, so Keycloak cannot run")
	}
	user, err := os.UserHomeDir()
	require.NoError(t, err)
	archive := filepath.Join(user, ".m2/repository/org/keycloak/keycloak-quarkus-dist", keycloakVersion, "keycloak-quarkus-dist-"+keycloakVersion+".zip")
	require.FileExists(t, archive, "make keycloak gets it")
	dir := t.TempDir()
	unzip(t, archive, dir)
	dir = filepath.Join(dir, "keycloak-"+keycloakVersion)
	realm, err := os.ReadFile("testdata/realm.json")
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "data", "import"), 0o700))
	known := strings.NewReplacer("HOME", home, "CERTIFICATE", certificate).Replace(string(realm))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "data", "import", "lab.json"), []byte(known), 0o600))
	listen := address(t)
	_, port, _ := strings.Cut(listen, ":")
	cmd := exec.Command("sh", filepath.Join(dir, "bin", "kc.sh"), "start-dev", "--http-host=127.0.0.1", "--http-port="+port, "--import-realm")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	out := &output{more: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = out, out
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
	})
	late := time.After(patience)
	for {
		answer, err := http.Get("http://" + listen + "/realms/lab/.well-known/openid-configuration")
		if err == nil {
			_ = answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return "http://" + listen
			}
		}
		select {
		case <-late:
			t.Fatalf("Keycloak is not ready:\n%s", tail(out.String(), 4000))
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func unzip(t *testing.T, archive, dir string) {
	t.Helper()
	z, err := zip.OpenReader(archive)
	require.NoError(t, err)
	defer z.Close()
	require.NoError(t, os.CopyFS(dir, z))
}

// visitor is a browser with cookies; it follows redirects.
type visitor struct {
	t    *testing.T
	web  *http.Client
	home string
}

func newVisitor(t *testing.T, home string) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return &visitor{t, &http.Client{Jar: jar, Timeout: patience}, home}
}

type shown struct {
	status int
	url    *url.URL
	body   string
}

func (v *visitor) read(resp *http.Response, err error) shown {
	v.t.Helper()
	require.NoError(v.t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(v.t, err)
	return shown{resp.StatusCode, resp.Request.URL, string(body)}
}

func (v *visitor) get(address string) shown { v.t.Helper(); return v.read(v.web.Get(address)) }

func (v *visitor) post(address string, form url.Values) shown {
	v.t.Helper()
	return v.read(v.web.PostForm(address, form))
}

var (
	formAction = regexp.MustCompile(`(?i)<form[^>]*\saction="([^"]+)"`)
	formField  = regexp.MustCompile(`(?i)<input[^>]*\sname="([^"]+)"[^>]*\svalue="([^"]*)"`)
)

// form is the form of a page with its hidden fields.
func (v *visitor) form(p shown) (string, url.Values) {
	v.t.Helper()
	action := formAction.FindStringSubmatch(p.body)
	require.NotNil(v.t, action, p.body)
	values := url.Values{}
	for _, field := range formField.FindAllStringSubmatch(p.body, -1) {
		values.Set(html.UnescapeString(field[1]), html.UnescapeString(field[2]))
	}
	return html.UnescapeString(action[1]), values
}

// logIn logs in at Keycloak, and gives what it answers.
func (v *visitor) logIn(provider, user string) shown {
	v.t.Helper()
	page := v.get(v.home + "/auth/" + provider + "/login?return_to=/healthz")
	action, _ := v.form(page)
	return v.post(action, url.Values{"username": {user}, "password": {"secret-" + user}})
}

func (v *visitor) me() (int, map[string]any) {
	v.t.Helper()
	p := v.get(v.home + "/api/v1/me")
	out := map[string]any{}
	require.NoError(v.t, json.Unmarshal([]byte(p.body), &out), p.body)
	return p.status, out
}

const providersFile = `
oidc:
  - name: kc
    label: Keycloak
    issuer: KEYCLOAK/realms/lab
    client_id: signalbox
    client_secret_file: client.secret
    mapping:
      role: {from: roles, values: {boss: admin}}
      groups: {from: groups}
saml:
  - name: kc-saml
    label: Keycloak by SAML
    metadata_url: KEYCLOAK/realms/lab/protocol/saml/descriptor
    attributes: {email: email, name: name}
    domains: [example.org]
  - name: kc-sealed
    label: Keycloak by encrypted SAML
    metadata_url: KEYCLOAK/realms/lab/protocol/saml/descriptor
    attributes: {email: email, name: name}
    domains: [example.org]
    certificate_file: saml.crt
    key_file: saml.key
    allow_unsolicited: true
`

// samlKey makes our key and its certificate, for the file of providers in a folder, and gives the certificate.
func samlKey(t *testing.T, dir string) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	about := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, about, about, &key.PublicKey, key)
	require.NoError(t, err)
	for name, block := range map[string]*pem.Block{
		"saml.crt": {Type: "CERTIFICATE", Bytes: der}, "saml.key": {Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)},
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600))
	}
	return base64.StdEncoding.EncodeToString(der)
}

func TestLoginAtAKeycloak(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	dir := t.TempDir()
	kc := keycloak(t, w.url, samlKey(t, dir))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "client.secret"), []byte("the-client-secret\n"), 0o600))
	file := filepath.Join(dir, "providers.yaml")
	require.NoError(t, os.WriteFile(file, []byte(strings.ReplaceAll(providersFile, "KEYCLOAK", kc)), 0o600))
	post, mail := mailServer(t)
	w.dev(append(mail, "SIGNALBOX_PROVIDERS_FILE="+file)...)
	out, code := w.cli("groups", "create", "red")
	require.Zero(t, code, out)

	ann := newVisitor(t, w.url)
	page := ann.get(w.url + "/login")
	require.Contains(t, page.body, "Continue with Keycloak")
	require.NotContains(t, page.body, "Continue as admin", "the demonstration is off")

	page = ann.logIn("kc", "ann")
	require.Equal(t, w.url+"/healthz", page.url.String(), page.body)
	_, me := ann.me()
	require.Equal(t, "ann@example.org", me["email"])
	require.Equal(t, "admin", me["role"], "by the mapping of roles")
	require.Contains(t, me["groups"].([]any)[0], "name")

	saml := newVisitor(t, w.url)
	action, answer := saml.form(saml.logIn("kc-saml", "ann"))
	require.Equal(t, w.url+"/auth/kc-saml/acs", action)
	page = saml.post(action, answer)
	require.Equal(t, w.url+"/healthz", page.url.String(), page.body)
	_, same := saml.me()
	require.Equal(t, me["id"], same["id"], "one address, one user")
	require.Equal(t, http.StatusUnauthorized, saml.post(action, answer).status, "an answer is good once")

	fresh := newVisitor(t, w.url)
	_, changed := fresh.form(fresh.logIn("kc-saml", "bob"))
	changed.Set("SAMLResponse", answer.Get("SAMLResponse"))
	require.Equal(t, http.StatusUnauthorized, fresh.post(action, changed).status, "nor is it for another login")

	bob := newVisitor(t, w.url)
	bob.logIn("kc", "bob")
	_, other := bob.me()
	require.Equal(t, "", other["email"], "Keycloak did not verify it")
	require.Equal(t, "member", other["role"])

	sealedLogins(t, w, kc, me["id"])
	wayBackIn(t, w, ann)
	for name, v := range map[string]*visitor{"OpenID Connect": ann, "SAML": saml} {
		page = v.post(w.url+"/auth/logout", url.Values{})
		forward := regexp.MustCompile(`http-equiv="refresh" content="0;url=([^"]+)"`).FindStringSubmatch(page.body)
		require.NotNil(t, forward, page.body)
		page = v.get(html.UnescapeString(forward[1]))
		require.Equal(t, w.url+"/login", page.url.String(), "%s: Keycloak logs out and sends us home: %s", name, tail(page.body, 2000))
		status, _ := v.me()
		require.Equal(t, http.StatusUnauthorized, status)
	}
	page = ann.get(w.url + "/auth/kc/login")
	require.Contains(t, page.body, "password", "Keycloak asks again")

	t.Run("by invitation only", func(t *testing.T) { invitedStrangers(t, w, post) })
}

// sealedLogins are those whose assertions are encrypted: begun here, and begun at Keycloak.
func sealedLogins(t *testing.T, w *world, kc string, ann any) {
	t.Helper()
	here := newVisitor(t, w.url)
	action, answer := here.form(here.logIn("kc-sealed", "ann"))
	require.Equal(t, w.url+"/auth/kc-sealed/acs", action)
	text, err := base64.StdEncoding.DecodeString(answer.Get("SAMLResponse"))
	require.NoError(t, err)
	require.Contains(t, string(text), "EncryptedAssertion")
	page := here.post(action, answer)
	require.Equal(t, w.url+"/healthz", page.url.String(), page.body)
	_, me := here.me()
	require.Equal(t, ann, me["id"])

	there := newVisitor(t, w.url)
	action, _ = there.form(there.get(kc + "/realms/lab/protocol/saml/clients/signalbox"))
	action, answer = there.form(there.post(action, url.Values{"username": {"ann"}, "password": {"secret-ann"}}))
	require.Equal(t, w.url+"/auth/kc-sealed/acs/unsolicited", action)
	for _, other := range []string{"/auth/kc-saml/acs/unsolicited", "/auth/kc-sealed/acs"} {
		form := url.Values{"SAMLResponse": answer["SAMLResponse"], "again": {"1"}}
		require.Equal(t, http.StatusUnauthorized, there.post(w.url+other, form).status, other)
	}
	page = there.post(action, answer)
	require.Equal(t, http.StatusOK, page.status, page.body)
	require.Equal(t, w.url, page.url.Scheme+"://"+page.url.Host)
	_, me = there.me()
	require.Equal(t, ann, me["id"])
	require.Equal(t, http.StatusUnauthorized, newVisitor(t, w.url).post(action, answer).status, "it too is good once")
}

func TestDemonstrationUsersEndWithTheDemonstration(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := w.dev("SIGNALBOX_DEMO=1")
	v := newVisitor(t, w.url)
	v.post(w.url+"/auth/demo", url.Values{"user": {"admin"}, "return_to": {"/healthz"}})
	status, me := v.me()
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, "admin", me["role"])
	n.out.await(t, "Signalbox is running.")
	guest := newVisitor(t, w.url)
	guest.post(w.url+"/auth/demo", url.Values{"user": {"guest"}, "return_to": {"/healthz"}})
	for range 3 {
		require.Equal(t, http.StatusForbidden, guest.get(w.url+"/api/v1/users").status)
	}
	require.Zero(t, n.end())

	n = w.dev("SIGNALBOX_DEMO=0")
	for _, was := range []*visitor{v, guest} {
		status, _ = was.me()
		require.Equal(t, http.StatusUnauthorized, status)
	}
	told, code := w.cli("audit", "list", "--outcome", "refused")
	require.Zero(t, code, told)
	require.Contains(t, told, "Demo guest", "a graceful end keeps what was refused in its last second")
	out, code := w.cli("users", "list")
	require.Zero(t, code, out)
	require.NotContains(t, out, "Demo")
	require.Zero(t, n.end())

	w.dev("SIGNALBOX_DEMO=1")
	v.post(w.url+"/auth/demo", url.Values{"user": {"admin"}, "return_to": {"/healthz"}})
	_, again := v.me()
	require.Equal(t, me["id"], again["id"])
}

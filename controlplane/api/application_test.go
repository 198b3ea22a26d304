package api

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

func builtPages() fstest.MapFS {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	return fstest.MapFS{
		"index.html":            file(`<meta nonce="` + nonceMark + `"><script type="module" src="/assets/app-1a2b.js"></script><main>the application</main>`),
		"theme.js":              file("theme"),
		"assets/app-1a2b.js":    file("plain"),
		"assets/app-1a2b.js.br": file("by brotli"),
		"assets/app-1a2b.js.gz": file("by gzip"),
	}
}

func fetched(t *testing.T, pages fstest.MapFS, method, address string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	d := Deps{}
	if pages != nil {
		d.Pages = pages
	}
	r := httptest.NewRequest(method, address, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	New(d).ServeHTTP(w, r)
	return w
}

const ofBrowser = "text/html,application/xhtml+xml,*/*;q=0.8"

func TestEveryAddressOfAPageAnswersWithTheApplication(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"/", "/runs", "/d/a%2Fb/runs?status=failed", "/runs/01J", "/nowhere"} {
		got := fetched(t, builtPages(), "GET", address, "Accept", ofBrowser)
		require.Equal(t, http.StatusOK, got.Code, address)
		require.Contains(t, got.Body.String(), "the application", address)
		require.Equal(t, "no-store", got.Header().Get("Cache-Control"))
	}
}

func TestWhatIsNoPageStaysNotFound(t *testing.T) {
	t.Parallel()
	for _, ask := range [][]string{
		{"GET", "/api/v1/nowhere", ofBrowser},
		{"GET", "/api", ofBrowser},
		{"GET", "/auth/x/y/z", ofBrowser},
		{"GET", "/docs/x/y.js", ofBrowser},
		{"GET", "/assets/app-of-yesterday.js", ofBrowser},
		{"GET", "/assets/../index.html", ofBrowser},
		{"GET", "/assets/", ofBrowser},
		{"GET", "/runs", "*/*"},
		{"GET", "/nowhere", "application/json"},
		{"POST", "/runs", ofBrowser},
	} {
		got := fetched(t, builtPages(), ask[0], ask[1], "Accept", ask[2])
		require.Contains(t, []int{http.StatusNotFound, http.StatusMethodNotAllowed}, got.Code, ask)
		require.NotContains(t, got.Body.String(), "the application", ask)
	}
}

func TestEachAnswerHasANonceOfItsOwn(t *testing.T) {
	t.Parallel()
	nonce := func() string {
		got := fetched(t, builtPages(), "GET", "/", "Accept", ofBrowser)
		_, after, ok := strings.Cut(got.Body.String(), `nonce="`)
		require.True(t, ok)
		nonce, _, _ := strings.Cut(after, `"`)
		policy := got.Header().Get("Content-Security-Policy")
		require.Contains(t, policy, "style-src 'self' 'nonce-"+nonce+"';")
		require.Contains(t, policy, "script-src 'self';")
		require.GreaterOrEqual(t, len(nonce), 22)
		return nonce
	}
	require.NotEqual(t, nonce(), nonce())
}

func TestBuiltFilesComePackedAndAreKept(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ accepts, encoding, body string }{
		{"gzip, deflate, br, zstd", "br", "by brotli"},
		{"gzip, br;q=0", "gzip", "by gzip"},
		{"br;q=0.5", "br", "by brotli"},
		{"identity", "", "plain"},
		{"", "", "plain"},
	} {
		got := fetched(t, builtPages(), "GET", "/assets/app-1a2b.js", "Accept-Encoding", row.accepts)
		require.Equal(t, row.body, got.Body.String(), row.accepts)
		require.Equal(t, row.encoding, got.Header().Get("Content-Encoding"), row.accepts)
		require.Equal(t, "text/javascript; charset=utf-8", got.Header().Get("Content-Type"))
		require.Contains(t, got.Header().Get("Cache-Control"), "immutable")
		require.Contains(t, got.Header().Values("Vary"), "Accept-Encoding")
	}
}

func TestAFileWithoutAHashIsAskedForAgain(t *testing.T) {
	t.Parallel()
	first := fetched(t, builtPages(), "GET", "/theme.js")
	require.Equal(t, "theme", first.Body.String())
	require.Equal(t, "no-cache", first.Header().Get("Cache-Control"))
	again := fetched(t, builtPages(), "GET", "/theme.js", "If-None-Match", first.Header().Get("ETag"))
	require.Equal(t, http.StatusNotModified, again.Code)
	require.Empty(t, again.Body.String())
}

func TestWithoutBuiltPagesTheServerSaysHowToBuildThem(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"/", "/runs"} {
		got := fetched(t, nil, "GET", address, "Accept", ofBrowser)
		require.Equal(t, http.StatusOK, got.Code)
		require.Contains(t, got.Body.String(), "make build")
		require.Contains(t, got.Body.String(), "/docs")
	}
}

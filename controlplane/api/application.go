package api

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"strings"

	"github.com/gin-gonic/gin"
)

// application is the web application: files that browsers keep, and one page for every address, which a script fills.
type application struct {
	files fs.FS
	shell []byte   // the page; nil where the files were not built
	first []string // the addresses of the scripts that it begins with
}

// nonceMark stands in the built page where its nonce goes.
const nonceMark = "nonce-of-this-answer"

// applicationPolicy lets the application use what comes from here and nothing else. Style sheets that a script adds need the
// nonce; the style of a single element, by which things are placed, does not.
const applicationPolicy = "default-src 'self'; script-src 'self'; style-src 'self' 'nonce-" + nonceMark + "'; style-src-attr 'unsafe-inline'; " +
	"img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

const (
	forEver    = "public, max-age=31536000, immutable" // for names that carry a hash of what is in them
	askedAgain = "no-cache"                            // for names that stay
)

// builtTypes are the content types of built files; those of the machine that serves do not count.
var builtTypes = map[string]string{
	".css": "text/css; charset=utf-8", ".ico": "image/x-icon", ".js": "text/javascript; charset=utf-8", ".json": "application/json",
	".png": "image/png", ".svg": "image/svg+xml", ".txt": "text/plain; charset=utf-8", ".woff2": "font/woff2",
}

var scriptAddress = regexp.MustCompile(`(?:src|href)="(/assets/[^"]+\.js)"`)

func newApplication(files fs.FS) application {
	if files == nil {
		return application{}
	}
	shell, err := fs.ReadFile(files, "index.html")
	if err != nil {
		return application{}
	}
	a := application{files: files, shell: shell}
	for _, found := range scriptAddress.FindAllSubmatch(shell, -1) {
		a.first = append(a.first, string(found[1]))
	}
	return a
}

// applicationRoutes serve the built files. Pages have no routes here: see noRoute.
func (s *server) applicationRoutes(g *gin.Engine) {
	g.GET("/", s.applicationPage)
	if s.app.files == nil {
		return
	}
	g.GET("/assets/*file", func(c *gin.Context) { s.builtFile(c, path.Join("assets", c.Param("file")), forEver) })
	entries, _ := fs.ReadDir(s.app.files, ".") // an error leaves files out, which then are not found
	for _, e := range entries {
		if name := e.Name(); !e.IsDir() && builtTypes[path.Ext(name)] != "" {
			g.GET("/"+name, func(c *gin.Context) { s.builtFile(c, name, askedAgain) })
		}
	}
}

// pageAt tells whether a browser asks for a page of the application, whose addresses are known to the application only.
func pageAt(r *http.Request) bool {
	first, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	switch first {
	case "api", "auth", "docs", "assets":
		return false
	}
	return r.Method == http.MethodGet && strings.Contains(r.Header.Get("Accept"), "text/html")
}

// applicationPage answers with the one page, under a nonce of its own.
func (s *server) applicationPage(c *gin.Context) {
	if s.app.shell == nil {
		s.render(c, http.StatusOK, "message", page{
			Title: "No pages in this build", Link: "/docs", LinkText: "API documentation",
			Message: "This program was compiled without its pages. With Node installed, `make build` makes one that has them. The API and the command line work all the same.",
		})
		return
	}
	nonce := rand.Text()
	c.Header("Content-Security-Policy", strings.ReplaceAll(applicationPolicy, nonceMark, nonce))
	c.Header("Referrer-Policy", "same-origin")
	c.Data(http.StatusOK, "text/html; charset=utf-8", bytes.ReplaceAll(s.app.shell, []byte(nonceMark), []byte(nonce)))
}

// builtFile answers with a built file, packed as the browser likes it best.
func (s *server) builtFile(c *gin.Context, name, keep string) {
	body, encoding, err := s.app.packed(name, c.GetHeader("Accept-Encoding"))
	kind := builtTypes[path.Ext(name)]
	if err != nil || kind == "" {
		s.noRoute(c)
		return
	}
	c.Header("Cache-Control", keep)
	c.Header("Vary", "Accept-Encoding")
	if encoding != "" {
		c.Header("Content-Encoding", encoding)
	}
	if keep == askedAgain {
		sum := sha256.Sum256(body)
		tag := `"` + hex.EncodeToString(sum[:8]) + `"`
		c.Header("ETag", tag)
		if c.GetHeader("If-None-Match") == tag {
			c.Status(http.StatusNotModified)
			return
		}
	}
	c.Data(http.StatusOK, kind, body)
}

// packed reads a file in the best encoding that there is of it and the browser takes.
func (a application) packed(name, accepted string) (body []byte, encoding string, err error) {
	for _, e := range []struct{ name, ending string }{{"br", ".br"}, {"gzip", ".gz"}} {
		if !takes(accepted, e.name) {
			continue
		}
		if body, err = fs.ReadFile(a.files, name+e.ending); err == nil {
			return body, e.name, nil
		}
	}
	body, err = fs.ReadFile(a.files, name)
	return body, "", err
}

// takes tells whether Accept-Encoding names an encoding, and not to refuse it.
func takes(accepted, encoding string) bool {
	for item := range strings.SplitSeq(accepted, ",") {
		name, weight, _ := strings.Cut(strings.ReplaceAll(item, " ", ""), ";")
		if name == encoding {
			return strings.Trim(strings.TrimPrefix(weight, "q="), "0.") != "" || weight == ""
		}
	}
	return false
}

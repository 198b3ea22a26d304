package outbound

import (
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	sb "signalbox"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var fast = map[Share]float64{Polls: 1e6, Stops: 1e6, Dispatches: 1e6}

// serve starts a server that answers so, and a client for it.
func serve(t *testing.T, answer http.HandlerFunc) *Client {
	t.Helper()
	s := httptest.NewServer(answer)
	t.Cleanup(s.Close)
	return client(t, Settings{URL: s.URL + "/base", Rates: fast})
}

func client(t *testing.T, s Settings) *Client {
	t.Helper()
	c, err := New(s)
	require.NoError(t, err)
	t.Cleanup(c.CloseIdle)
	return c
}

func get(path string) Request { return Request{Share: Polls, Method: http.MethodGet, Path: path} }

func TestPathsAreAddedToTheRegisteredOne(t *testing.T) {
	t.Parallel()
	c := serve(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.URL.EscapedPath(), r.URL.RawQuery) })
	r := get("a/b%2Fc%20d")
	r.Query = map[string][]string{"q": {"1+1"}}
	reply, err := c.Do(t.Context(), r)
	require.NoError(t, err)
	require.Equal(t, "/base/a/b%2Fc%20dq=1%2B1", string(reply.Body))
}

func TestAddressesThatAreNeverCalled(t *testing.T) {
	t.Parallel()
	for _, address := range []string{
		"169.254.169.254", "169.254.0.1", "::ffff:169.254.169.254", "fe80::1", "fe80::1%eth0", "fd00:ec2::254", "100.100.100.200", "168.63.129.16",
		"0.0.0.0", "::", "224.0.0.1", "ff02::1", "255.255.255.255", "64:ff9b::a9fe:a9fe", "192.0.0.192", "::ffff:0.0.0.0",
		"fd00:ec2::23", "fd00:ec2:0:1::1", "2002:a9fe:a9fe::1", "2002:6464:64c8::", // 6to4
		"64:ff9b:1::a9fe:a9fe", "64:ff9b:1:a9fe:a9:fe00::", "64:ff9b:1:a9:fe:a9fe::", "64:ff9b:1:0:a9:fea9:fe00:0", // NAT64 of /96, /48, /56, /64
	} {
		require.Error(t, allow(netip.MustParseAddr(address)), address)
	}
	for _, address := range []string{
		"127.0.0.1", "::1", "10.0.0.1", "192.168.1.1", "172.16.0.1", "fd12::1", "8.8.8.8", "2001:4860:4860::8888",
		"64:ff9b::a00:1", "64:ff9b:1::a00:1", "64:ff9b:1:a00:0:100::", "2002:808:808::1", "fd00:ec3::1",
	} {
		require.NoError(t, allow(netip.MustParseAddr(address)), address)
	}
	for _, url := range []string{"http://169.254.169.254", "http://[::ffff:169.254.169.254]", "http://0.0.0.0:1", "http://0:1", "http://2852039166"} { // not every resolver takes the last two for addresses
		c, err := New(Settings{URL: url, Rates: fast})
		require.NoError(t, err)
		_, err = c.Do(t.Context(), get("latest/meta-data"))
		require.Error(t, err, url)
		if strings.Contains(url, ".") {
			require.Equal(t, sb.Invalid, sb.CodeOf(err), "%s: %v", url, err)
		}
	}
}

func TestRedirectsStayWhereTheyAre(t *testing.T) {
	t.Parallel()
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t.Errorf("the other server was called with %v", r.Header)
	}))
	defer other.Close()
	posts := 0
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/base/here":
			http.Redirect(w, r, "/base/there?secret=1", http.StatusFound)
		case "/base/elsewhere":
			http.Redirect(w, r, other.URL+"/?secret=1", http.StatusFound)
		case "/base/round":
			http.Redirect(w, r, "/base/round", http.StatusFound)
		case "/base/post":
			posts++
			http.Redirect(w, r, "/base/there", http.StatusSeeOther)
		default:
			fmt.Fprint(w, r.Header.Get("Authorization"))
		}
	})
	r := get("here")
	r.Header = http.Header{"Authorization": {"Bearer x"}}
	reply, err := c.Do(t.Context(), r)
	require.NoError(t, err)
	require.Equal(t, "Bearer x", string(reply.Body))
	for _, path := range []string{"elsewhere", "round"} {
		r.Path = path
		_, err = c.Do(t.Context(), r)
		require.Equal(t, sb.Unavailable, sb.CodeOf(err))
		require.Contains(t, err.Error(), "redirects")
		require.NotContains(t, err.Error(), "secret")
	}
	reply, err = c.Do(t.Context(), Request{Method: http.MethodPost, Path: "post"})
	require.NoError(t, err)
	require.Equal(t, http.StatusSeeOther, reply.Status, "a POST that became a GET would mean something else")
	require.Equal(t, 1, posts)
}

func TestOnlyGetIsTriedAgain(t *testing.T) {
	t.Parallel()
	var calls atomic.Int64
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if calls.Add(1) < 3 {
			w.WriteHeader(http.StatusBadGateway)
		}
	})
	reply, err := c.Do(t.Context(), get("x"))
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, reply.Status)
	require.EqualValues(t, 3, calls.Load())
	for _, method := range []string{http.MethodPost, http.MethodPatch, http.MethodDelete} {
		calls.Store(0)
		reply, err = c.Do(t.Context(), Request{Method: method, Path: "x", Body: []byte("{}")})
		require.NoError(t, err)
		require.Equal(t, http.StatusBadGateway, reply.Status)
		require.EqualValues(t, 1, calls.Load(), method)
	}
}

func TestAnAnswerIsBoundedAlsoWhenItIsPacked(t *testing.T) {
	t.Parallel()
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, err := io.CopyN(z, zeros{}, 100<<20)
	require.NoError(t, err)
	require.NoError(t, z.Close())
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/base/packed" {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(packed.Bytes())
			return
		}
		_, _ = io.CopyN(w, zeros{}, MaxReply+1)
	})
	for _, path := range []string{"packed", "plain"} {
		_, err := c.Do(t.Context(), get(path))
		require.Equal(t, sb.TooLarge, sb.CodeOf(err), "%s: %v", path, err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestErrorsQuoteNothing(t *testing.T) {
	t.Parallel()
	for name, raw := range map[string]string{
		"no HTTP":         "hunter2 is what I say\r\n\r\n",
		"a bad status":    "HTTP/1.1 hunter2 x\r\n\r\n",
		"a bad header":    "HTTP/1.1 200 OK\r\nhunter2\r\n\r\n",
		"a bad length":    "HTTP/1.1 200 OK\r\nContent-Length: hunter2\r\n\r\n",
		"a body cut off":  "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhunter2",
		"nothing":         "",
		"a bad redirect":  "HTTP/1.1 302 Found\r\nLocation: http://hunter2:x/%zz\r\n\r\n",
		"a bad chunk":     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhunter2\r\n",
		"bad compression": "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 7\r\n\r\nhunter2",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			defer l.Close()
			go func() {
				for {
					conn, err := l.Accept()
					if err != nil {
						return
					}
					_, _ = conn.Read(make([]byte, 4096))
					_, _ = conn.Write([]byte(raw))
					conn.Close()
				}
			}()
			c := client(t, Settings{URL: "http://" + l.Addr().String(), Rates: fast})
			_, err = c.Do(t.Context(), Request{Method: http.MethodPost, Path: "x?secret=hunter2"})
			require.Equal(t, sb.Unavailable, sb.CodeOf(err), err)
			require.NotContains(t, err.Error(), "hunter2")
			for e := err; e != nil; e = errors.Unwrap(e) {
				require.NotContains(t, e.Error(), "hunter2")
			}
		})
	}
}

func TestACallThatMeetsTroubleOftenRests(t *testing.T) {
	t.Parallel()
	var calls atomic.Int64
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	var last error
	for range tripAfter + 5 {
		_, last = c.Do(t.Context(), Request{Method: http.MethodPost, Path: "x"})
	}
	require.EqualValues(t, tripAfter, calls.Load())
	require.Equal(t, sb.Unavailable, sb.CodeOf(last), last)
	require.Contains(t, last.Error(), "in a row")
}

func TestRefusalsAndLimitsDoNotMakeItRest(t *testing.T) {
	t.Parallel()
	c := serve(t, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusTooManyRequests) })
	for range tripAfter + 5 {
		reply, err := c.Do(t.Context(), Request{Method: http.MethodPost, Path: "x"})
		require.NoError(t, err)
		require.Equal(t, http.StatusTooManyRequests, reply.Status)
	}
}

func TestSharesDoNotHoldEachOtherUp(t *testing.T) {
	t.Parallel()
	c := serve(t, func(http.ResponseWriter, *http.Request) {})
	c.shares = limiters(map[Share]float64{Polls: 0.0001, Stops: 1e6, Dispatches: 1e6})
	for range 2 { // the burst
		_, err := c.Do(t.Context(), get("x"))
		require.NoError(t, err)
	}
	for range 20 {
		_, err := c.Do(t.Context(), Request{Share: Stops, Method: http.MethodPatch, Path: "x"})
		require.NoError(t, err)
	}
	ctx, cancel := contextWithTimeout(t, time.Second)
	defer cancel()
	_, err := c.Do(ctx, get("x"))
	require.Equal(t, sb.Unavailable, sb.CodeOf(err), err)
	require.Contains(t, err.Error(), "turn")
}

func TestTLSWithAnOwnAuthorityAndACertificate(t *testing.T) {
	t.Parallel()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, len(r.TLS.PeerCertificates), r.Header.Get("X-Extra"))
	}))
	s.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
	s.StartTLS()
	defer s.Close()
	ca := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))
	certificate, key := pair(t)
	c := client(t, Settings{URL: s.URL, CA: ca, Certificate: certificate, Key: key, Headers: map[string]string{"X-Extra": "y"}, Rates: fast})
	reply, err := c.Do(t.Context(), get("x"))
	require.NoError(t, err)
	require.Equal(t, "1y", string(reply.Body))
	_, err = client(t, Settings{URL: s.URL, Rates: fast}).Do(t.Context(), get("x"))
	require.Equal(t, sb.Unavailable, sb.CodeOf(err))
	require.Contains(t, err.Error(), "certificate")
}

func TestAStreamIsGivenAsItComes(t *testing.T) {
	t.Parallel()
	goOn := make(chan struct{})
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/base/no" {
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, "no")
			return
		}
		asked, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s\n", r.Method, asked)
		w.(http.Flusher).Flush()
		<-goOn
		fmt.Fprintln(w, "two")
	})
	body, _, err := c.Stream(t.Context(), Request{Share: Polls, Method: http.MethodPost, Path: "log", Body: []byte("which")})
	require.NoError(t, err)
	first := make([]byte, len("POST which\n"))
	_, err = io.ReadFull(body, first)
	require.NoError(t, err)
	require.Equal(t, "POST which\n", string(first))
	close(goOn)
	rest, err := io.ReadAll(body)
	require.NoError(t, err)
	require.Equal(t, "two\n", string(rest))
	require.NoError(t, body.Close())
	body, reply, err := c.Stream(t.Context(), get("no"))
	require.NoError(t, err)
	require.Nil(t, body)
	require.Equal(t, http.StatusNotFound, reply.Status)
	require.Equal(t, "no", string(reply.Body))
}

func TestFaultsOfTheSettings(t *testing.T) {
	t.Parallel()
	for url, ok := range map[string]bool{
		"https://a.example.com/x/": true, "http://127.0.0.1:1": true, "": false, "a.example.com": false, "ftp://a": false, "https://u:p@a": false,
		"https://a/?x=1": false, "https://a/#x": false, "https:///x": false,
	} {
		_, err := New(Settings{URL: url})
		require.Equal(t, ok, err == nil, "%s: %v", url, err)
	}
	_, err := New(Settings{URL: "x", CA: "x", Key: "x", Headers: map[string]string{"Host": "a", "A": "b\nc"}})
	var e *sb.Error
	require.ErrorAs(t, err, &e)
	require.Len(t, e.Faults, 5)
}

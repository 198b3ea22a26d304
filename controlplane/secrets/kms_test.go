package secrets_test

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/stretchr/testify/require"

	sb "signalbox"
	"signalbox/controlplane/secrets"
	"signalbox/controlplane/store/storetest"
)

const region = "eu-west-1"

func awsKey(key, endpoint, more string) string {
	q := url.Values{"region": {region}, "endpoint": {endpoint}}
	return "awskms://" + key + "?" + q.Encode() + more
}

// TestAWS holds the whole of it to a server that speaks the protocol of AWS KMS.
func TestAWS(t *testing.T) { //nolint:paralleltest // it sets the environment
	endpoint := moto(t)
	service := makeKeys(t, endpoint, "alias/one", "alias/two")
	s := storetest.SQLite(t)
	one, two := awsKey("alias/one", endpoint, ""), awsKey("alias/two", endpoint, "")

	first := open(t, one, s)
	m := makeWith(t, first)
	requireGood(t, open(t, one, s), m)
	_, by, err := s.Keyset(t.Context())
	require.NoError(t, err)
	require.Equal(t, "awskms://alias/one", by)

	for range 10 { // ten rotations are more than the service encrypts in one piece
		require.NoError(t, secrets.Rotate(t.Context(), one, s))
	}
	requireGood(t, open(t, one, s), m)
	require.NoError(t, secrets.Move(t.Context(), one, two, s))
	requireGood(t, open(t, two, s), m)
	requireGood(t, open(t, awsKey("/"+arnOf(t, service, "alias/two"), endpoint, ""), s), m)

	_, err = secrets.Open(t.Context(), awsKey("alias/none", endpoint, ""), storetest.SQLite(t))
	requireCode(t, sb.Forbidden, err)
	require.ErrorContains(t, err, "awskms://alias/none")
	foreign := storetest.SQLite(t)
	_, _, err = foreign.CreateKeyset(t.Context(), "AAAABHh4eHh4eHh4eHh4eHh4eHh4eHh4", "awskms://alias/lost")
	require.NoError(t, err)
	_, err = secrets.Open(t.Context(), one, foreign)
	requireCode(t, sb.Invalid, err)
	require.ErrorContains(t, err, "wrapped by awskms://alias/lost")
}

// moto starts a server with the API of AWS that ends with the test, and gives its address. It sets credentials in the
// environment, so the test cannot be parallel. Without the server's program the test is skipped.
func moto(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("the server of AWS KMS takes seconds to start; `make test-all` does")
	}
	dir, err := filepath.Abs("../..")
	require.NoError(t, err)
	program := filepath.Join(dir, ".venv", "bin", "moto_server")
	if _, err := os.Stat(program); err != nil {
		t.Skip("the KMS server moto is not there; `make tools` gets it")
	}
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	host, port, err := net.SplitHostPort(l.Addr().String())
	require.NoError(t, err)
	require.NoError(t, l.Close())
	cmd := exec.Command(program, "--host", host, "--port", port)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	require.NoError(t, cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
	})
	address := net.JoinHostPort(host, port)
	require.Eventually(t, func() bool {
		c, err := net.Dial("tcp", address)
		return err == nil && c.Close() == nil
	}, 30*time.Second, 20*time.Millisecond, "the server did not start")
	t.Setenv("AWS_ACCESS_KEY_ID", "signalbox")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "for-tests-only")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	return "http://" + address
}

func makeKeys(t *testing.T, endpoint string, aliases ...string) *kms.Client {
	t.Helper()
	c, err := config.LoadDefaultConfig(t.Context(), config.WithRegion(region), config.WithBaseEndpoint(endpoint))
	require.NoError(t, err)
	service := kms.NewFromConfig(c)
	for _, alias := range aliases {
		made, err := service.CreateKey(t.Context(), &kms.CreateKeyInput{})
		require.NoError(t, err)
		_, err = service.CreateAlias(t.Context(), &kms.CreateAliasInput{AliasName: &alias, TargetKeyId: made.KeyMetadata.KeyId})
		require.NoError(t, err)
	}
	return service
}

func arnOf(t *testing.T, service *kms.Client, alias string) string {
	t.Helper()
	found, err := service.DescribeKey(t.Context(), &kms.DescribeKeyInput{KeyId: &alias})
	require.NoError(t, err)
	return *found.KeyMetadata.Arn
}

func TestWhatAWSAnswersIsSaidClearly(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		answer string
		code   sb.Code
		says   string
	}{
		"no right to it":            {"AccessDeniedException", sb.Forbidden, "credentials with the right"},
		"credentials that are over": {"ExpiredTokenException", sb.Forbidden, "credentials with the right"},
		"no such key":               {"NotFoundException", sb.Forbidden, "must exist"},
		"a key that is disabled":    {"DisabledException", sb.Forbidden, "enabled"},
		"a key that is deleted":     {"KMSInvalidStateException", sb.Forbidden, "enabled"},
		"wrapped by another key":    {"InvalidCiphertextException", sb.Invalid, "does not open"},
		"another key is named":      {"IncorrectKeyException", sb.Forbidden, "wrapped by awskms://alias/then"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/x-amz-json-1.1")
				w.WriteHeader(http.StatusBadRequest)
				fmt.Fprintf(w, `{"__type":%q,"message":"so it is"}`, row.answer)
			}))
			t.Cleanup(server.Close)
			s := storetest.SQLite(t)
			_, _, err := s.CreateKeyset(t.Context(), "AAAABHh4eHh4eHh4eHh4eHh4eHh4eHh4", "awskms://alias/then")
			require.NoError(t, err)
			_, err = secrets.Open(t.Context(), awsKey("alias/now", server.URL, "&anonymous=true"), s)
			requireCode(t, row.code, err)
			require.ErrorContains(t, err, "awskms://alias/now")
			require.ErrorContains(t, err, row.says)
		})
	}
}

func TestAKeyServiceThatIsAway(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(nil)
	server.Close()
	_, err := secrets.Open(t.Context(), awsKey("alias/x", server.URL, "&anonymous=true"), storetest.SQLite(t))
	requireCode(t, sb.Unavailable, err)
	require.ErrorContains(t, err, "is it reachable")
}

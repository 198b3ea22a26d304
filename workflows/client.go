// Package workflows carries admitted attempts to builtin workers by Temporal: one workflow per attempt, which people can
// watch and stop in Temporal's own pages. The database stays the truth about a run; a workflow only holds ids, sends
// the work to a pool, and sees to it that the work's end is recorded, however long that takes.
package workflows

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/sirupsen/logrus"
	"go.opentelemetry.io/otel/trace"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	sb "signalbox"
)

// MinRetention is how long Temporal has to keep workflows that have ended: the sweep must find there how an attempt
// ended that it could not ask about for a long weekend.
const MinRetention = 3 * 24 * time.Hour

// callTime bounds a call of Temporal that somebody waits for.
const callTime = 10 * time.Second

// Options say where Temporal is and what it may know.
type Options struct {
	Address    string // host:port
	Namespace  string // "" is "default"; it must exist
	TLS        bool   // always used with any of the following
	CA         string // file of the certificates to trust; "" for the system's
	Cert       string // file of our certificate, with Key
	Key        string
	APIKeyFile string                // of Temporal Cloud; read at every call, so that a key can be changed while running
	Names      bool                  // whether Temporal may show names of datasets and people; else it gets their ids
	Pages      string                // base address of Temporal's web pages, for links; "" for no links
	Identity   string                // how Temporal names this process; "" is process id and host
	Log        *logrus.Logger        // nil for none
	Metrics    client.MetricsHandler // nil for none
	Tracer     trace.Tracer          // of starts, workflows and activities; nil for none
}

// Client talks to one Temporal namespace. It is safe for use by several goroutines.
type Client struct {
	options    Options
	sdk        client.Client
	log        *logrus.Entry
	attributes attributes
}

// Dial makes a client. It reads the files of the options but does not connect: that happens at the first call, and
// again after every outage. Errors: Invalid (a file cannot be used).
func Dial(o Options) (*Client, error) {
	if o.Namespace == "" {
		o.Namespace = client.DefaultNamespace
	}
	if o.Log == nil {
		o.Log = logrus.New()
		o.Log.SetOutput(io.Discard)
	}
	log := o.Log.WithField("part", "workflows")
	options := client.Options{
		HostPort: o.Address, Namespace: o.Namespace, Identity: o.Identity, Logger: logger{log},
		MetricsHandler: o.Metrics, Interceptors: tracing(o.Tracer),
	}
	if err := secure(o, &options); err != nil {
		return nil, err
	}
	sdk, err := client.NewLazyClient(options)
	if err != nil {
		return nil, sb.Wrap(err, sb.Invalid, "the Temporal client's settings do not fit together")
	}
	return &Client{options: o, sdk: sdk, log: log}, nil
}

func secure(o Options, options *client.Options) error {
	if o.TLS || o.CA != "" || o.Cert != "" || o.Key != "" || o.APIKeyFile != "" {
		config, err := o.tls()
		if err != nil {
			return err
		}
		options.ConnectionOptions.TLS = config
	}
	if o.APIKeyFile == "" {
		return nil
	}
	if _, err := readKey(o.APIKeyFile); err != nil {
		return err
	}
	options.Credentials = client.NewAPIKeyDynamicCredentials(func(context.Context) (string, error) {
		return readKey(o.APIKeyFile)
	})
	return nil
}

func readKey(file string) (string, error) {
	key, err := os.ReadFile(file)
	if err != nil {
		return "", sb.Wrap(err, sb.Invalid, "Temporal's API key cannot be read from %s", file)
	}
	return strings.TrimSpace(string(key)), nil
}

func (o Options) tls() (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if o.CA != "" {
		pem, err := os.ReadFile(o.CA)
		if err != nil {
			return nil, sb.Wrap(err, sb.Invalid, "Temporal's CA cannot be read from %s", o.CA)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, sb.Errorf(sb.Invalid, "%s holds no certificate in PEM", o.CA)
		}
	}
	if o.Cert == "" && o.Key == "" {
		return config, nil
	}
	pair, err := tls.LoadX509KeyPair(o.Cert, o.Key)
	if err != nil {
		return nil, sb.Wrap(err, sb.Invalid, "the certificate %q with the key %q for Temporal cannot be used", o.Cert, o.Key)
	}
	config.Certificates = []tls.Certificate{pair}
	return config, nil
}

// Close closes the connection. Workers of the client must have stopped before.
func (c *Client) Close() { c.sdk.Close() }

// Check tells whether attempts can be carried: Temporal answers, the namespace exists and keeps ended workflows for at
// least MinRetention. Errors: Unavailable, with what to do.
func (c *Client) Check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	space, err := c.sdk.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: c.options.Namespace})
	var missing *serviceerror.NamespaceNotFound
	if errors.As(err, &missing) {
		return sb.Wrap(err, sb.Unavailable, "Temporal at %s has no namespace %q", c.options.Address, c.options.Namespace)
	}
	if err != nil {
		return c.unavailable(err)
	}
	if keeps := space.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration(); keeps < MinRetention {
		return sb.Errorf(sb.Unavailable, "Temporal's namespace %q keeps ended workflows for %s only; at least %s are needed: "+
			"temporal operator namespace update --namespace %s --retention %s", c.options.Namespace, keeps, MinRetention, c.options.Namespace, MinRetention)
	}
	return nil
}

func (c *Client) unavailable(err error) error {
	return sb.Wrap(err, sb.Unavailable, "Temporal at %s does not answer as it should", c.options.Address)
}

// page is the address of a workflow's page, or "" without pages.
func (c *Client) page(workflowID string) string {
	if c.options.Pages == "" {
		return ""
	}
	return strings.TrimSuffix(c.options.Pages, "/") + "/namespaces/" + url.PathEscape(c.options.Namespace) + "/workflows/" + url.PathEscape(workflowID)
}

package cli

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	sb "signalbox"
	"signalbox/client"
)

// app is what the verbs of one noun share: the world and the flags that all of them have.
type app struct {
	Env
	url, keyFile, output, profile string
}

// noun makes the command that a noun's verbs hang below.
func noun(env Env, use, short string) (*app, *cobra.Command) {
	a := &app{Env: env}
	cmd := &cobra.Command{Use: use, Short: short, Args: noSuchVerb, RunE: help}
	f := cmd.PersistentFlags()
	f.StringVar(&a.url, "url", "", "address of the server (SIGNALBOX_URL, else the profile's, else "+DefaultURL+")")
	f.StringVar(&a.profile, "profile", "", "`name` of a server that you are logged in to (SIGNALBOX_PROFILE, else the one in use)")
	f.StringVar(&a.keyFile, "key-file", "", "file with the API key (else SIGNALBOX_API_KEY, else the profile's, else admin.key of the data folder)")
	f.StringVarP(&a.output, "output", "o", "table", "json: one document as the API gives it; table: for people")
	fixed(cmd, "output", "json", "table")
	cmd.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		if a.output != "json" && a.output != "table" {
			return misuse(cmd, "--output is json or table, not %q", a.output)
		}
		return nil
	}
	return a, cmd
}

// verb makes a command that speaks to the server.
func (a *app) verb(use, short string, args cobra.PositionalArgs, run func(*cobra.Command, *client.Client, []string) error) *cobra.Command {
	return &cobra.Command{Use: use, Short: short, Args: args, RunE: func(cmd *cobra.Command, args []string) error {
		api, err := a.client()
		if err != nil {
			return err
		}
		return run(cmd, api, args)
	}}
}

func (a *app) json() bool { return a.output == "json" }

func (a *app) address() string {
	if a.url != "" {
		return a.url
	}
	if u := a.Getenv("SIGNALBOX_URL"); u != "" {
		return u
	}
	if _, p, err := a.chosen(); err == nil && p.URL != "" {
		return p.URL
	}
	return DefaultURL
}

func (a *app) client() (*client.Client, error) {
	key, err := a.key()
	if err != nil {
		return nil, err
	}
	return client.New(a.options(key))
}

func (e Env) agent() string {
	if e.Version == "" {
		return "signalbox-cli"
	}
	return "signalbox-cli/" + e.Version
}

func (a *app) options(key string) client.Options {
	return client.Options{URL: a.address(), Key: key, HTTP: a.HTTP, UserAgent: a.agent()}
}

// key finds what opens the server: the key of a profile opens the profile's server only, and wins over the environment
// when the profile was named on the command line. The first admin's key of the default data folder opens this machine's
// server only, so that it is never sent to another host; a data folder that was named is taken at its word.
func (a *app) key() (string, error) {
	if a.keyFile != "" {
		return readKey(a.keyFile)
	}
	key := a.Getenv("SIGNALBOX_API_KEY")
	if key != "" && a.profile == "" {
		return key, nil
	}
	_, p, err := a.chosen()
	if err != nil {
		return "", err
	}
	if p.Key != "" && strings.TrimRight(a.address(), "/") == p.URL {
		return p.Key, nil
	}
	if key != "" {
		return key, nil
	}
	dir := a.Getenv("SIGNALBOX_DATA_DIR")
	if dir == "" && local(a.address()) {
		dir = a.DataDir
	}
	if dir == "" {
		return "", nil
	}
	key, err = readKey(filepath.Join(dir, "admin.key"))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return "", nil // the server says that a key is needed
	}
	return key, err
}

func readKey(file string) (string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", sb.Wrap(err, sb.Invalid, "the key cannot be read from %s", file)
	}
	key := strings.TrimSpace(string(text))
	if key == "" || strings.ContainsAny(key, "\r\n") {
		return "", sb.Errorf(sb.Invalid, "%s holds no key: it must be one line", file)
	}
	return key, nil
}

func local(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

// fixed offers a flag's few values to the shell's completion.
func fixed(cmd *cobra.Command, flag string, values ...string) {
	_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
}

func fixedOf[T ~string](cmd *cobra.Command, flag string, values []T) {
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = string(v)
	}
	fixed(cmd, flag, words...)
}

// complete offers names that the server knows to the shell's completion; without a server none.
func (a *app) complete(names func(context.Context, *client.Client) ([]string, error)) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return a.offer(cmd.Context(), names, begun), cobra.ShellCompDirectiveNoFileComp
	}
}

func (a *app) offer(ctx context.Context, names func(context.Context, *client.Client) ([]string, error), begun string) []string {
	api, err := a.client()
	if err != nil {
		return nil
	}
	all, err := names(ctx, api)
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(all, func(name string) bool { return !strings.HasPrefix(name, begun) })
}

func namesOf[T any](p client.Page[T], err error, name func(T) string) ([]string, error) {
	names := make([]string, len(p.Items))
	for i, item := range p.Items {
		names[i] = name(item)
	}
	return names, err
}

package cli

import (
	"context"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	sb "signalbox"
	"signalbox/client"
)

func loginCommand(env Env) *cobra.Command {
	a, cmd := noun(env, "login", "Log in to a server, and keep that as a profile")
	cmd.Long = "Logs in with the browser where the server has a login provider, and asks for an API key elsewhere. What it gets is\n" +
		"kept in ~/.config/signalbox/credentials, readable by you alone, and used from now on."
	var fromStdin bool
	cmd.Flags().BoolVar(&fromStdin, "api-key-stdin", false, "read an API key from standard input instead")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return misuse(cmd, "%s takes no argument", cmd.CommandPath())
		}
		return a.login(cmd.Context(), fromStdin)
	}
	return cmd
}

// login logs in and keeps the profile.
func (a *app) login(ctx context.Context, fromStdin bool) error {
	kept, err := a.readCredentials()
	if err != nil {
		return err
	}
	name := a.named()
	if name == "" {
		name = kept.Current
	}
	if name == "" {
		name = defaultProfile
	}
	if a.url == "" && a.Getenv("SIGNALBOX_URL") == "" { // a profile that is not there yet has no address
		if a.url = kept.Profiles[name].URL; a.url == "" {
			a.url = DefaultURL
		}
	}
	key, err := a.getKey(ctx, fromStdin)
	if err != nil {
		return err
	}
	api, err := client.New(a.options(key))
	if err != nil {
		return err
	}
	me, err := api.Me.Get(ctx)
	if err != nil {
		return err
	}
	kept.Profiles[name] = profile{URL: strings.TrimRight(a.address(), "/"), Key: key}
	kept.Current = name
	return a.done(kept.save(), "You are %s (%s) at %s, kept as profile %s.", printable(me.Name), me.Role, a.address(), name)
}

// getKey gets something that opens the server: a session by the browser, or an API key.
func (a *app) getKey(ctx context.Context, fromStdin bool) (string, error) {
	if fromStdin {
		text, err := io.ReadAll(io.LimitReader(a.Stdin, 1<<16))
		if err != nil {
			return "", sb.Wrap(err, sb.Invalid, "the API key cannot be read from standard input")
		}
		return oneLine(string(text))
	}
	api, err := client.New(a.options(""))
	if err != nil {
		return "", err
	}
	providers, err := api.Logins.Providers(ctx)
	if err != nil {
		return "", err
	}
	if len(providers) > 0 {
		return a.byBrowser(ctx, api)
	}
	in, ok := a.Stdin.(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) {
		return "", sb.Errorf(sb.Invalid, "%s has no login provider, so it wants an API key: give one to --api-key-stdin", a.address())
	}
	a.tell("API key: ")
	text, err := term.ReadPassword(int(in.Fd()))
	a.tell("\n")
	if err != nil {
		return "", sb.Wrap(err, sb.Invalid, "the API key cannot be read")
	}
	return oneLine(string(text))
}

func oneLine(text string) (string, error) {
	key := strings.TrimSpace(text)
	if key == "" || strings.ContainsAny(key, "\r\n") {
		return "", sb.Errorf(sb.Invalid, "this is no API key: it must be one line")
	}
	return key, nil
}

func (e Env) tell(text string) { _, _ = io.WriteString(e.Stderr, text) }

// leastInterval is how often it is asked at most, whatever the server says.
const leastInterval = time.Second

// byBrowser lets a person log this program in.
func (a *app) byBrowser(ctx context.Context, api *client.Client) (string, error) {
	d, err := api.Logins.Ask(ctx)
	if err != nil {
		return "", err
	}
	a.tell("Open " + printable(d.PageOfCode) + "\nand let this program in if it shows the code " + printable(d.UserCode) + ".\n")
	a.browse(d.PageOfCode)
	tick := time.NewTicker(max(time.Duration(d.Interval)*time.Second, leastInterval))
	defer tick.Stop()
	late := time.NewTimer(time.Duration(d.ExpiresIn) * time.Second)
	defer late.Stop()
	for {
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-late.C:
			return "", sb.Errorf(sb.Forbidden, "nobody let this program in; try again")
		case <-tick.C:
		}
		token, err := api.Logins.Token(ctx, d.DeviceCode)
		if err == nil && token.Token != "" {
			return token.Token, nil
		}
		if code := sb.CodeOf(err); err != nil && code != sb.Unavailable && code != sb.RateLimited {
			return "", err
		}
	}
}

// browse opens a page where a person sits; elsewhere the address on the screen is enough.
func (a *app) browse(page string) {
	opener := map[string]string{"darwin": "open", "linux": "xdg-open"}[runtime.GOOS]
	seen := runtime.GOOS == "darwin" || a.Getenv("DISPLAY") != "" || a.Getenv("WAYLAND_DISPLAY") != ""
	if opener == "" || !seen || a.Terminal(a.Stderr) == 0 || !strings.HasPrefix(page, "http://") && !strings.HasPrefix(page, "https://") {
		return
	}
	cmd := exec.Command(opener, page)
	if cmd.Start() == nil {
		go func() { _ = cmd.Wait() }()
	}
}

func logoutCommand(env Env) *cobra.Command {
	a, cmd := noun(env, "logout", "Log out of a server, and forget the profile's key")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return misuse(cmd, "%s takes no argument", cmd.CommandPath())
		}
		return a.logout(cmd.Context())
	}
	return cmd
}

// logout ends the profile's session; an API key stays good, for others may use it.
func (a *app) logout(ctx context.Context) error {
	name, p, err := a.chosen()
	if err != nil {
		return err
	}
	if p.Key == "" {
		return sb.Errorf(sb.Invalid, "you are not logged in")
	}
	api, err := client.New(client.Options{URL: p.URL, Key: p.Key, HTTP: a.HTTP, UserAgent: a.agent()})
	if err != nil {
		return err
	}
	if err := api.Me.Leave(ctx); err != nil && sb.CodeOf(err) != sb.Unauthenticated {
		return err
	}
	said := "Profile %s is logged out."
	if strings.HasPrefix(p.Key, "sbk_") {
		said = "Profile %s is forgotten; its API key stays good until you delete it."
	}
	return a.withProfile(name, said, func(c *credentials) { c.forget(name) })
}

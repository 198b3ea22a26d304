package cli

import (
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	sb "signalbox"
)

// credentials is the file with the servers that one is logged in to.
type credentials struct {
	path     string
	Current  string             `json:"current"`
	Profiles map[string]profile `json:"profiles"`
}

// profile is one server, and the key or session for it.
type profile struct {
	URL string `json:"url"`
	Key string `json:"key"`
}

// defaultProfile is the name of the first one.
const defaultProfile = "default"

// readCredentials reads the file; without one there is no profile. What others could have read is refused.
func (e Env) readCredentials() (*credentials, error) {
	c := &credentials{path: e.credentialsPath(), Profiles: map[string]profile{}}
	if c.path == "" {
		return c, nil
	}
	info, err := os.Stat(c.path)
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err == nil && info.Mode().Perm()&0o077 != 0 {
		return nil, sb.Errorf(sb.Invalid, "others can read %s; run: chmod 600 %s", c.path, c.path)
	}
	text, err := os.ReadFile(c.path)
	if err == nil {
		err = json.Unmarshal(text, c)
	}
	if err != nil {
		return nil, sb.Wrap(err, sb.Invalid, "the credentials cannot be read from %s", c.path)
	}
	if c.Profiles == nil {
		c.Profiles = map[string]profile{}
	}
	return c, nil
}

// credentialsPath is where the file lies; "" without a home.
func (e Env) credentialsPath() string {
	if dir := e.Getenv("XDG_CONFIG_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "signalbox", "credentials")
	}
	if home := e.Getenv("HOME"); home != "" {
		return filepath.Join(home, ".config", "signalbox", "credentials")
	}
	return ""
}

// save writes the file for its owner alone, whole or not at all.
func (c *credentials) save() error {
	if c.path == "" {
		return sb.Errorf(sb.Invalid, "there is no home folder to keep credentials in; set SIGNALBOX_URL and SIGNALBOX_API_KEY instead")
	}
	text, err := json.MarshalIndent(c, "", "  ")
	if err == nil {
		err = os.MkdirAll(filepath.Dir(c.path), 0o700)
	}
	if err == nil {
		err = writePrivate(c.path, append(text, '\n'))
	}
	if err != nil {
		return sb.Wrap(err, sb.Invalid, "the credentials cannot be written to %s", c.path)
	}
	return nil
}

func writePrivate(path string, text []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), ".credentials-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	err = errors.Join(err, file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return nil
}

// chosen is the profile in use. One that was named must be there.
func (a *app) chosen() (name string, p profile, err error) {
	c, err := a.readCredentials()
	if err != nil {
		return "", p, err
	}
	if name = a.named(); name == "" {
		return c.Current, c.Profiles[c.Current], nil
	}
	p, there := c.Profiles[name]
	if !there {
		return name, p, sb.Errorf(sb.Invalid, "there is no profile %q; make it with: signalbox login --profile %s --url URL", name, name)
	}
	return name, p, nil
}

// named is the profile that was asked for, if any.
func (a *app) named() string {
	if a.profile != "" {
		return a.profile
	}
	return a.Getenv("SIGNALBOX_PROFILE")
}

func profilesCommand(env Env) *cobra.Command {
	a, cmd := noun(env, "profiles", "Servers that you are logged in to")
	cmd.Aliases = []string{"profile"}
	use := &cobra.Command{Use: "use PROFILE", Short: "Use a profile from now on", Args: needs("PROFILE"), RunE: func(_ *cobra.Command, args []string) error {
		return a.withProfile(args[0], "Profile %s is in use.", func(c *credentials) { c.Current = args[0] })
	}}
	remove := &cobra.Command{Use: "remove PROFILE", Short: "Forget a profile; its key or session stays good", Args: needs("PROFILE"), RunE: func(_ *cobra.Command, args []string) error {
		return a.withProfile(args[0], "Profile %s is forgotten.", func(c *credentials) { c.forget(args[0]) })
	}}
	cmd.AddCommand(&cobra.Command{Use: "list", Short: "List the profiles", Args: needs(), RunE: func(*cobra.Command, []string) error { return a.listProfiles() }}, use, remove)
	return cmd
}

func (c *credentials) forget(name string) {
	delete(c.Profiles, name)
	if c.Current == name {
		c.Current = ""
	}
}

// withProfile changes the file, about a profile that is there.
func (a *app) withProfile(name, said string, change func(*credentials)) error {
	c, err := a.readCredentials()
	if err != nil {
		return err
	}
	if _, there := c.Profiles[name]; !there {
		return sb.Errorf(sb.Invalid, "there is no profile %q", name)
	}
	change(c)
	return a.done(c.save(), said, name)
}

// shownProfile is a profile without its secret.
type shownProfile struct {
	Name    string `json:"name"`
	URL     string `json:"url"`
	Current bool   `json:"current"`
}

func (a *app) listProfiles() error {
	c, err := a.readCredentials()
	if err != nil {
		return err
	}
	all := []shownProfile{}
	for _, name := range slices.Sorted(maps.Keys(c.Profiles)) {
		all = append(all, shownProfile{name, c.Profiles[name].URL, name == c.Current})
	}
	if a.json() {
		return a.writeJSON(all)
	}
	head, rows := rowsOf(all, []column[shownProfile]{
		{"profile", func(p shownProfile) string { return printable(p.Name) }},
		{"url", func(p shownProfile) string { return printable(p.URL) }},
		{"in use", func(p shownProfile) string { return strings.TrimSuffix(yes(p.Current), "no") }},
	})
	return a.writeItems(head, rows, "There is no profile; make one with: signalbox login")
}

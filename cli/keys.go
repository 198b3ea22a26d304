package cli

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	sb "signalbox"
	"signalbox/client"
)

// keyring makes the verbs about one kind of owner's keys. Without a word for the owner it is oneself.
type keyring struct {
	*app
	owner string
	of    func(*client.Client, string) client.Keys
}

func (a *app) keysCommand(owner, short string, expire bool, of func(*client.Client, string) client.Keys) *cobra.Command {
	k := keyring{a, owner, of}
	cmd := &cobra.Command{Use: "keys", Short: short, Args: noSuchVerb, RunE: help}
	cmd.AddCommand(k.list(), k.create(expire), k.delete())
	return cmd
}

// verb makes a verb whose words are those of the owner, if any, and then its own.
func (k keyring) verb(name, short, word string, run func(*cobra.Command, client.Keys, string) error) *cobra.Command {
	var words []string
	use := name
	for _, w := range []string{k.owner, word} {
		if w != "" {
			words = append(words, w)
			use += " " + w
		}
	}
	return k.app.verb(use, short, needs(words...), func(cmd *cobra.Command, api *client.Client, args []string) error {
		owner, last := "", ""
		if k.owner != "" {
			owner, args = args[0], args[1:]
		}
		if word != "" {
			last = args[0]
		}
		return run(cmd, k.of(api, owner), last)
	})
}

func (k keyring) list() *cobra.Command {
	var p paging
	return p.flags(k.verb("list", "List the keys, without their secrets", "", func(cmd *cobra.Command, keys client.Keys, _ string) error {
		return list(cmd, k.app, p, "There is no key.", keys.List, []column[client.Key]{
			{"id", func(key client.Key) string { return key.ID }},
			{"name", func(key client.Key) string { return printable(key.Name) }},
			{"created", func(key client.Key) string { return k.ago(key.CreatedAt) }},
			{"last used", func(key client.Key) string { return k.agoOf(key.LastUsedAt) }},
			{"expires", func(key client.Key) string { return k.agoOf(key.ExpiresAt) }},
		})
	}))
}

func (k keyring) create(expire bool) *cobra.Command {
	var after time.Duration
	cmd := k.verb("create", "Make a key; it is shown this once", "NAME", func(cmd *cobra.Command, keys client.Keys, name string) error {
		if after < 0 {
			return misuse(cmd, "--expires is a time from now, such as 720h")
		}
		key, err := keys.Create(cmd.Context(), client.KeyDraft{Name: name, ExpiresAt: set(after > 0, k.Now().Add(after).UTC())})
		if err != nil {
			return err
		}
		return k.made(key)
	})
	if expire {
		cmd.Flags().DurationVar(&after, "expires", 0, "when it ends, from now, such as 720h; never if not given")
	}
	return cmd
}

// made shows a new key alone on a line, so that it can be sent into a file.
func (k keyring) made(key client.Key) error {
	if k.json() {
		return k.writeJSON(key)
	}
	if key.Key == "" {
		return sb.Errorf(sb.Internal, "the server made key %s but did not give it; delete it and try again", key.ID)
	}
	if _, err := fmt.Fprintln(k.Stdout, printable(key.Key)); err != nil {
		return err
	}
	return k.done(nil, "Keep it now: it is not shown again. Its id is %s.", key.ID)
}

func (k keyring) delete() *cobra.Command {
	return k.verb("delete", "End a key at once", "KEY", func(cmd *cobra.Command, keys client.Keys, id string) error {
		return k.done(keys.Delete(cmd.Context(), id), "Key %s is deleted.", id)
	})
}

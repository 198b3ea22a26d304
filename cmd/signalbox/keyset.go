package main

import (
	"context"

	"github.com/spf13/cobra"

	sb "signalbox"
	"signalbox/controlplane/config"
	"signalbox/controlplane/secrets"
	"signalbox/controlplane/store"
)

// openKeys opens the keyset of the settings, or that of the data folder, made at the first start.
func openKeys(ctx context.Context, c config.Config, s *store.Store) (*secrets.Keys, error) {
	setting := keysetOf(c)
	keys, err := secrets.Open(ctx, setting, s)
	if c.Secrets.Keyset == "" && sb.CodeOf(err) == sb.NotFound {
		return secrets.Create(ctx, setting)
	}
	return keys, err
}

// keysetOf is the setting of the keyset; dev has one in its data folder.
func keysetOf(c config.Config) string {
	if c.Secrets.Keyset != "" {
		return c.Secrets.Keyset
	}
	return c.Path("keyset.json")
}

func keysetCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "keyset", Short: "Rotate or move the keys that seal and sign", Args: cobra.NoArgs,
		Long: "Works on the keyset that SIGNALBOX_KEYSET names, where it lies: in a file, or in the database, wrapped by the key\n" +
			"of a key service.",
	}
	cmd.AddCommand(
		&cobra.Command{
			Use: "rotate", Short: "Put new keys in use", Args: cobra.NoArgs, SilenceUsage: true,
			Long: "Puts new keys in use. The older ones stay, so that what they sealed and signed stays good. Restart every replica\n" +
				"afterwards, one after the other, and before you rotate again.",
			RunE: func(cmd *cobra.Command, _ []string) error { return rotateKeyset(cmd.Context()) },
		},
		&cobra.Command{
			Use: "move TO", Short: "Take the keyset to another place", Args: cobra.ExactArgs(1), SilenceUsage: true,
			Long: "Takes the keyset to a new file, or into the database, wrapped by the key that a URI names. Then set\n" +
				"SIGNALBOX_KEYSET to that place, and restart every replica. The file that it was taken from stays: delete it when\n" +
				"all of that is done.",
			RunE: func(cmd *cobra.Command, args []string) error { return moveKeyset(cmd.Context(), args[0]) },
		},
	)
	return cmd
}

func rotateKeyset(ctx context.Context) error {
	at, s, closeStore, err := keysetStore(ctx, "")
	if err != nil {
		return err
	}
	defer closeStore()
	if err := secrets.Rotate(ctx, at, s); err != nil {
		return err
	}
	say("new keys are in use from each replica's next start on; restart them one after the other, and before you rotate again")
	return nil
}

func moveKeyset(ctx context.Context, to string) error {
	at, s, closeStore, err := keysetStore(ctx, to)
	if err != nil {
		return err
	}
	defer closeStore()
	if err := secrets.Move(ctx, at, to, s); err != nil {
		return err
	}
	say("the keyset is there; set SIGNALBOX_KEYSET to that place and restart every replica")
	return nil
}

// keysetStore tells where the keyset lies, and opens the database if it is needed for that place or for the other.
func keysetStore(ctx context.Context, other string) (at string, s secrets.Store, closeStore func(), err error) {
	c, err := load()
	if err != nil {
		return "", nil, nil, err
	}
	at = keysetOf(c)
	if !secrets.InDatabase(at) && !secrets.InDatabase(other) {
		return at, nil, func() {}, nil
	}
	db, err := openStore(ctx, c, newLog(c))
	if err != nil {
		return "", nil, nil, err
	}
	if err := db.CheckSchema(ctx); err != nil {
		_ = db.Close()
		return "", nil, nil, err
	}
	return at, db, func() { _ = db.Close() }, nil
}

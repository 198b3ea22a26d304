package main

import (
	"context"
	"os"
	"slices"

	"github.com/spf13/cobra"

	sb "signalbox"
	"signalbox/controlplane/config"
	"signalbox/controlplane/identity"
	"signalbox/controlplane/secrets"
	"signalbox/controlplane/store"
)

func adminKeyCommand() *cobra.Command {
	var allow bool
	cmd := verb("admin-key", "Make an API key of an admin, and print it",
		"Gives the admin who has been here longest a new API key and prints it, this once; makes the first admin if there\n"+
			"is none. It works on the database of SIGNALBOX_DATABASE_URL, so whoever can reach that can become an admin.\n\n"+
			"Where the settings let no admin use a key (api_key_roles), --allow-keys lets them again.", func(ctx context.Context, c config.Config) error {
			s, err := openStore(ctx, c, newLog(c))
			if err != nil {
				return err
			}
			defer s.Close()
			if err := s.CheckSchema(ctx); err != nil {
				return err
			}
			if err := allowAdmins(ctx, s, allow); err != nil {
				return err
			}
			secret, hash := identity.NewAPIKey()
			if _, err := s.EnsureAdmin(ctx, admin(), hash); err != nil {
				return err
			}
			say("%s", secret)
			return nil
		})
	cmd.Flags().BoolVar(&allow, "allow-keys", false, "put admin back into the setting api_key_roles, if it is missing there")
	return cmd
}

// allowAdmins demands that an admin's key opens something, and with allow sees to it.
func allowAdmins(ctx context.Context, s *store.Store, allow bool) error {
	_, err := s.UpdateSettings(ctx, func(v sb.Settings) (sb.Settings, error) {
		switch {
		case slices.Contains(v.APIKeyRoles, sb.Admin):
		case !allow:
			return v, sb.Errorf(sb.Conflict, "the settings let no admin use an API key (api_key_roles), so it would open nothing; --allow-keys lets them again")
		default:
			v.APIKeyRoles = append(slices.Clone(v.APIKeyRoles), sb.Admin)
		}
		return v, nil
	})
	return err
}

// admin is the first admin. He is a user, so that an identity can join him later.
func admin() sb.Principal { return sb.Principal{Kind: sb.User, Name: "admin", Role: sb.Admin} }

func newAdminKey(ctx context.Context, s *store.Store, path string) error {
	secret, hash := identity.NewAPIKey()
	if _, err := s.EnsureAdmin(ctx, admin(), hash); err != nil {
		return err
	}
	return writeSecret(path, secret)
}

func migrateCommand() *cobra.Command {
	var keyset string
	cmd := verb("migrate", "Bring the database to this version's schema",
		"Brings the database to this version's schema, one process at a time. With --keyset it also makes a keyset file.",
		func(ctx context.Context, c config.Config) error {
			if keyset != "" {
				if _, err := secrets.Create(ctx, keyset); err != nil {
					return err
				}
				say("made the keyset %s; give it to every replica and keep a copy", keyset)
			}
			return migrate(ctx, c)
		})
	cmd.Flags().StringVar(&keyset, "keyset", "", "also make a keyset `file`")
	return cmd
}

func migrate(ctx context.Context, c config.Config) error {
	if c.Database.URL == "" {
		if err := os.MkdirAll(c.Server.DataDir, 0o700); err != nil {
			return sb.Wrap(err, sb.Unavailable, "the data folder %s cannot be made", c.Server.DataDir)
		}
	}
	s, err := openStore(ctx, c, newLog(c))
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.Migrate(ctx); err != nil {
		return err
	}
	say("the database has this version's schema")
	return nil
}

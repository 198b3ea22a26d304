package mail_test

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	sb "signalbox"
	"signalbox/controlplane/mail"
	"signalbox/controlplane/mail/mailtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const link = "https://signalbox.example.org/auth/invitation?token=sbi_" + "0123456789012345678901234567890123456789012345678"

func invitation(change ...func(*sb.Invitation)) sb.Invitation {
	v := sb.Invitation{
		Email: "new@example.org", Role: sb.Member, InvitedBy: sb.Who{ID: "1", Name: "Zoë Lee"},
		ExpiresAt: time.Date(2026, 5, 8, 12, 30, 0, 0, time.UTC),
	}
	for _, f := range change {
		f(&v)
	}
	return v
}

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func post(t *testing.T, o mail.Options) *mail.Post {
	t.Helper()
	if o.From == "" {
		o.From = "Signalbox <signalbox@example.org>"
	}
	p, err := mail.New(o)
	require.NoError(t, err)
	return p
}

func TestAnInvitationArrives(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		security, user string
	}{
		"in clear text":              {mail.None, ""},
		"by STARTTLS":                {mail.StartTLS, ""},
		"by STARTTLS, with a login":  {mail.StartTLS, "signalbox"},
		"by TLS":                     {mail.TLS, ""},
		"by TLS, with a login there": {mail.TLS, "signalbox"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := mailtest.Start(t, mailtest.Options{Security: row.security, User: row.user, Password: "p4ss word"})
			o := mail.Options{Address: s.Address, Security: row.security, CA: s.CA, User: row.user, PasswordFile: file(t, "p4ss word\n")}
			require.NoError(t, post(t, o).Invite(t.Context(), invitation(), link))
			got := s.Next()
			require.Equal(t, row.security != mail.None, got.TLS)
			require.Equal(t, row.user, got.User)
			require.Equal(t, "signalbox@example.org", got.From)
			require.Equal(t, []string{"new@example.org"}, got.To)
			require.Equal(t, "Zoë Lee invites you to Signalbox", got.Subject)
			require.Equal(t, "auto-generated", got.Header.Get("Auto-Submitted"))
			require.Equal(t, `"Signalbox" <signalbox@example.org>`, got.Header.Get("From"))
			require.Regexp(t, `^<\w+@example.org>$`, got.Header.Get("Message-Id"))
			require.Equal(t, `Zoë Lee invites you to Signalbox, with the role member.

To accept, open this link and log in with the address new@example.org:

`+link+`

It is good once, until 8 May 2026 12:30 UTC.

If you do not expect this, you need not do anything: nobody but you can accept it.
`, got.Text)
		})
	}
}

func TestNamesAddNothingToALetter(t *testing.T) {
	t.Parallel()
	s := mailtest.Start(t, mailtest.Options{Security: mail.None})
	p := post(t, mail.Options{Address: s.Address, Security: mail.None})
	for _, end := range []string{"\r\n", "\n", "\r", "\u2028", "\u0085", "\x00", "=?utf-8?q?=0D=0A?="} {
		evil := "Eve" + end + "Bcc: all@example.org" + end + end + "Click https://evil.example" + strings.Repeat("x", 300)
		require.NoError(t, p.Invite(t.Context(), invitation(func(v *sb.Invitation) {
			v.InvitedBy.Name, v.DatasetID, v.Dataset, v.Permission, v.Role = evil, "d", evil+"\u202e", sb.CanManage, sb.Collaborator
		}), link))
		got := s.Next()
		require.Equal(t, []string{"new@example.org"}, got.To)
		require.Empty(t, got.Header.Get("Bcc"))
		require.Len(t, got.Header, 9, "%v", got.Header)
		first, rest, _ := strings.Cut(got.Text, "\n")
		require.True(t, strings.HasPrefix(first, "Eve"))
		require.Less(t, len([]rune(first)), 300)
		require.Contains(t, first, "Can edit.", "what a collaborator can have at most")
		require.True(t, strings.HasPrefix(rest, "\nTo accept"))
	}
}

func TestWhatIsNotSentIsSaid(t *testing.T) {
	t.Parallel()
	away := func(*testing.T) mail.Options { return mail.Options{Address: nowhere(t), Security: mail.None} }
	for name, row := range map[string]struct {
		options func(*testing.T) mail.Options
		to      string
		says    string
	}{
		"a mailbox that does not exist": {func(t *testing.T) mail.Options {
			return mail.Options{Address: mailtest.Start(t, mailtest.Options{Security: mail.None}).Address, Security: mail.None}
		}, "refused@example.org", "does not take mail for this address"},
		"a server that is away": {away, "new@example.org", "cannot be reached"},
		"a wrong password": {func(t *testing.T) mail.Options {
			s := mailtest.Start(t, mailtest.Options{Security: mail.StartTLS, User: "u", Password: "right"})
			return mail.Options{Address: s.Address, Security: mail.StartTLS, CA: s.CA, User: "u", PasswordFile: file(t, "wr0ng-password")}
		}, "new@example.org", "does not let us in"},
		"a certificate that nobody vouches for": {func(t *testing.T) mail.Options {
			return mail.Options{Address: mailtest.Start(t, mailtest.Options{Security: mail.StartTLS}).Address, Security: mail.StartTLS}
		}, "new@example.org", "cannot be reached"},
		"no STARTTLS where it must be": {func(t *testing.T) mail.Options {
			return mail.Options{Address: mailtest.Start(t, mailtest.Options{Security: mail.None}).Address, Security: mail.StartTLS}
		}, "new@example.org", "cannot be reached"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := post(t, row.options(t)).Invite(t.Context(), invitation(func(v *sb.Invitation) { v.Email = row.to }), link)
			require.Equal(t, sb.Unavailable, sb.CodeOf(err))
			require.ErrorContains(t, err, row.says)
			require.NotContains(t, err.Error(), "sbi_", "the link is in no error")
			require.NotContains(t, err.Error(), "wr0ng")
		})
	}
}

func TestASilentServerIsNotWaitedForForEver(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"127.0.0.1:0", "[::1]:0"} {
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", at)
			if err != nil && at == "[::1]:0" {
				t.Skip("this machine has no IPv6")
			}
			require.NoError(t, err)
			reached := make(chan error, 1)
			go func() {
				c, err := l.Accept() // and says nothing
				if err == nil {
					defer c.Close()
					_, err = c.Read(make([]byte, 1))
				}
				reached <- err
			}()
			p := post(t, mail.Options{Address: l.Addr().String(), Security: mail.None, Step: 50 * time.Millisecond})
			require.Equal(t, sb.Unavailable, sb.CodeOf(p.Invite(t.Context(), invitation(), link)))
			require.NoError(t, l.Close())
			require.NotErrorIs(t, <-reached, net.ErrClosed, "it was spoken to")
		})
	}
}

func nowhere(t *testing.T) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	return l.Addr().String()
}

func TestSettingsThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	good := mail.Options{Address: "127.0.0.1:25", From: "a@example.org", Security: mail.None}
	for name, change := range map[string]func(*mail.Options){
		"no port":                  func(o *mail.Options) { o.Address = "mail.example.org" },
		"a sender that is none":    func(o *mail.Options) { o.From = "Signalbox" },
		"a password that is away":  func(o *mail.Options) { o.User, o.PasswordFile = "u", "/none" },
		"no authorities":           func(o *mail.Options) { o.CA = "/none" },
		"authorities that are not": func(o *mail.Options) { o.CA = file(t, "x") },
	} {
		o := good
		change(&o)
		_, err := mail.New(o)
		require.Equal(t, sb.Invalid, sb.CodeOf(err), name)
	}
}

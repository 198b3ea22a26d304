package config

import (
	"testing"

	"github.com/stretchr/testify/require"

	sb "signalbox"
)

func TestMailSettings(t *testing.T) {
	t.Parallel()
	require.Equal(t, Mail{Security: "starttls"}, load(t).Mail)
	whole := []string{"SIGNALBOX_SMTP_ADDRESS=smtp.example.org:587", "SIGNALBOX_SMTP_FROM=Signalbox <signalbox@example.org>", "SIGNALBOX_SMTP_USER=u", "SIGNALBOX_SMTP_PASSWORD_FILE=p"}
	require.Equal(t, "smtp.example.org:587", load(t, whole...).Mail.Address)
	for name, row := range map[string]struct {
		env    []string
		faults []string
	}{
		"no sender":                {whole[:1], []string{"SIGNALBOX_SMTP_FROM"}},
		"no server":                {whole[1:2], []string{"SIGNALBOX_SMTP_ADDRESS"}},
		"no password":              {whole[:3], []string{"SIGNALBOX_SMTP_USER"}},
		"a password in clear text": {append([]string{"SIGNALBOX_SMTP_TLS=none"}, whole...), []string{"SIGNALBOX_SMTP_TLS"}},
		"everything at once": {
			[]string{"SIGNALBOX_SMTP_ADDRESS=u:hunter2@smtp:587", "SIGNALBOX_SMTP_FROM=a\nb", "SIGNALBOX_SMTP_TLS=ssl", "SIGNALBOX_SMTP_PASSWORD_FILE=p", "SIGNALBOX_INVITATION_LASTS=1s"},
			[]string{"SIGNALBOX_SMTP_ADDRESS", "SIGNALBOX_SMTP_FROM", "SIGNALBOX_SMTP_TLS", "SIGNALBOX_SMTP_USER", "SIGNALBOX_INVITATION_LASTS"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Load(env(row.env...))
			var e *sb.Error
			require.ErrorAs(t, err, &e)
			for _, want := range row.faults {
				require.True(t, hasFault(e.Faults, want), want)
			}
			require.Len(t, e.Faults, len(row.faults))
			require.NotContains(t, err.Error(), "hunter2")
		})
	}
}

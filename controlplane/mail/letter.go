package mail

import (
	"fmt"
	"strings"
	"unicode"

	sb "signalbox"
)

// letter is an invitation in words. Names that people chose are one short line in it, and can add no header.
func letter(v sb.Invitation, link string) (subject, text string) {
	by := line(v.InvitedBy.Name)
	offer := fmt.Sprintf("%s invites you to Signalbox, with the role %s.", by, v.Role)
	if v.DatasetID != "" {
		offer = fmt.Sprintf("%s shares the dataset %q with you on Signalbox: Can %s.", by, line(v.Dataset), v.Gives())
	}
	return by + " invites you to Signalbox", offer + fmt.Sprintf(`

To accept, open this link and log in with the address %s:

%s

It is good once, until %s.

If you do not expect this, you need not do anything: nobody but you can accept it.
`, v.Email, link, v.ExpiresAt.UTC().Format("2 January 2006 15:04 UTC"))
}

// maxName is the most characters of a name in a letter.
const maxName = 100

// line keeps what is printable of a name.
func line(name string) string {
	runes := []rune(strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, name))
	if len(runes) > maxName {
		return string(runes[:maxName-1]) + "…"
	}
	return string(runes)
}

package identity

import (
	"context"
	"crypto/rand"
	"math/big"
	"strings"
	"time"

	sb "signalbox"
)

// deviceWithin is how long a program waits for its person.
const deviceWithin = 10 * time.Minute

// Letters of a user code: no vowels, so that it spells nothing, and none that look alike.
const (
	codeLetters = "BCDFGHJKLMNPQRSTVWXZ"
	codeHalf    = 4
)

// AskDevice begins the login of a program without a browser, in the shape of RFC 8628: the program keeps the device
// code, the person types the user code.
func (l *Logins) AskDevice(ctx context.Context, agent string) (sb.Asked, error) {
	code, hash := newSecret(deviceCode)
	a := sb.Asked{DeviceCode: code, UserCode: newUserCode(), Within: deviceWithin}
	d := sb.Device{UserCode: a.UserCode, Address: sb.OriginOf(ctx).Address, Agent: clip(agent)}
	return a, l.store.CreateDevice(ctx, d, hash, deviceWithin)
}

func newUserCode() string {
	var code strings.Builder
	for i := range 2 * codeHalf {
		if i == codeHalf {
			code.WriteByte('-')
		}
		n, _ := rand.Int(rand.Reader, big.NewInt(int64(len(codeLetters)))) // never fails: the program ends first
		code.WriteByte(codeLetters[n.Int64()])
	}
	return code.String()
}

// UserCode makes of what a person typed what it was meant to be.
func UserCode(typed string) string {
	letters := strings.Map(func(r rune) rune {
		if strings.ContainsRune(codeLetters, r) {
			return r
		}
		return -1
	}, strings.ToUpper(typed))
	if len(letters) != 2*codeHalf {
		return ""
	}
	return letters[:codeHalf] + "-" + letters[codeHalf:]
}

// Device finds the request of a code that a person typed. Errors: NotFound.
func (l *Logins) Device(ctx context.Context, typed string) (sb.Device, error) {
	code := UserCode(typed)
	if code == "" {
		return sb.Device{}, sb.Errorf(sb.NotFound, "there is no request with this code, or it has expired")
	}
	return l.store.Device(ctx, code)
}

// AnswerDevice lets the program in as a user, or refuses it. Errors: NotFound.
func (l *Logins) AnswerDevice(ctx context.Context, typed string, user sb.Principal, let bool) error {
	id := ""
	if let {
		id = user.ID
	}
	return l.store.AnswerDevice(ctx, UserCode(typed), id)
}

// EnterDevice gives the session of a program whose person has let it in; without a token while nobody has answered.
// Errors: NotFound (refused, expired, or given before).
func (l *Logins) EnterDevice(ctx context.Context, code string) (sb.Welcome, error) {
	if checkKind(code, deviceCode) != nil {
		return sb.Welcome{}, sb.Errorf(sb.NotFound, "there is no such request")
	}
	d, err := l.store.TakeDevice(ctx, Hash(code))
	if err != nil || d.PrincipalID == "" {
		return sb.Welcome{}, err
	}
	o := sb.OriginOf(ctx)
	o.Actor, o.Kind, o.Via = sb.Who{ID: d.PrincipalID}, sb.User, "login:device"
	token, session, err := l.session(sb.WithOrigin(ctx, o), sb.Session{
		PrincipalID: d.PrincipalID, Provider: sb.DeviceProvider, Address: d.Address, Agent: d.Agent,
	})
	return sb.Welcome{Token: token, Session: session}, err
}

package secrets

import (
	"context"
	"strings"

	sb "signalbox"
)

// place is where a keyset lies. Its errors say what to do, and hold nothing of the keyset.
type place interface {
	// read gives the keyset's text and a token of what was read, for replace. Errors: NotFound, Forbidden, Invalid,
	// Unavailable.
	read(ctx context.Context) (text []byte, token string, err error)
	// create keeps a keyset where there is none. Conflict when there is one.
	create(ctx context.Context, text []byte) error
	// replace puts a keyset in the place of the one that was read. Conflict when it was changed meanwhile.
	replace(ctx context.Context, token string, text []byte) error
	// name says in errors which place it is.
	name() string
}

// InDatabase tells whether a setting is the URI of a key that wraps the keyset in the database, and not a file's path.
func InDatabase(setting string) bool { return strings.Contains(setting, "://") }

// placeOf finds the place that a setting names: a file by its path, or the database by the URI of the key that wraps
// the keyset there. The place must be closed.
func placeOf(ctx context.Context, setting string, store Store) (p place, closePlace func(), err error) {
	if !InDatabase(setting) {
		return file{setting}, func() {}, nil
	}
	k, err := openKey(ctx, setting)
	if err != nil {
		return nil, nil, err
	}
	return database{store, k}, k.close, nil
}

// Open reads the keys of a setting: a file's path, or the URI of a key service's key (awskms://, gcpkms:// or
// base64key://). In the second case the keyset lies in the database, wrapped by that key, and is made at the first
// start; all replicas get the same one. It asks the key service once.
//
// Errors say what to do about them and hold no secret: NotFound (there is no such file or key), Invalid (it holds no
// keys, or another key wrapped them), Forbidden (the key service refuses), Unavailable.
func Open(ctx context.Context, setting string, store Store) (*Keys, error) {
	p, closePlace, err := placeOf(ctx, setting, store)
	if err != nil {
		return nil, err
	}
	defer closePlace()
	text, _, err := p.read(ctx)
	if d, ok := p.(database); ok && sb.CodeOf(err) == sb.NotFound {
		text, err = d.first(ctx)
	}
	if err != nil {
		return nil, err
	}
	return open(text, p)
}

func open(text []byte, p place) (*Keys, error) {
	k, err := parse(text)
	if err != nil {
		return nil, sb.Errorf(sb.Invalid, "%s does not hold a Signalbox keyset", p.name()) // the cause could quote it
	}
	keys, err := newKeys(k)
	if err != nil {
		return nil, sb.Errorf(sb.Invalid, "%s does not hold a Signalbox keyset", p.name())
	}
	return keys, nil
}

// Create makes a keyset in a new file of mode 0600. It never replaces a file, because what the old keys sealed would be
// lost. Errors: Conflict (there is a file already), Invalid (not a file's path), Unavailable (it could not be written).
func Create(ctx context.Context, path string) (*Keys, error) {
	if InDatabase(path) {
		return nil, sb.Errorf(sb.Invalid, "a keyset that a key service wraps is made by the first start of `signalbox serve`; only a file is made beforehand")
	}
	text, err := fresh()
	if err != nil {
		return nil, err
	}
	p := file{path}
	if err := p.create(ctx, text); err != nil {
		return nil, err
	}
	return open(text, p)
}

func fresh() ([]byte, error) {
	k, err := generate()
	if err != nil {
		return nil, sb.Wrap(err, sb.Internal, "no keys could be made")
	}
	return k.text()
}

// Rotate puts new keys in use at the place that a setting names. Older ones stay, to open and verify what they made.
// Processes take part when they start again; those that have not yet understand already what the others make, but only
// until the rotation after this one. Errors: those of Open, and Conflict (somebody else was faster).
func Rotate(ctx context.Context, setting string, store Store) error {
	p, closePlace, err := placeOf(ctx, setting, store)
	if err != nil {
		return err
	}
	defer closePlace()
	text, token, err := p.read(ctx)
	if err != nil {
		return err
	}
	if _, err := open(text, p); err != nil {
		return err
	}
	k, err := parse(text)
	if err != nil {
		return err
	}
	if k, err = k.rotated(); err != nil {
		return sb.Errorf(sb.Internal, "no new keys could be made")
	}
	if text, err = k.text(); err != nil {
		return err
	}
	return p.replace(ctx, token, text)
}

// Move takes the keyset from one place to another: from a file to the database, wrapped; from one key that wraps it to
// another; or to a new file. What it was taken from stays, except that the database has one keyset only. Errors: those
// of Open, and Conflict (there is another keyset already).
func Move(ctx context.Context, from, to string, store Store) error {
	source, closeSource, err := placeOf(ctx, from, store)
	if err != nil {
		return err
	}
	defer closeSource()
	target, closeTarget, err := placeOf(ctx, to, store)
	if err != nil {
		return err
	}
	defer closeTarget()
	text, token, err := source.read(ctx)
	if err != nil {
		return err
	}
	if _, err := open(text, source); err != nil {
		return err
	}
	_, wrapped := source.(database)
	if _, again := target.(database); wrapped && again {
		return target.replace(ctx, token, text)
	}
	return target.create(ctx, text)
}

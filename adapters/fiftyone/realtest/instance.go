package realtest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"signalbox/adapters/pythontest"
	"signalbox/internal/freeport"
)

const startWithin = 3 * time.Minute

// Settings say what FiftyOne to start.
type Settings struct {
	Folder  string                      // in which all of it lies
	Streams bool                        // its database is a replica set of one, which has change streams
	Log     func(text string, _ ...any) // of an installation
}

// Instance is a FiftyOne on a database of its own. Its plugin @acme/hello has the operators hello, boom, slow, count, pipe and moment.
type Instance struct {
	Port    int
	python  string
	home    string
	plugins string
	set     bool
	mongod  *exec.Cmd
}

// Open starts one outside of a test. Close ends it. Errors: *pythontest.NotInstallable, with why.
func Open(ctx context.Context, s Settings) (*Instance, error) {
	python, err := Install(ctx, s.Log)
	if err != nil {
		return nil, err
	}
	i := &Instance{python: python, home: s.Folder, set: s.Streams, plugins: filepath.Join(s.Folder, "plugins")}
	if err := i.begin(ctx); err != nil {
		i.Close()
		return nil, err
	}
	return i, nil
}

func (i *Instance) begin(ctx context.Context) error {
	plugins, err := fs.Sub(content, "plugins")
	if err == nil {
		err = os.CopyFS(i.plugins, plugins)
	}
	if err == nil {
		err = os.Mkdir(filepath.Join(i.home, "data"), 0o700)
	}
	if err == nil {
		i.Port, err = freeport.Find(freeport.Loopback)
	}
	if err == nil {
		err = i.start()
	}
	if err == nil && i.set {
		_, err = i.Run(ctx, initiate, fmt.Sprint(i.Port))
	}
	return err
}

const initiate = `
import pymongo, sys
port = int(sys.argv[1])
client = pymongo.MongoClient("127.0.0.1", port, directConnection=True)
client.admin.command("replSetInitiate", {"_id": "rs0", "members": [{"_id": 0, "host": f"127.0.0.1:{port}"}]})
pymongo.MongoClient("127.0.0.1", port, replicaSet="rs0").admin.command("ping")
`

// start starts the database, again after Close.
func (i *Instance) start() error {
	found, err := filepath.Glob(filepath.Join(filepath.Dir(i.python), "../lib/python3*/site-packages/fiftyone/db/bin/mongod"))
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return &pythontest.NotInstallable{Name: "fiftyone " + Version, Err: errors.New("it came without a MongoDB")}
	}
	args := []string{
		"--dbpath", filepath.Join(i.home, "data"), "--bind_ip", "127.0.0.1", "--port", fmt.Sprint(i.Port), "--wiredTigerCacheSizeGB", "0.25",
		"--nounixsocket", "--wiredTigerEngineConfigString", "log=(prealloc=false,file_max=8MB)", "--logpath", filepath.Join(i.home, "mongod.log"), "--logappend",
	}
	if i.set {
		args = append(args, "--replSet", "rs0")
	}
	i.mongod = exec.Command(found[0], args...)
	i.mongod.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := i.mongod.Start(); err != nil {
		i.mongod = nil
		return err
	}
	return await("MongoDB", func() error {
		c, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", i.Port), time.Second)
		if err == nil {
			err = c.Close()
		}
		return err
	})
}

// await waits until a program that was started answers.
func await(what string, ask func() error) error {
	for end := time.Now().Add(startWithin); ; {
		err := ask()
		if err == nil {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("%s does not start: %w", what, err)
		}
		time.Sleep(50 * time.Millisecond) // it does not tell when it is ready
	}
}

// Close ends the database at once, as a power cut does.
func (i *Instance) Close() {
	if i.mongod != nil {
		_ = i.mongod.Process.Kill()
		_ = i.mongod.Wait()
		i.mongod = nil
	}
}

// URI is the address of the database.
func (i *Instance) URI() string {
	if i.set {
		return fmt.Sprintf("mongodb://127.0.0.1:%d/?replicaSet=rs0", i.Port)
	}
	return fmt.Sprintf("mongodb://127.0.0.1:%d/", i.Port)
}

// Connect connects to the database, where FiftyOne's is called fiftyone.
func (i *Instance) Connect() (*mongo.Client, error) {
	return mongo.Connect(options.Client().ApplyURI(i.URI()))
}

// Python is the Python that has this FiftyOne.
func (i *Instance) Python() string { return i.python }

// Plugins is the folder that its Apps, launchers and scripts read plugins from.
func (i *Instance) Plugins() string { return i.plugins }

// Run runs Python with this FiftyOne, and gives what it says.
func (i *Instance) Run(ctx context.Context, source string, args ...string) (string, error) {
	c := i.command(ctx, append([]string{"-c", source}, args...)...)
	out, err := c.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, out[max(0, len(out)-4000):])
	}
	return string(out), nil
}

// Launcher is FiftyOne's own launcher of delegated operations, with more arguments. It ends with this process at the latest.
func (i *Instance) Launcher(ctx context.Context, args ...string) *exec.Cmd {
	c := i.command(ctx, append([]string{"-c", "import fiftyone.core.cli as cli; cli.main()", "delegated", "launch"}, args...)...)
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return c
}

func (i *Instance) command(ctx context.Context, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, i.python, args...)
	c.Dir = i.home
	c.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + i.home, "LANG=C.UTF-8", "FIFTYONE_DO_NOT_TRACK=1", "FIFTYONE_DATABASE_VALIDATION=false",
		"FIFTYONE_DATABASE_URI=" + i.URI(), "FIFTYONE_PLUGINS_DIR=" + i.plugins,
	}
	return c
}

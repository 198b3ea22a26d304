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
	"strings"
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
	Members int                         // of the replica set that its database is; 0 is a database alone, which has no change streams
	Log     func(text string, _ ...any) // of an installation
}

// Instance is a FiftyOne on a database of its own. Its plugin @acme/hello has the operators hello, boom, slow, count, pipe and moment.
type Instance struct {
	python  string
	home    string
	plugins string
	set     bool
	members []*member
}

// member is one process of the database.
type member struct {
	port   int
	data   string
	mongod *exec.Cmd // nil while it is down
}

// Open starts one outside of a test. Close ends it. Errors: *pythontest.NotInstallable, with why.
func Open(ctx context.Context, s Settings) (*Instance, error) {
	python, err := Install(ctx, s.Log)
	if err != nil {
		return nil, err
	}
	i := &Instance{python: python, home: s.Folder, set: s.Members > 0, plugins: filepath.Join(s.Folder, "plugins")}
	for n := range max(1, s.Members) {
		i.members = append(i.members, &member{data: filepath.Join(s.Folder, fmt.Sprint("data", n))})
	}
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
	for _, m := range i.members {
		if err == nil {
			err = os.Mkdir(m.data, 0o700)
		}
		if err == nil {
			m.port, err = freeport.Find(freeport.Loopback)
		}
	}
	if err == nil {
		err = i.start()
	}
	if err == nil && i.set {
		_, err = i.Run(ctx, initiate, i.URI(), i.hosts())
	}
	return err
}

// A new primary is elected within 2 seconds or so, not 10 and more.
const initiate = `
import pymongo, sys
uri, hosts = sys.argv[1], sys.argv[2].split(",")
pymongo.MongoClient(hosts[0], directConnection=True).admin.command("replSetInitiate", {
    "_id": "rs0", "members": [{"_id": n, "host": host} for n, host in enumerate(hosts)],
    "settings": {"electionTimeoutMillis": 1500, "heartbeatIntervalMillis": 300},
})
pymongo.MongoClient(uri).admin.command("ping")
`

// start starts what of the database does not run, again after Close.
func (i *Instance) start() error {
	found, err := filepath.Glob(filepath.Join(filepath.Dir(i.python), "../lib/python3*/site-packages/fiftyone/db/bin/mongod"))
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return &pythontest.NotInstallable{Name: "fiftyone " + Version, Err: errors.New("it came without a MongoDB")}
	}
	for _, m := range i.members {
		if err := m.start(found[0], i.set); err != nil {
			return err
		}
	}
	return nil
}

func (m *member) start(program string, set bool) error {
	if m.mongod != nil {
		return nil
	}
	args := []string{
		"--dbpath", m.data, "--bind_ip", "127.0.0.1", "--port", fmt.Sprint(m.port), "--wiredTigerCacheSizeGB", "0.25",
		"--nounixsocket", "--wiredTigerEngineConfigString", "log=(prealloc=false,file_max=8MB)", "--logpath", m.data + ".log", "--logappend",
	}
	if set {
		args = append(args, "--replSet", "rs0")
	}
	mongod := exec.Command(program, args...)
	mongod.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := mongod.Start(); err != nil {
		return err
	}
	m.mongod = mongod
	return await("MongoDB", func() error {
		c, err := net.DialTimeout("tcp", m.host(), time.Second)
		if err == nil {
			err = c.Close()
		}
		return err
	})
}

func (m *member) host() string { return fmt.Sprintf("127.0.0.1:%d", m.port) }

// kill ends it at once, as a power cut does.
func (m *member) kill() {
	if m.mongod != nil {
		_ = m.mongod.Process.Kill()
		_ = m.mongod.Wait()
		m.mongod = nil
	}
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
	for _, m := range i.members {
		m.kill()
	}
}

// URI is the address of the database.
func (i *Instance) URI() string {
	if i.set {
		return "mongodb://" + i.hosts() + "/?replicaSet=rs0"
	}
	return "mongodb://" + i.hosts() + "/"
}

func (i *Instance) hosts() string {
	var all []string
	for _, m := range i.members {
		all = append(all, m.host())
	}
	return strings.Join(all, ",")
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

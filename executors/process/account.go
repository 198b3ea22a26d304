package process

import (
	"errors"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"

	sb "signalbox"
)

// Account is an account of this machine under which operators run.
type Account struct {
	Name   string   `json:"name"`
	UID    uint32   `json:"uid"`
	GID    uint32   `json:"gid"`
	Groups []uint32 `json:"groups"`
	Home   string   `json:"-"`
}

// LookUp finds an account by its name or number. It is nil for the account that this process has anyway. Errors:
// Invalid (there is no such account).
func LookUp(name string) (*Account, error) {
	u, err := user.Lookup(name)
	if err != nil {
		u, err = user.LookupId(name)
	}
	if err != nil {
		return nil, sb.Wrap(err, sb.Invalid, "there is no account %q on this machine", name)
	}
	groups, err := u.GroupIds()
	if err != nil {
		return nil, sb.Wrap(err, sb.Invalid, "the groups of account %q are not known", name)
	}
	a := &Account{Name: u.Username, UID: number(u.Uid), GID: number(u.Gid), Home: u.HomeDir}
	for _, g := range groups {
		a.Groups = append(a.Groups, number(g))
	}
	if int(a.UID) == os.Geteuid() {
		return nil, nil //nolint:nilnil // there is nothing to change
	}
	return a, nil
}

func number(id string) uint32 {
	n, _ := strconv.ParseUint(id, 10, 32) // it comes from the system
	return uint32(n)
}

// credential is what a process of the account is started with; nil for the account of this process.
func (a *Account) credential() *syscall.Credential {
	if a == nil {
		return nil
	}
	return &syscall.Credential{Uid: a.UID, Gid: a.GID, Groups: a.Groups}
}

// try tells whether this process may start processes of the account, and whether they reach a folder. Errors: Invalid,
// with what to do.
func (a *Account) try(shim, env []string, folder string) error {
	err := a.start(shim, env, "/")
	if errors.Is(err, syscall.EPERM) {
		return sb.Wrap(err, sb.Invalid, "operators cannot run as %s: the worker may not change accounts; start it as root, or with the capabilities SETUID, SETGID and KILL", a.Name)
	}
	if err != nil {
		return sb.Wrap(err, sb.Invalid, "operators cannot run as %s: that account may not execute the program %s", a.Name, shim[0])
	}
	if err := a.start(shim, env, folder); err != nil {
		return sb.Wrap(err, sb.Invalid, "operators cannot run as %s: that account cannot reach the worker's folder %s; "+
			"let it pass through the folders above, or set SIGNALBOX_WORKER_DIR to another", a.Name, folder)
	}
	return nil
}

// start starts a shim that gets no order, and so ends at once.
func (a *Account) start(shim, env []string, folder string) error {
	cmd := exec.Command(shim[0], shim[1:]...) //nolint:noctx // it ends by itself
	cmd.Env, cmd.Dir = append([]string{}, env...), folder
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: a.credential()}
	if err := cmd.Start(); err != nil {
		return err
	}
	_ = cmd.Wait() // it has no order, so it ends with an error
	return nil
}

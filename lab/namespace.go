package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// Namespace is one anonymous network namespace, with a thread that lives in
// it. Its methods may be called from any goroutine.
type Namespace struct {
	name   string
	thread *thread
	fd     netns.NsHandle
	nl     *netlink.Handle

	mu    sync.Mutex
	procs []*Process
	once  sync.Once
}

// NewNamespace makes an empty network namespace with its loopback up. The name
// is only for messages; the kernel does not learn it.
func NewNamespace(name string) (*Namespace, error) {
	ns := &Namespace{name: name, fd: netns.None()}
	var err error
	ns.thread, err = newThread(func() error {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("namespace %s: %w", name, permission(err))
		}
		fd, err := netns.GetFromPath("/proc/thread-self/ns/net")
		if err != nil {
			return fmt.Errorf("namespace %s: %w", name, err)
		}
		ns.fd = fd
		return nil
	})
	if err != nil {
		return nil, err
	}
	if ns.nl, err = netlink.NewHandleAt(ns.fd, unix.NETLINK_ROUTE); err != nil {
		ns.Close()
		return nil, fmt.Errorf("namespace %s: netlink: %w", name, err)
	}
	if err := ns.Up("lo"); err != nil {
		ns.Close()
		return nil, err
	}
	return ns, nil
}

// Name is the name the namespace was given.
func (ns *Namespace) Name() string { return ns.name }

// Netlink is a route netlink handle that speaks to this namespace.
func (ns *Namespace) Netlink() *netlink.Handle { return ns.nl }

// Do runs f on the thread of the namespace and returns its error. Sockets that
// f opens itself belong to the namespace for good; goroutines that f starts run
// elsewhere. Calls are served one at a time, and f must not call Do again.
func (ns *Namespace) Do(f func() error) error {
	err := fmt.Errorf("namespace %s: closed", ns.name)
	ns.thread.do(func() { err = f() })
	return err
}

// Sysctl writes a kernel setting, named as below /proc/sys:
// "net/ipv4/ip_forward".
func (ns *Namespace) Sysctl(name, value string) error {
	err := ns.Do(func() error {
		return os.WriteFile(filepath.Join("/proc/sys", name), []byte(value), 0)
	})
	if err != nil {
		return fmt.Errorf("namespace %s: sysctl %s: %w", ns.name, name, err)
	}
	return nil
}

// ReadSysctls reads every readable kernel setting below a directory of
// /proc/sys, such as "net/ipv4/conf/port1", by name.
func (ns *Namespace) ReadSysctls(dir string) (map[string]string, error) {
	settings := make(map[string]string)
	err := ns.Do(func() error {
		root := filepath.Join("/proc/sys", dir)
		return filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			if value, err := os.ReadFile(path); err == nil { // some are write-only
				settings[strings.TrimPrefix(path, "/proc/sys/")] = strings.TrimSpace(string(value))
			}
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("namespace %s: sysctl %s: %w", ns.name, dir, err)
	}
	return settings, nil
}

// Close ends every process started in the namespace and gives it up; its
// devices vanish with it. Calling it again does nothing.
func (ns *Namespace) Close() {
	ns.once.Do(func() {
		ns.mu.Lock()
		procs := ns.procs
		ns.mu.Unlock()
		for _, p := range procs {
			p.Kill()
		}
		ns.thread.close()
		if ns.nl != nil {
			ns.nl.Close()
		}
		if ns.fd.IsOpen() {
			ns.fd.Close()
		}
	})
}

package lab

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// insideEnv marks a process that EnterUserNamespace has started.
const insideEnv = "PORTCULLIS_LAB_USERNS"

// Unprivileged reports whether this process is root only inside a user
// namespace that EnterUserNamespace has made.
func Unprivileged() bool { return os.Getenv(insideEnv) != "" }

// EnterUserNamespace gives the program the right to make network namespaces.
// Where it has that right already it returns nil at once. Otherwise it starts
// the whole program again, same arguments, as root of an unprivileged user,
// network and mount namespace, waits for it and exits with its status. It
// returns an error where even that is not permitted. Call it first in main or
// TestMain.
func EnterUserNamespace() error {
	if Unprivileged() || mayUnshare() {
		return nil
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("user namespace: %w", err)
	}
	cmd := exec.Command(self, os.Args[1:]...)
	cmd.Args[0] = os.Args[0]
	cmd.Env = append(os.Environ(), insideEnv+"=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  unix.CLONE_NEWUSER | unix.CLONE_NEWNET | unix.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
		Pdeathsig:   syscall.SIGKILL,
	}
	// The parent-death signal is bound to the thread that forks: keep it.
	forker, err := newThread(func() error { return cmd.Start() })
	if err != nil {
		return fmt.Errorf("user namespace: %w", permission(err))
	}
	defer forker.close()
	os.Exit(relay(cmd))
	return nil
}

// relay passes signals on to the inner program and returns its exit status. A
// signal from the terminal has reached the inner program already; it bears a second.
func relay(cmd *exec.Cmd) int {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		for s := range signals {
			_ = cmd.Process.Signal(s)
		}
	}()
	err := cmd.Wait()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit) && exit.Exited():
		return exit.ExitCode()
	default:
		fmt.Fprintln(os.Stderr, "user namespace:", err)
		return 1
	}
}

// mayUnshare tries on a thread that is thrown away.
func mayUnshare() bool {
	t, err := newThread(func() error { return unix.Unshare(unix.CLONE_NEWNET) })
	if err != nil {
		return false
	}
	t.close()
	return true
}

// permission explains why a namespace could not be made, where that is a
// matter of rights.
func permission(err error) error {
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) || errors.Is(err, unix.ENOSPC) {
		return fmt.Errorf("%w: run as root, or allow unprivileged user namespaces "+
			"(sysctl user.max_user_namespaces above 0, kernel.unprivileged_userns_clone=1 and "+
			"kernel.apparmor_restrict_unprivileged_userns=0 where they exist)", err)
	}
	return err
}

package tool

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"portcullis/lab"
)

// ErrMissing is that a program is neither in PATH, nor where Debian keeps
// servers, nor unpacked.
var ErrMissing = errors.New("not found: make tools")

// Tool is a program of the system.
type Tool struct {
	Name string
	Path string
	root string // of the tree it is unpacked in; "" where it is installed
}

// Find finds a program of the system: installed, or unpacked by "make tools"
// in the directory that PORTCULLIS_TOOLS names.
func Find(name string) (Tool, error) {
	for _, candidate := range []string{name, "/usr/sbin/" + name, "/sbin/" + name} {
		if path, err := exec.LookPath(candidate); err == nil {
			return Tool{Name: name, Path: path}, nil
		}
	}
	root, err := unpacked()
	if err != nil {
		return Tool{}, fmt.Errorf("%s: %w", name, ErrMissing)
	}
	for _, dir := range []string{"usr/sbin", "usr/bin", "sbin"} {
		if path, err := exec.LookPath(filepath.Join(root, dir, name)); err == nil {
			return Tool{Name: name, Path: path, root: root}, nil
		}
	}
	return Tool{}, fmt.Errorf("%s: %w", name, ErrMissing)
}

// unpacked is the directory of what "make tools" does not install.
func unpacked() (string, error) {
	if dir := os.Getenv("PORTCULLIS_TOOLS"); dir != "" {
		return dir, nil
	}
	cache, err := os.UserCacheDir()
	return filepath.Join(cache, "portcullis", "tools"), err
}

// Command is the command that starts the program.
func (t Tool) Command(args ...string) lab.Command {
	c := lab.Command{Path: t.Path, Args: args}
	if libraries := t.libraries(); len(libraries) > 0 {
		c.Env = []string{"LD_LIBRARY_PATH=" + strings.Join(libraries, ":")}
	}
	return c
}

// libraries are the directories of the libraries that were unpacked with it.
func (t Tool) libraries() (dirs []string) {
	if t.root == "" {
		return nil
	}
	for _, pattern := range []string{"usr/lib/*-linux-gnu*", "lib/*-linux-gnu*"} {
		found, _ := filepath.Glob(filepath.Join(t.root, pattern)) // the pattern is well formed
		dirs = append(dirs, found...)
	}
	return dirs
}

// file is the path of a file that belongs to the program, given as where it
// lies when it is installed.
func (t Tool) file(path string) string { return filepath.Join("/", t.root, path) }

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// foreign builds a program of lab/ that is a module of its own, since it is made with
// a library that nothing else needs.
func foreign(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(filepath.Dir(binary), name)
	build := exec.Command("go", "build", "-buildvcs=false", "-o", path, ".")
	build.Dir = filepath.Join("..", name)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := build.CombinedOutput()
	switch {
	case err != nil && required():
		t.Fatalf("%s: %v\n%s", name, err, out)
	case err != nil:
		t.Skipf("%s: %v\n%s", name, err, out)
	}
	return path
}

package e2e

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"portcullis/examples"
	"portcullis/lab"
	"portcullis/lab/peer"
)

// binary is the program under test.
var binary string

// together is how many tests run side by side, on however few processors: they mostly
// wait, and each has hosts of its own.
const together = 6

func TestMain(m *testing.M) {
	peer.Main()
	flag.Parse()
	if f := flag.Lookup("test.parallel"); f.Value.String() == fmt.Sprint(runtime.GOMAXPROCS(0)) { // nobody has asked for another number
		if err := f.Value.Set(fmt.Sprint(together)); err != nil {
			panic(err) // a number is a number
		}
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	if err := lab.EnterUserNamespace(); err != nil {
		fmt.Fprintln(os.Stderr, "skipped:", err)
		if required() {
			return 1
		}
		return 0
	}
	dir, err := os.MkdirTemp("", "portcullis-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "portcullis")
	build := exec.Command("go", "build", "-buildvcs=false", "-o", dir+"/", "../../cmd/portcullis", "../../cmd/portcullis-lab")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build portcullis: %v\n%s", err, out)
		return 1
	}
	// Servers that the tests start serve what lies here; not all are root.
	if err := os.Chmod(dir, 0o755); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	os.Setenv("GST_REGISTRY", filepath.Join(dir, "gst-registry")) // shared, so that it is made once
	return m.Run()
}

// required says that a missing program is a failure, not a reason to skip.
func required() bool { return os.Getenv("PORTCULLIS_REQUIRE_TOOLS") != "" }

// need finds a program of the system, or skips the test.
func need(t *testing.T, name string) string {
	t.Helper()
	for _, candidate := range []string{name, "/usr/sbin/" + name, "/sbin/" + name} {
		if path, err := exec.LookPath(candidate); err == nil {
			return path
		}
	}
	if required() {
		t.Fatalf("%s: not found", name)
	}
	t.Skipf("%s: not found", name)
	return ""
}

// example is the text of a configuration of examples/.
func example(t *testing.T, name string) string {
	t.Helper()
	text, err := examples.FS.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// box is a running firewall.
type box struct{ fw *lab.Firewall }

// site is the standard topology with the firewall running in it.
type site struct {
	*lab.Triangle
	box
}

// build builds the topology and starts the firewall with a configuration text and
// further arguments.
func build(t *testing.T, config string, opt lab.TriangleOptions, args ...string) *site {
	t.Helper()
	tri := triangle(t, opt)
	return &site{tri, start(t, tri.Firewall, config, args...)}
}

// start starts the firewall.
func start(t *testing.T, ns *lab.Namespace, config string, args ...string) box {
	t.Helper()
	fw, err := lab.StartFirewall(ns, binary, config, args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("portcullis:\n%s\ntraffic log:\n%s", fw.Stderr(), fw.Stdout())
		}
		fw.Close()
	})
	return box{fw}
}

func triangle(t *testing.T, opt lab.TriangleOptions) *lab.Triangle {
	t.Helper()
	tri, err := lab.NewTriangle(opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tri.Close)
	return tri
}

// logged expects a line of the traffic log with all the key=value pairs, soon.
func (s box) logged(t *testing.T, from int, pairs ...string) lab.Record {
	t.Helper()
	r, ok := s.fw.Await(from, 8*time.Second, func(r lab.Record) bool { return r.Match(pairs...) })
	if !ok {
		t.Errorf("traffic log: no line with %q", pairs)
	}
	return r
}

// counted expects that many lines of the traffic log with all the pairs, soon.
func (s box) counted(t *testing.T, want int, pairs ...string) {
	t.Helper()
	var got int
	for deadline := time.Now().Add(8 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		got = 0
		for _, r := range s.fw.Records(0) {
			if r.Match(pairs...) {
				got++
			}
		}
		if got >= want {
			break
		}
	}
	if got != want {
		t.Errorf("traffic log: %d lines with %q, want %d", got, pairs, want)
	}
}
